"""An error that is ignored or held back is recognised before its event is built.

The private parts that are used, and what they have to be:

``Scope.capture_exception(error, ...)``, ``EventHandler.emit(record)``
    the ways of an error and of a log record, before anything is read or formatted.
``sentry_sdk.utils.exceptions_from_error_tuple(exc_info, client_options, mechanism, full_stack)``
    looked up in its module by ``event_from_exception`` each time; reads the source and the local
    variables of every frame, which is nearly all of what an event costs. What it returns stands
    in the event that is captured next.
``Scope.capture_event(event, hint, scope)``
    the way of every event; merges the scopes, then prepares the event. Returns None if it is not
    sent. Copies the hint, and gives it to ``before_send``.
``sentry_sdk.utils.disable_capture_event``
    a context variable: set while the SDK serialises, and then nothing is captured.

Where a part is missing, ``before_send`` drops the same events, after they were built.
"""

import sys
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk import utils
from sentry_sdk.integrations.logging import EventHandler
from sentry_sdk.scope import Scope

from sentry_app import outcomes
from sentry_app.seams import sessions
from sentry_app.seams.patching import unlike, wrap
from sentry_app.storms import LEAVE_HINT, Leave

_HELD_BACK = (outcomes.STORM, outcomes.QUOTA)


class _Values(list[Any]):
    """The exceptions of an event, the leave that it was given, and whether they were handled."""

    leave: Leave
    is_handled: bool


def install() -> list[str]:
    """Put the seam in; returns what is missing, and then nothing is changed."""
    missing = missing_parts()
    if not missing:
        wrap(utils, "exceptions_from_error_tuple", _building)
        wrap(Scope, "capture_event", _capturing)
        wrap(Scope, "capture_exception", _excepting)
        wrap(EventHandler, "emit", _emitting)
    return missing


def missing_parts() -> list[str]:
    """The private parts that this SDK does not have, or not in the shape that is needed."""
    build = getattr(utils, "exceptions_from_error_tuple", None)
    expected = {
        "exceptions_from_error_tuple": (build, ("exc_info", "client_options", "mechanism")),
        "Scope.capture_event": (
            getattr(Scope, "capture_event", None),
            ("self", "event", "hint"),
        ),
        "Scope.capture_exception": (getattr(Scope, "capture_exception", None), ("self", "error")),
        "EventHandler.emit": (getattr(EventHandler, "emit", None), ("self", "record")),
    }
    missing = unlike(expected)
    if not hasattr(getattr(utils, "disable_capture_event", None), "get"):
        missing.append("disable_capture_event")
    return missing


def _excepting(capture: Callable[..., Any]) -> Callable[..., Any]:
    def capture_unless_over(self: Any, error: Any = None, *args: Any, **kw: Any) -> Any:
        __tracebackhide__ = True
        given = sys.exc_info() if error is None else error
        found = given[1] if isinstance(given, tuple) and len(given) == 3 else given
        if isinstance(found, BaseException) and _is_over(found):
            return None
        return capture(self, error, *args, **kw)

    return capture_unless_over


def _emitting(emit: Callable[..., Any]) -> Callable[..., Any]:
    def emit_unless_over(self: Any, record: Any) -> Any:
        __tracebackhide__ = True
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return None if _is_over(error, record) else emit(self, record)

    return emit_unless_over


def _building(build: Callable[..., Any]) -> Callable[..., Any]:
    def build_unless_dropped(
        exc_info: Any, client_options: Any = None, mechanism: Any = None, *args: Any, **kw: Any
    ) -> Any:
        __tracebackhide__ = True
        hint = {"exc_info": exc_info}
        ask = _asked(client_options)
        if ask is None or _is_disabled():
            return build(exc_info, client_options, mechanism, *args, **kw)
        if ask.early_reason({}, hint) is not None:
            return []
        values = _Values()
        values.leave = ask.leave({}, hint)
        values.is_handled = (mechanism or {}).get("handled") is not False
        if values.leave.reason is None:
            try:
                values += build(exc_info, client_options, mechanism, *args, **kw)
            except BaseException:  # a soft time limit, say
                values.leave.give_back()
                raise
        return values

    return build_unless_dropped


def _capturing(capture: Callable[..., Any]) -> Callable[..., Any]:
    def capture_unless_dropped(
        self: Any, event: Any, hint: Any = None, *rest: Any, **kw: Any
    ) -> Any:
        __tracebackhide__ = True
        client: Any = sentry_sdk.get_client()
        ask, hint = _asked(client.options), hint or {}
        if ask is None or _is_disabled():
            return capture(self, event, hint, *rest, **kw)
        leave = _leave(ask, event, hint)
        if leave.reason is not None:
            _lose(client, leave.reason, event, hint)
            _note_error(leave.reason, event)
            return None
        leave.tell(event)
        event_id = None
        try:
            event_id = capture(self, event, {**hint, LEAVE_HINT: leave}, *rest, **kw)
        finally:
            if event_id is None:
                leave.give_back()
        return event_id

    return capture_unless_dropped


def _leave(ask: Any, event: Any, hint: Any) -> Leave:
    """The leave that the event was given while it was built, or is given now."""
    values = _values(event)
    given = values.leave if values is not None else None
    if given is not None and given.reason is not None:
        return given
    reason = ask.early_reason(event, hint)
    if reason is not None:
        if given is not None:
            given.give_back()
        return Leave(reason)
    return given if given is not None else ask.leave(event, hint)


def _values(event: Any) -> _Values | None:
    values = (event.get("exception") or {}).get("values")
    return values if type(values) is _Values else None


def _note_error(reason: str, event: Any) -> None:
    values = _values(event)
    if values is not None and reason in _HELD_BACK:
        sessions.note_error(is_handled=values.is_handled)


def _is_over(error: BaseException | None, record: Any = None) -> bool:
    """Whether it is held back, which the process knows already; then it is counted."""
    client: Any = sentry_sdk.get_client()
    ask = _asked(client.options)
    if ask is None or _is_disabled():
        return False
    reason = ask.over_reason(error, record)
    if reason is None:
        return False
    outcomes.record(reason, "error", record.name if error is None else type(error).__name__)
    if client.transport:
        client.transport.record_lost_event("before_send", data_category="error")
    if error is not None and reason in _HELD_BACK:
        sessions.note_error(is_handled=True)
    return True


def _lose(client: Any, reason: str, event: Any, hint: Any) -> None:
    for category, quantity in outcomes.record_event(reason, event, hint):
        if client.transport:
            client.transport.record_lost_event(
                "before_send", data_category=category, quantity=quantity
            )


def _is_disabled() -> bool:
    return bool(utils.disable_capture_event.get(False))


def _asked(options: Any) -> Any:
    """The client's ``before_send`` if it is one of ours, else None."""
    before_send = (options or {}).get("before_send")
    return before_send if hasattr(before_send, "early_reason") else None
