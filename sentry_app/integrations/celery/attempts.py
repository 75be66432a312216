"""What the earlier attempts of a task failed with: it travels with the message of each retry."""

import sys
from datetime import datetime, timezone
from typing import Any

import celery
import sentry_sdk
from celery.signals import before_task_publish, task_retry

from sentry_app.integrations.celery.base import running
from sentry_app.interrupts import let_through

#: The header of the message. The prefix makes the SDK keep it, too.
HEADER = "sentry-app-attempts"

#: So many attempts are kept, the latest, and so many characters of what each failed with.
MAX_ATTEMPTS = 10
MAX_TEXT = 200


def connect() -> None:
    """Listen to messages and retries; calling it again changes nothing."""
    before_task_publish.connect(on_publish, weak=False, dispatch_uid="sentry_app.on_publish")
    task_retry.connect(on_retry, weak=False, dispatch_uid="sentry_app.on_retry")


def on_publish(headers: Any = None, **kwargs: Any) -> None:
    """Add the failure of the running attempt to the message that is its retry."""
    task = celery.current_task
    if not task or running() is None or not isinstance(headers, dict):
        return
    request = task.request
    if headers.get("id") == request.id and (headers.get("retries") or 0) > request.retries:
        attempts = [*earlier(request), _failure(request.retries)][-MAX_ATTEMPTS:]
        headers["headers"] = {**(headers.get("headers") or {}), HEADER: attempts}


def on_retry(sender: Any, request: Any, reason: Any = None, **kwargs: Any) -> None:
    """CELERY_REPORT_RETRIES: report what the attempt failed with, as a warning."""
    config = running()
    error = getattr(reason, "exc", None)
    if config is None or not isinstance(error, BaseException):
        return  # the worker itself asks for a retry, or the task did so without a failure
    wanted = config.CELERY_REPORT_RETRIES
    if wanted == "every" or (wanted == "first" and not request.retries):
        sentry_sdk.capture_exception(error, level="warning")


def earlier(request: Any) -> list[dict[str, Any]]:
    """What the earlier attempts failed with, the first of them first."""
    found = (request.headers or {}).get(HEADER) if request.retries else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def recall(request: Any) -> None:
    """Begin the trail with a breadcrumb for each earlier attempt."""
    # Older SDKs note Redis, HTTP and subprocesses there, and leave those of the worker itself.
    sentry_sdk.get_current_scope().clear_breadcrumbs()
    for attempt in earlier(request):
        sentry_sdk.add_breadcrumb(
            category="celery.retry",
            level="warning",
            message=f"Retried after {attempt.get('error') or 'no failure'}",
            data={key: attempt[key] for key in ("retries", "where") if key in attempt},
            timestamp=attempt.get("at"),
        )


def _failure(retries: int) -> dict[str, Any]:
    """The exception that is being handled, in a few words."""
    failure: dict[str, Any] = {"at": datetime.now(timezone.utc).isoformat(), "retries": retries}
    error, traceback = sys.exc_info()[1:]
    if error is not None:
        failure["error"] = _text(error)
    if traceback is not None:
        while traceback.tb_next is not None:
            traceback = traceback.tb_next
        code = traceback.tb_frame.f_code
        failure["where"] = f"{code.co_filename}:{traceback.tb_lineno} in {code.co_name}"[-MAX_TEXT:]
    return failure


def _text(error: BaseException) -> str:
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception as raised:  # a __str__ of the project's own
        let_through(raised)
        text = type(error).__name__
    return text[:MAX_TEXT]
