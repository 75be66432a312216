"""The functions that projects call. Safe when the SDK is off: they do nothing then."""

from contextlib import AbstractContextManager
from typing import Any

import sentry_sdk
from sentry_sdk.tracing import NoOpSpan, Span

from sentry_app import context, defaults, outcomes, sdk
from sentry_app.user_fields import user_fields


def sentry_capture_exception(error: BaseException | None = None, **scope: Any) -> str | None:
    """Send ``error``, or the exception being handled. Returns the event's id, or None.

    ``scope`` are ``tags``, ``extras``, ``contexts``, ``user``, ``level`` or ``fingerprint``.

    Example::

        try:
            charge(order)
        except PaymentError as error:
            sentry_capture_exception(error, tags={"shop": shop.slug})
    """
    if _is_off("error", type(error).__name__ if error else "exception"):
        return None
    return sentry_sdk.capture_exception(error, **scope)


def sentry_capture_message(message: str, level: Any = "info", **scope: Any) -> str | None:
    """Send ``message``. Returns the event's id, or None.

    ``level`` is debug, info, warning, error or fatal; ``scope`` as for an exception.
    """
    if _is_off("error", "message"):
        return None
    return sentry_sdk.capture_message(message, level=level, **scope)


def sentry_add_breadcrumb(
    message: str,
    category: str = "default",
    level: str = "info",
    data: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    """Leave a trace that the next events carry."""
    sentry_sdk.add_breadcrumb(
        message=message, category=category, level=level, data=data or {}, **more
    )


def sentry_set_user_context(user: Any) -> None:
    """Make ``user`` (a Django user, or None) the user of this request's or task's events.

    What is said about the user is decided by USER_FIELDS and SEND_DEFAULT_PII.
    """
    if not sentry_sdk.get_client().is_active():
        return
    config = sdk.running()
    fields = user_fields(config) if config else defaults.USER_FIELDS
    send_pii = config.SEND_DEFAULT_PII if config else False
    actor = context.current_actor(fields, send_pii=send_pii)
    actor.user = user
    sentry_sdk.set_user(context.describe_user(user, fields, send_pii=send_pii))


def sentry_start_transaction(
    name: str, op: str = "task", **more: Any
) -> AbstractContextManager[Any]:
    """A transaction for the body of a ``with`` statement.

    Example::

        with sentry_start_transaction(name="process_order", op="task"):
            with sentry_start_span(op="http.client", description="payment gateway"):
                charge(order)
    """
    if _is_off("transaction", name):
        return NoOpSpan()
    transaction: Span = sentry_sdk.start_transaction(name=name, op=op, **more)
    return transaction


def sentry_start_span(
    op: str, description: str | None = None, **more: Any
) -> AbstractContextManager[Any]:
    """A span of the current transaction for the body of a ``with`` statement."""
    if not sentry_sdk.get_client().is_active():
        return NoOpSpan()
    name = more.pop("name", None) or description
    return sentry_sdk.start_span(op=op, name=name, **more)


def _is_off(category: str, what: str) -> bool:
    """Whether the SDK is off; then ``what`` is counted as dropped."""
    if sentry_sdk.get_client().is_active():
        return False
    outcomes.record(outcomes.DISABLED, category, what)
    return True
