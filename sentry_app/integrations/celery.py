"""Celery: tasks as transactions, failures as events, beat entries as monitors."""

from importlib.util import find_spec
from typing import Any

from sentry_app.conf import Config


def integration(config: Config) -> Any:
    """The SDK's Celery integration, or None without Celery (its import would fail)."""
    if find_spec("celery") is None:
        return None
    from sentry_sdk.integrations.celery import CeleryIntegration

    return CeleryIntegration(monitor_beat_tasks=config.CELERY_MONITOR_BEAT)
