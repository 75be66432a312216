"""Building an event is bounded: in time, in frames and in exceptions.

The private parts that are used, and what they have to be:

``sentry_sdk.utils.walk_exception_chain(exc_info)``
    called once for each error that is no group; yields it and what it comes from.
``sentry_sdk.utils.exceptions_from_error(exc_type, exc_value, tb, ..., exception_id=0, ...)``
    called for a group with the id 0, and by itself for what is in it; returns
    the next id and a list.
``sentry_sdk.utils.single_exception_from_error_tuple(exc_type, exc_value, tb, ...)``
    called for each exception; reads all of its frames.
``sentry_sdk.utils.iter_stacks(tb)``
    yields the traceback of each frame, the outermost first.
``sentry_sdk.utils.get_error_message(exc_value)``
    calls the exception's ``__str__``.
``Client.capture_event(event, hint, scope)``
    makes of an event what is sent.

All are looked up in their module each time they are called. Where a part is missing, nothing is
bounded.
"""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from itertools import islice
from typing import Any

import sentry_sdk
from sentry_sdk import utils
from sentry_sdk.client import _Client

from sentry_app.conf import SETTINGS
from sentry_app.seams.patching import unlike, wrap
from sentry_app.seams.transport import is_ours
from sentry_app.showing.budget import Budget, current, spending

#: So many exceptions are told of one event, and so many frames of each: Sentry keeps no more.
MOST_EXCEPTIONS = 50
MOST_FRAMES = 250
_OUTERMOST = 50

#: The budget of the event that was begun last: its frames are read before it is captured.
_begun: ContextVar[Budget | None] = ContextVar("begun", default=None)

_PARTS = {
    "walk_exception_chain": ("exc_info",),
    "exceptions_from_error": ("exc_type", "exc_value", "tb"),
    "single_exception_from_error_tuple": ("exc_type", "exc_value", "tb"),
    "iter_stacks": ("tb",),
    "get_error_message": ("exc_value",),
}


def install() -> list[str]:
    """Put the seam in; returns what is missing, and then nothing is bounded."""
    missing = missing_parts()
    if not missing:
        wrap(utils, "walk_exception_chain", _chain)
        wrap(utils, "exceptions_from_error", _group)
        wrap(utils, "single_exception_from_error_tuple", _one)
        wrap(utils, "iter_stacks", _frames)
        wrap(utils, "get_error_message", _message)
        wrap(_Client, "capture_event", _capturing)
    return missing


def missing_parts() -> list[str]:
    """The private parts that this SDK does not have, or not in the shape that is needed."""
    found = {name: (getattr(utils, name, None), names) for name, names in _PARTS.items()}
    capture = getattr(_Client, "capture_event", None)
    found["Client.capture_event"] = (capture, ("self", "event", "hint", "scope"))
    return unlike(found)


def _seconds() -> float:
    """CAPTURE_BUDGET_MS of the client in force."""
    hook = sentry_sdk.get_client().options.get("before_send")
    default: int = SETTINGS["CAPTURE_BUDGET_MS"].default
    return getattr(hook, "budget_ms", default) / 1000


def _new_budget(error: BaseException | None = None) -> Budget:
    """That of an event which is begun, about ``error``."""
    from sentry_app.seams.shown import new_budget  # only an event needs what shows variables

    return new_budget(_seconds(), error)


def _chain(walk: Callable[..., Any]) -> Callable[..., Any]:
    def walk_not_too_far(exc_info: Any) -> Any:
        if not is_ours():
            return walk(exc_info)
        budget = _new_budget(exc_info[1])
        _begun.set(budget)
        return _first(walk(exc_info), budget)

    return walk_not_too_far


def _first(exceptions: Any, budget: Budget) -> Iterator[Any]:
    yield from islice(exceptions, MOST_EXCEPTIONS)
    if more := sum(1 for _ in islice(exceptions, 10_000)):
        budget.left_out["exceptions"] += more


def _group(build: Callable[..., Any]) -> Callable[..., Any]:
    def build_not_too_many(
        exc_type: Any, exc_value: Any, tb: Any, *args: Any, exception_id: int = 0, **more: Any
    ) -> Any:
        if is_ours():
            if exception_id == 0:
                _begun.set(_new_budget(exc_value))
            if exception_id >= MOST_EXCEPTIONS:
                if (budget := _begun.get()) is not None:
                    budget.left_out["exceptions"] += 1
                return exception_id, []
        return build(exc_type, exc_value, tb, *args, exception_id=exception_id, **more)

    return build_not_too_many


def _one(build: Callable[..., Any]) -> Callable[..., Any]:
    def build_within_budget(*args: Any, **more: Any) -> Any:
        __tracebackhide__ = True
        if not is_ours():
            return build(*args, **more)
        with spending(_begun.get() or _new_budget()):
            return build(*args, **more)

    return build_within_budget


def _frames(walk: Callable[..., Any]) -> Callable[..., Any]:
    def walk_the_ends(tb: Any) -> Any:
        budget = current()
        if budget is None:
            return walk(tb)
        found = list(walk(tb))
        if len(found) > MOST_FRAMES:
            budget.left_out["frames"] += len(found) - MOST_FRAMES
            found[_OUTERMOST : _OUTERMOST - MOST_FRAMES] = []
        return iter(found)

    return walk_the_ends


def _message(tell: Callable[..., Any]) -> Callable[..., Any]:
    def tell_within_budget(exc_value: Any) -> Any:
        if not is_ours():
            return tell(exc_value)
        from sentry_app.showing import message

        return message(exc_value, tell)

    return tell_within_budget


def _capturing(capture: Callable[..., Any]) -> Callable[..., Any]:
    def capture_within_budget(
        self: Any, event: Any, hint: Any = None, scope: Any = None, **more: Any
    ) -> Any:
        __tracebackhide__ = True
        if not is_ours():
            return capture(self, event, hint, scope, **more)
        begun, error = _begun.get(), ((hint or {}).get("exc_info") or (None, None))[1]
        _begun.set(None)
        same = begun is not None and error is not None and begun.is_for(error)
        with spending(begun if same and begun else _new_budget(error)):
            return capture(self, event, hint, scope, **more)

    return capture_within_budget
