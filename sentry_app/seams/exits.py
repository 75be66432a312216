"""What is in memory is sent when a process ends, also where Python runs no exit handlers.

Exit handlers, and with them the SDK's, run at the end of a command, of a recycled worker and after
Ctrl-C. They do not run after a SIGTERM that nobody handles, in a child of multiprocessing, and in
uvicorn, which raises the signal that ended it once more.

Nothing here takes longer than SHUTDOWN_TIMEOUT, and nothing changes the exit status. A handler of
the application's own stays.

The private parts that are used, and what they have to be:

``uvicorn.server.Server.shutdown(...)``, ``._captured_signals``
    a coroutine function, called on the way out; the signals that it will raise again.
``multiprocessing.util.register_after_fork``, ``multiprocessing.util.Finalize``
    what is called first and last in a child.
``ctypes.pythonapi.PyOS_getsig``, ``.PyOS_setsig``
    tell the handler of a signal that the system has, and set it from any thread.

Where one is missing, that end comes without notice, as ever.
"""

import _thread
import atexit
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from threading import Thread, current_thread, local, main_thread
from typing import Any

import sentry_sdk

from sentry_app.seams.patching import wrap

#: These make one thread of many, where they have patched Python: one that waits outside of them
#: would stop all. That they are imported says nothing: the SDK does so where they are installed.
_COOPERATIVE = (
    ("eventlet.patcher", "is_monkey_patched", "thread"),
    ("gevent.monkey", "is_module_patched", "threading"),
)

#: The process that a SIGTERM will not take by surprise.
_pid = 0
_is_ending = False
#: The two ends of a pipe: Python writes the number of each signal into it as soon as it comes.
_pipe: tuple[int, int] | None = None

#: The signals that a thread that forks does not take just then.
_mask = local()

#: Seconds for which the main thread stands still after a SIGTERM. Then it may go on until the rest
#: is sent, since it may hold what that needs: the lock of an import, for one.
_STANDSTILL = 0.5
#: Seconds for which the end is waited for; the largest SHUTDOWN_TIMEOUT.
_LONGEST = 600


def install() -> None:
    """Watch the ends that can be watched from the start. Never raises."""
    for step in (_forget_in_children, _watch_multiprocessing, _watch_uvicorn):
        with suppress(Exception):
            step()


def watch_sigterm() -> None:
    """Send what waits when a SIGTERM comes; to be called before something is given to the SDK.

    Only the main thread can set a handler; nothing is done where there is one, nor in the first
    process of a container, which a SIGTERM without a handler does not end. Never raises.
    """
    global _pid
    if _pid == os.getpid() or current_thread() is not main_thread():
        return
    _pid = os.getpid()
    if _pid == 1:
        return
    with suppress(Exception):
        if _is_unhandled():
            signal.signal(signal.SIGTERM, _terminate)
            _watch_pipe()


