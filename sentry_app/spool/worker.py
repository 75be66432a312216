"""The thread that drains a spool in the background."""

import contextvars
import logging
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from sentry_app.spool.drainer import Drainer

logger = logging.getLogger("sentry_app")

#: How often, in seconds, an idle process looks whether another has left something behind.
_LOOK_AROUND = 5.0
#: So long, in seconds, a process that starts or is forked leaves what waits to others; many, such
#: as commands, end before.
_LATER = 1.0
#: How long to leave a directory alone that cannot be used.
_AFTER_ERROR = 5.0


class Worker:
    """Runs a ``Drainer`` in a daemon thread, which starts when it is first woken."""

    def __init__(self, drainer: Drainer) -> None:
        self._drainer = drainer
        self._has_failed = False
        self.renew()

    def renew(self) -> None:
        """Start afresh, as a forked child must: the thread and its locks are the parent's."""
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        # What wakes may be a finaliser that interrupts a wake: an Event would then wait for itself.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._rested = threading.Condition()
        self._is_busy = False
        self._is_stopped = False
        self._drainer.pause = self._pause

    def wake(self) -> bool:
        """Drain soon; whether there is a thread to do it."""
        with self._rested:
            self._is_busy = True
            if self._wake.empty():
                self._wake.put(None)
        return self._is_alive() or self._start()

    def wake_later(self) -> None:
        """Drain in a second, unless something wakes it before."""
        self._start(_LATER)

    def flush(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds until everything was sent or has to wait.

        What has to wait is safe in its directory. Whether it came to that in time.
        """
        if not self.wake():
            return False
        with self._rested:
            return self._rested.wait_for(lambda: not self._is_busy, timeout)

    def stop(self, timeout: float = 0) -> None:
        """End the thread after the envelope that it is sending; wait for that if there is time."""
        self._is_stopped = True
        self._wake.put(None)
        if self._thread is not None and timeout > 0:
            self._thread.join(timeout)

    def _start(self, delay: float = 0) -> bool:
        if not self._starting.acquire(blocking=False):
            return True  # it is being started
        try:
            if not (self._is_alive() or self._is_stopped):
                thread = threading.Thread(
                    target=self._run, args=(delay,), name="sentry_app-spool", daemon=True
                )
                # In a context of its own: the SDK would give it the scope of the request.
                with suppress(RuntimeError):  # no more threads, or the interpreter ends
                    contextvars.Context().run(thread.start)
                    self._thread = thread
            return self._is_alive()
        finally:
            self._starting.release()

    def _is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self, delay: float) -> None:
        self._sleep(delay)
        while not self._is_stopped:
            wait = self._drained()
            self._rest()
            self._sleep(_LOOK_AROUND if wait is None else wait)
        self._drainer.lock.release()

    def _sleep(self, seconds: float) -> None:
        """Until it is woken, or ``seconds`` have passed."""
        with suppress(Empty):
            self._wake.get(timeout=seconds)

    def _drained(self) -> float | None:
        try:
            return self._drainer.drain()
        except Exception:
            # Said once: a directory that cannot be used would fill the log.
            level = logging.DEBUG if self._has_failed else logging.WARNING
            self._has_failed = True
            logger.log(level, "the spool cannot be drained for now", exc_info=True)
            return _AFTER_ERROR

    def _rest(self) -> None:
        with self._rested:
            if self._wake.empty() or self._is_stopped:
                self._is_busy = False
                self._rested.notify_all()

    def _pause(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self._is_stopped and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self._is_stopped
