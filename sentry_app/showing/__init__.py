"""What an event shows of the application's objects, and what that may cost.

The SDK asks every variable for its ``repr``, in the thread that serves the request. Here the values
are looked at first: what is plain goes to the SDK as it is; what is lazy is not evaluated, what is
long is cut, and code of the project's own, which may wait, query or never return, runs in a thread
beside this one, for which no event waits longer than its budget (CAPTURE_BUDGET_MS).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sentry_app.showing.budget import NOT_SHOWN, SHORT, Budget, current, is_missing, spending

if TYPE_CHECKING:
    from sentry_app.showing.messages import message
    from sentry_app.showing.texts import Told
    from sentry_app.showing.walk import Showing

__all__ = [
    "NOT_SHOWN",
    "SHORT",
    "Budget",
    "Showing",
    "Told",
    "current",
    "is_missing",
    "message",
    "spending",
]

#: Where each stands that is of no use before there is an event; imported when it is asked for.
_LATER = {"Showing": "walk", "Told": "texts", "message": "messages"}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
