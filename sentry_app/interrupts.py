"""What a signal's handler raises while an event is built: the application has to see it.

The SDK swallows whatever is raised while it works, since it takes it for a fault of its own: a soft
time limit of Celery, a SystemExit, Ctrl-C. While an event is built, the handlers of signals are put
off until it is done; where something is raised all the same, it is told by its traceback.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from time import monotonic
from typing import Any

#: Those whose handlers are known to raise.
_NAMES = "SIGINT SIGTERM SIGHUP SIGQUIT SIGABRT SIGALRM SIGVTALRM SIGUSR1 SIGUSR2 SIGBREAK"
_SIGNALS = [getattr(signal, name) for name in _NAMES.split() if hasattr(signal, name)]

#: The handlers of uWSGI are in C, of which Python knows nothing: what Python set in their place
#: would stay, and a worker would not end. mod_wsgi lets nobody set one, and logs that with a stack.
_SERVERS = ("uwsgi", "mod_wsgi")

#: Of ``sigaction(2)`` on Linux: a flag, and the bytes before the flags, of which 128 are a mask.
_SA_RESTART = 0x10000000
_MASK = 128

#: A handler is put off no longer, in seconds.
LONGEST = 2.0

Handler = Callable[[int, Any], Any]


class _Later:
    """Stands for a signal's handler until ``until``, and notes in ``arrived`` what came.

    ``goes_on`` says whether a system call goes on that the signal meets.
    """

    def __init__(
        self, handler: Handler, until: float, arrived: list[tuple[Any, ...]], *, goes_on: bool
    ) -> None:
        self.handler, self.until, self.arrived = handler, until, arrived
        self.goes_on = goes_on

    def __call__(self, number: int, frame: Any) -> Any:
        if monotonic() < self.until:
            return self.arrived.append((self.handler, number, frame))
        return self.handler(number, frame)


@contextmanager
def deferred() -> Iterator[None]:
    """Put the handlers of signals off until the body is done, which then may raise.

    Only the main thread runs handlers; in others, and within another such body, it does nothing.
    """
    is_main = threading.get_ident() == threading.main_thread().ident
    if not is_main or any(name in sys.modules for name in _SERVERS):
        yield
        return
    replaced: list[tuple[Any, _Later]] = []
    arrived: list[tuple[Any, ...]] = []
    try:
        _replace(replaced, arrived)
        yield
    finally:
        for number, later in replaced:
            later.until = 0.0  # should it stay, it passes on
            now: Any = signal.getsignal(number)
            if now is later:  # nobody has set another meanwhile
                signal.signal(number, later.handler)
                if later.goes_on:
                    signal.siginterrupt(number, False)
        _run(arrived)


def _replace(replaced: list[tuple[Any, _Later]], arrived: list[tuple[Any, ...]]) -> None:
    until = monotonic() + LONGEST
    for number in _SIGNALS:
        handler = signal.getsignal(number)
        if callable(handler) and not isinstance(handler, (_Later, signal.Handlers)):
            later = _Later(handler, until, arrived, goes_on=_goes_on(number))
            replaced.append((number, later))
            try:
                signal.signal(number, later)
            except ValueError:  # an interpreter within another, whose first thread this is
                return


def _goes_on(number: int) -> bool:
    """Whether ``signal.siginterrupt(number, False)`` is in force, which a new handler ends.

    gunicorn and asyncio ask for it, so that a SIGTERM does not disturb a request.
    """
    try:
        flags = _flags(number)
    except Exception:  # no ctypes, or another system
        return False
    return bool(int.from_bytes(flags, sys.byteorder) & _SA_RESTART)


def _flags(number: int) -> bytes:
    """The flags that the system has for a signal."""
    from ctypes import c_void_p, create_string_buffer, sizeof

    found, start = create_string_buffer(512), sizeof(c_void_p) + _MASK
    _libc().sigaction(int(number), None, found)
    return found.raw[start : start + 4]


@cache
def _libc() -> Any:
    from ctypes import CDLL

    if sys.platform != "linux":
        raise OSError("sigaction is laid out differently")
    return CDLL(None)


def _run(arrived: list[tuple[Any, ...]]) -> None:
    if arrived:
        handler, number, frame = arrived.pop(0)
        try:
            handler(number, frame)
        finally:
            _run(arrived)


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
        while isinstance(handler, _Later):
            handler = handler.handler
        handler = getattr(handler, "func", handler)  # of a functools.partial
        if not hasattr(handler, "__code__"):  # an object of the project's own
            handler = vars(type(handler)).get("__call__")
        found.add(getattr(handler, "__code__", None))
    return found - {None}
