"""An error that is ignored is recognised before its event is built.

The private parts that are used, and what they have to be:

``sentry_sdk.utils.exceptions_from_error_tuple(exc_info, client_options, mechanism, full_stack)``
    looked up in its module by ``event_from_exception`` each time; reads the source and the local
    variables of every frame, which is nearly all of what an event costs.
``Scope.capture_event(event, hint, scope)``
    the way of every event; merges the scopes, then prepares the event.

Where a part is missing, ``before_send`` drops the same events, after they were built.
"""

from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk import utils
from sentry_sdk.scope import Scope

from sentry_app import outcomes
from sentry_app.seams.patching import parameters, wrap


def install() -> list[str]:
    """Put the seam in; returns what is missing, and then nothing is changed."""
    missing = missing_parts()
    if not missing:
        wrap(utils, "exceptions_from_error_tuple", _building)
        wrap(Scope, "capture_event", _capturing)
    return missing


def missing_parts() -> list[str]:
    """The private parts that this SDK does not have, or not in the shape that is needed."""
    build = getattr(utils, "exceptions_from_error_tuple", None)
    capture = getattr(Scope, "capture_event", None)
    expected = {
        "exceptions_from_error_tuple": (build, ("exc_info", "client_options")),
        "Scope.capture_event": (capture, ("self", "event", "hint")),
    }
    return [
        name
        for name, (function, names) in expected.items()
        if parameters(getattr(function, "__wrapped__", function))[: len(names)] != names
    ]


def _building(build: Callable[..., Any]) -> Callable[..., Any]:
    def build_unless_ignored(
        exc_info: Any, client_options: Any = None, *args: Any, **kw: Any
    ) -> Any:
        __tracebackhide__ = True
        if _early_reason(client_options, {}, {"exc_info": exc_info}) is not None:
            return []
        return build(exc_info, client_options, *args, **kw)

    return build_unless_ignored


def _capturing(capture: Callable[..., Any]) -> Callable[..., Any]:
    def capture_unless_ignored(
        self: Any, event: Any, hint: Any = None, *rest: Any, **kw: Any
    ) -> Any:
        __tracebackhide__ = True
        client: Any = sentry_sdk.get_client()
        reason = _early_reason(client.options, event, hint or {})
        if reason is None:
            return capture(self, event, hint, *rest, **kw)
        for category, quantity in outcomes.record_event(reason, event, hint or {}):
            if client.transport:
                client.transport.record_lost_event(
                    "before_send", data_category=category, quantity=quantity
                )
        return None

    return capture_unless_ignored


def _early_reason(options: Any, event: Any, hint: Any) -> str | None:
    """What the client's ``before_send`` says before there is an event, if it is one of ours."""
    ask = getattr((options or {}).get("before_send"), "early_reason", None)
    reason: str | None = ask(event, hint) if ask is not None else None
    return reason
