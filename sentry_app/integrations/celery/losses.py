"""What only the worker's main process sees: time limits, lost processes, revoked tasks.

Celery calls ``Request.on_failure`` for each task that failed, with ``return_ok`` if the process
that ran it could say so itself; its documentation offers the method for overriding.
"""

import logging
from functools import cache, wraps
from typing import Any, Literal

import sentry_sdk
from billiard.einfo import ExceptionWithTraceback
from billiard.exceptions import Terminated
from celery.app.task import Context
from celery.exceptions import Ignore, Reject, Retry, TaskRevokedError
from celery.signals import task_received, task_revoked, worker_process_shutdown
from celery.worker import state
from sentry_sdk.integrations.logging import ignore_logger

from sentry_app.integrations.celery import attempts
from sentry_app.integrations.celery.base import running
from sentry_app.integrations.celery.context import describe
from sentry_app.integrations.report import report

logger = logging.getLogger("sentry_app")

Level = Literal["warning", "error"]

#: Seconds that the worker waits for what is being sent.
FLUSH_TIMEOUT = 1.0

#: What these loggers say of a lost task would be a second and third event for it.
_REPEATING_LOGGERS = ("celery.worker.request", "multiprocessing")

#: No failures: Terminated is announced as revoked.
_NO_FAILURES = (Ignore, Reject, Retry, Terminated)


def connect() -> None:
    """Listen to lost and revoked tasks; calling it again changes nothing."""
    for name in _REPEATING_LOGGERS:
        ignore_logger(name)
    task_received.connect(on_received, weak=False, dispatch_uid="sentry_app.on_received")
    task_revoked.connect(on_revoked, weak=False, dispatch_uid="sentry_app.on_revoked")
    worker_process_shutdown.connect(
        on_process_shutdown, weak=False, dispatch_uid="sentry_app.on_process_shutdown"
    )


def on_received(**kwargs: Any) -> None:
    """Watch how tasks fail, from the first that a worker is given.

    Not earlier: a process that only sends tasks needs none of what a worker imports.
    """
    task_received.disconnect(dispatch_uid="sentry_app.on_received")
    _wrap_on_failure()


@cache
def _wrap_on_failure() -> None:
    from celery.worker.request import Request

    original = Request.on_failure

    @wraps(original)
    def on_failure(
        self: Any, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False
    ) -> Any:
        if not return_ok:
            on_loss(self, exc_info)
        return original(self, exc_info, send_failed_event, return_ok)

    Request.on_failure = on_failure


def on_loss(request: Any, exc_info: Any) -> None:
    """An event for a task that cannot report itself: it was stopped, or its process is gone.

    Never raises: the worker is about to note the failure.
    """
    try:
        _report_loss(request, exc_info.exception)
    except Exception:  # a transport of the project's own
        logger.warning("a lost Celery task is not reported", exc_info=True)


def _report_loss(request: Any, error: BaseException) -> None:
    if isinstance(error, ExceptionWithTraceback):
        error = error.exc
    # A worker that is told to stop at once loses its tasks on purpose.
    if isinstance(error, _NO_FAILURES) or state.should_terminate:
        return
    _report(request.task, Context(request.request_dict), error, level="error")
    # The process that replaces the lost one is forked next. A fork while the SDK is sending could
    # leave it with a lock that nobody releases.
    sentry_sdk.flush(FLUSH_TIMEOUT)


def on_revoked(
    sender: Any, request: Any, terminated: bool = False, expired: bool = False, **kwargs: Any
) -> None:
    """An event for a task that was revoked, before it ran or while it did."""
    how = "expired" if expired else "terminated" if terminated else "revoked"
    _report(sender, request, TaskRevokedError(how), level="warning")


def on_process_shutdown(**kwargs: Any) -> None:
    """Send what was captured last: ``os._exit`` ends the process, which runs no exit handlers.

    The SDK has sent all that the tasks have captured. What is being sent comes to its end: if it
    were cut off, a spool would send it again.
    """
    if running() is not None:
        sentry_sdk.get_client().close(FLUSH_TIMEOUT)


def _report(task: Any, request: Any, error: BaseException, level: Level) -> None:
    if running() is None:
        return
    try:
        with sentry_sdk.isolation_scope() as scope:
            scope.clear_breadcrumbs()
            _capture(scope, task, request, error, level)
    except Exception:  # a task class of the project's own
        logger.warning("a lost Celery task is not reported", exc_info=True)


def _capture(scope: Any, task: Any, request: Any, error: BaseException, level: Level) -> None:
    sentry_sdk.continue_trace(request.headers or {})
    attempts.recall(request)
    scope.set_transaction_name(task.name, source="task")
    scope.set_tag("celery_task_id", request.id)  # as the SDK's integration does
    scope.set_context("celery", describe(task, request))
    # Without a stack trace these would be grouped by a text that tells the process.
    fingerprint = ["celery", type(error).__name__, task.name]
    report(error, "celery", level=level, fingerprint=fingerprint)
