"""What each event of a task says about it: the context ``celery``, and how it ended."""

import logging
from collections.abc import Mapping
from typing import Any

import sentry_sdk
from celery.signals import task_failure, task_prerun

from sentry_app.integrations.celery import attempts
from sentry_app.integrations.celery.base import running
from sentry_app.interrupts import let_through

logger = logging.getLogger("sentry_app")


class TaskContext:
    """Adds the context ``celery`` to each event of one task.

    An event processor of the task's scope: a task without an event pays nothing for it.
    """

    def __init__(self, task: Any, request: Any) -> None:
        self.task = task
        self.request = request

    def __call__(self, event: Any, hint: dict[str, Any]) -> Any:
        """Add the context, unless a task that runs within this one has added its own."""
        contexts = event.setdefault("contexts", {})
        contexts.setdefault("celery", describe(self.task, self.request))
        tags = event.get("tags") or {}
        # The SDK makes a tag of the status that it lets each task start with.
        if event.get("type") == "transaction" and tags.get("status") == "ok":
            tags["status"] = contexts["trace"].get("status", "ok")
        return event


def connect() -> None:
    """Listen to each task that starts; calling it again changes nothing."""
    task_prerun.connect(on_prerun, weak=False, dispatch_uid="sentry_app.on_prerun")
    task_failure.connect(on_failure, weak=False, dispatch_uid="sentry_app.on_failure")


def on_prerun(task: Any, **kwargs: Any) -> None:
    """Note the task on its scope, which the SDK made for it alone."""
    if running() is None:
        return
    try:
        request = task.request
        sentry_sdk.get_isolation_scope().add_event_processor(TaskContext(task, request))
        attempts.recall(request)
    except Exception as error:  # a task class of the project's own
        let_through(error)
        logger.warning("nothing is said about a Celery task", exc_info=True)


def on_failure(sender: Any, exception: Any = None, **kwargs: Any) -> None:
    """An error that the task ``throws`` is expected: it ends as the SDK has it end by Ignore."""
    span = sentry_sdk.get_current_span()
    if running() is not None and span is not None and isinstance(exception, sender.throws):
        span.set_status("aborted")


def describe(task: Any, request: Any) -> dict[str, Any]:
    """What is known about one execution of ``task``; ``request`` is Celery's ``Context``."""
    delivery = request.delivery_info or {}
    told = {
        "id": request.id,
        "name": task.name,
        "queue": _queue(task, delivery),
        "routing_key": delivery.get("routing_key"),
        "retries": request.retries,
        "max_retries": task.max_retries,
        "eta": request.eta and str(request.eta),
        "worker": request.hostname,
        "parent_id": request.parent_id,
        "root_id": request.root_id,
        "failed_attempts": attempts.earlier(request),
    }
    return {key: value for key, value in told.items() if value not in (None, [])}


def _queue(task: Any, delivery: Mapping[str, Any]) -> Any:
    """The queue that the message came from: the default exchange routes by the queue's name."""
    exchange, key = delivery.get("exchange") or "", delivery.get("routing_key")
    if not exchange:
        return key
    queues = task.app.amqp.queues.values()
    bound = (q.name for q in queues if q.exchange.name == exchange and q.routing_key == key)
    return next(bound, None)