def _is_unhandled() -> bool:
    """Whether a SIGTERM would end this process, by what Python and the system know.

    Python knows nothing of a handler that a server in C has set later, as uWSGI does.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return False
    from ctypes import c_int, c_void_p, pythonapi

    getsig = pythonapi["PyOS_getsig"]  # a function of its own, whose types are nobody else's
    getsig.argtypes, getsig.restype = [c_int], c_void_p
    return getsig(signal.SIGTERM) is None


def end() -> None:
    """Send what waits, for at most SHUTDOWN_TIMEOUT, and nothing after that. Never raises."""
    with suppress(Exception):
        client = sentry_sdk.get_client()
        if not client.is_active():  # its options are the SDK's defaults, for all clients
            return
        timeout = client.options["shutdown_timeout"]
        # Exit handlers that may still run have no time left.
        client.options["shutdown_timeout"] = 0
        _run_for(timeout, lambda: client.close(timeout))


def _run_for(timeout: float, work: Callable[[], None]) -> None:
    """Run ``work`` beside this thread, which may hold the locks that it needs."""
    done = _thread.allocate_lock()
    done.acquire()

    def run() -> None:
        with suppress(Exception):
            work()
        done.release()

    try:
        # Not by threading, whose own lock this thread may hold, too.
        _thread.start_new_thread(run, ())
    except RuntimeError:  # the interpreter shuts down
        return work()
    done.acquire(timeout=timeout)
    return None


def _terminate(number: int, frame: Any) -> None:
    """Handle a SIGTERM: send what waits, then end as without this handler."""
    global _is_ending
    if _is_ending:
        return
    _is_ending = True
    if _pipe is None:
        end()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    else:
        with suppress(OSError):
            os.write(_pipe[1], bytes([number]))  # Python may write elsewhere by now
        time.sleep(_STANDSTILL)


def _wait_for_end() -> None:
    """Exit handler: what a SIGTERM ends does not end as if nothing had been."""
    if _is_ending:
        time.sleep(_LONGEST)


def _watch_pipe() -> None:
    """Leave the end to a thread: the main thread may not return to Python for long."""
    global _pipe
    if _is_cooperative():
        return
    pipe = os.pipe()
    os.set_blocking(pipe[1], False)
    before = signal.set_wakeup_fd(pipe[1], warn_on_full_buffer=False)
    if before != -1:  # somebody else's
        signal.set_wakeup_fd(before)
    Thread(target=_wait, args=(pipe[0],), name="sentry_app-sigterm", daemon=True).start()
    _pipe = pipe
    atexit.register(_wait_for_end)


def _is_cooperative() -> bool:
    return any(
        name in sys.modules and getattr(sys.modules[name], is_patched)(module)
        for name, is_patched, module in _COOPERATIVE
    )


def _wait(reader: int) -> None:
    from ctypes import pythonapi

    while numbers := os.read(reader, 1):
        if numbers[0] == signal.SIGTERM and signal.getsignal(signal.SIGTERM) is _terminate:
            end()
            pythonapi.PyOS_setsig(int(signal.SIGTERM), None)
            os.kill(os.getpid(), signal.SIGTERM)


@cache
def _forget_in_children() -> None:
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(before=_hold_back, after_in_parent=_let_in, after_in_child=_begin_child)


def _hold_back() -> None:
    """A SIGTERM for a child that is not yet one of its own would go into the parent's pipe."""
    _mask.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _let_in() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _mask.before)


def _begin_child() -> None:
    """A forked process has captured nothing yet: SIGTERM ends it at once."""
    global _is_ending
    _is_ending = False
    for step in (_release_signal, _close_pipe, _watch_multiprocessing, _let_in):
        with suppress(Exception):
            step()


def _release_signal() -> None:
    if signal.getsignal(signal.SIGTERM) is _terminate:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _close_pipe() -> None:
    """What the child wrote into it, the parent would read."""
    global _pipe
    if _pipe is None:
        return
    pipe, _pipe = _pipe, None
    now = signal.set_wakeup_fd(-1)
    if now != pipe[1]:  # somebody else's
        signal.set_wakeup_fd(now)
    for end in pipe:
        os.close(end)


def _watch_multiprocessing() -> None:
    """Send what waits before a child of multiprocessing ends, which may be by ``os._exit``."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        _flush_in_children_of(util)
        if sys.modules["multiprocessing"].parent_process() is not None:
            _flush_last(util)


@cache
def _flush_in_children_of(util: Any) -> None:
    # Called for an object, which has to live on.
    util.register_after_fork(install, lambda _: _flush_last(util))


def _flush_last(util: Any) -> None:
    util.Finalize(None, end, exitpriority=0)


def _watch_uvicorn() -> None:
    server = sys.modules.get("uvicorn.server")
    if server is not None:
        wrap(server.Server, "shutdown", _ending)


def _ending(shutdown: Callable[..., Any]) -> Callable[..., Any]:
    async def shutdown_and_end(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await shutdown(self, *args, **kwargs)
        finally:
            if getattr(self, "_captured_signals", None):
                end()

    return shutdown_and_end
