"""Celery: tasks as transactions, failures as events, beat entries as monitors."""

from typing import Any

from sentry_app.conf import Config
from sentry_app.integrations.installed import is_installed


def integration(config: Config) -> Any:
    """The SDK's Celery integration, or None without Celery (its import would fail)."""
    if not is_installed("celery"):
        return None
    from sentry_sdk.integrations.celery import CeleryIntegration

    return CeleryIntegration(monitor_beat_tasks=config.CELERY_MONITOR_BEAT)
