"""Celery: tasks as transactions, failures as events, beat entries as monitors.

The SDK does that much; added here is what a task was (:mod:`.context`), what its earlier attempts
failed with (:mod:`.attempts`), and what only the worker's main process sees (:mod:`.losses`).
"""

from typing import Any

from sentry_app.conf import Config
from sentry_app.integrations.installed import is_installed


def integration(config: Config) -> Any:
    """The SDK's Celery integration with our additions, or None without Celery.

    Imported here, because without Celery the imports would fail. One of the project's own in
    OPTIONS replaces the SDK's part, and the additions stay.
    """
    if not is_installed("celery"):
        return None
    from sentry_app.integrations.celery import attempts, base, context, losses

    context.connect()
    attempts.connect()
    losses.connect()
    return base.build(config)
