"""What a signal's handler raises is the application's, wherever it interrupts the SDK.

The private parts that are used, and what they have to be:

``sentry_sdk.utils.CaptureInternalException.__exit__(ty, value, tb)``
    of the context manager in which nearly all of the SDK runs; it swallows every exception.
``sentry_sdk.utils.capture_internal_exception(exc_info)``
    called by that name, with what was caught elsewhere and is swallowed; other modules import it.

Where a part is missing, the SDK swallows it as ever.
"""

import sys
from collections.abc import Callable
from typing import Any

from sentry_sdk import utils

from sentry_app import interrupts
from sentry_app.seams.patching import unlike, wrap
from sentry_app.seams.transport import is_ours

_NAME = "capture_internal_exception"


def install() -> list[str]:
    """Put the seam in; returns what is missing."""
    missing = missing_parts()
    if not missing:
        original = getattr(utils, _NAME)
        wrap(utils.CaptureInternalException, "__exit__", _exiting)
        wrap(utils, _NAME, _capturing)
        for name, module in list(sys.modules.items()):
            if name.startswith("sentry_sdk.") and vars(module).get(_NAME) is original:
                setattr(module, _NAME, getattr(utils, _NAME))
    return missing


def missing_parts() -> list[str]:
    """The private parts that this SDK does not have, or not in the shape that is needed."""
    manager = getattr(utils, "CaptureInternalException", None)
    exit, capture = getattr(manager, "__exit__", None), getattr(utils, _NAME, None)
    expected = {
        "CaptureInternalException": (exit, ("self", "ty", "value", "tb")),
        _NAME: (capture, ("exc_info",)),
    }
    return unlike(expected, exactly=True)


def _exiting(exit: Callable[..., Any]) -> Callable[..., Any]:
    def leave(self: Any, ty: Any, value: Any, tb: Any) -> Any:
        if value is not None and interrupts.is_from_signal(value) and is_ours():
            return False
        return exit(self, ty, value, tb)

    return leave


def _capturing(capture: Callable[..., Any]) -> Callable[..., Any]:
    def capture_unless_from_signal(exc_info: Any) -> Any:
        if is_ours():
            interrupts.let_through(exc_info[1])
        return capture(exc_info)

    return capture_unless_from_signal
