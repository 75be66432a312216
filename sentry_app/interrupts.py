"""What a signal's handler raises while an event is built: the application has to see it.

The SDK swallows whatever is raised while it works, since it takes it for a fault of its own: a soft
time limit of Celery, a SystemExit, Ctrl-C. What a handler raised is told by its traceback.
"""

import signal
import threading
from typing import Any

#: Those whose handlers are known to raise.
_NAMES = "SIGINT SIGTERM SIGHUP SIGQUIT SIGABRT SIGALRM SIGVTALRM SIGUSR1 SIGUSR2 SIGBREAK"
_SIGNALS = [getattr(signal, name) for name in _NAMES.split() if hasattr(signal, name)]


def is_from_signal(error: BaseException | None) -> bool:
    """Whether ``error`` was raised by the handler of a signal, and not by what it interrupted."""
    if error is None or threading.get_ident() != threading.main_thread().ident:
        return False
    if isinstance(error, KeyboardInterrupt):
        return True
    traceback, codes = error.__traceback__, _codes()
    while traceback is not None:
        if traceback.tb_frame.f_code in codes:
            return True
        traceback = traceback.tb_next
    return False


def let_through(error: BaseException) -> None:
    """Raise ``error`` again if a signal's handler raised it; for where all else is swallowed."""
    if is_from_signal(error):
        raise error


def _codes() -> set[Any]:
    found: set[Any] = set()
    for number in _SIGNALS:
        handler: Any = signal.getsignal(number)
        handler = getattr(handler, "func", handler)  # of a functools.partial
        if not hasattr(handler, "__code__"):  # an object of the project's own
            handler = vars(type(handler)).get("__call__")
        found.add(getattr(handler, "__code__", None))
    return found - {None}
