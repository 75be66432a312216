"""The Celery task that drains the spool where no web process is awake to do it.

Celery finds it by itself (``autodiscover_tasks``); ``defaults.SPOOL_BEAT_SCHEDULE`` is its entry
for beat. Other task queues import every app's ``tasks`` as well: without Celery it is a function.
"""

from typing import Any

from sentry_app import spooling
from sentry_app.integrations.installed import is_installed


def _drain(timeout: float = 30.0) -> None:
    """Send what waits in SPOOL_DIR, for at most ``timeout`` seconds. Never raises."""
    transport = spooling.running()
    if transport is not None:
        transport.drain(timeout)


drain_spool: Any = _drain
if is_installed("celery"):
    from celery import shared_task

    drain_spool = shared_task(name="sentry_app.drain_spool", ignore_result=True)(_drain)
