"""Sends what waits, and decides what becomes of each envelope."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from sentry_app.spool.directory import Directory, Entry
from sentry_app.spool.limits import Limits
from sentry_app.spool.lock import FileLock
from sentry_app.spool.memory import Memory
from sentry_app.spool.pace import Pace
from sentry_app.spool.state import State
from sentry_app.spool.wire import refreshed

logger = logging.getLogger("sentry_app")

#: Why an envelope is given up, in the words of client reports
#: (https://develop.sentry.dev/sdk/telemetry/client-reports/), and one of our own.
FULL = "cache_overflow"
EXPIRED = "cache_expired"
REFUSED = "send_error"
SERVER_ERROR = "network_error"
RATE_LIMITED = "ratelimit_backoff"

#: After so many failures an envelope lets others pass: it may be what the server fails at.
_PATIENCE = 5
#: The spool is drained slowly at first if its oldest envelope is as many seconds old.
_BACKLOG = 30
#: How long to wait, in seconds, before asking again whether somebody else has stopped draining.
_TAKE_OVER = 1.0

#: How often, in seconds, to look for what is too old.
_EXPIRES_EVERY = 30.0

#: The same envelope may be taken later: what stands between here and Sentry is not ready (404, 405,
#: 407), or asks for patience.
_TEMPORARY = {404, 405, 407, 408, 425, 429}


class Answer(NamedTuple):
    """What a server said; the names of ``headers`` have lower case."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: str = ""


#: Sends an envelope; raises any exception if there is no answer.
Send = Callable[[bytes], Answer]
#: Told of what is given up: the reason, the category, and the envelope if it can be had.
Lost = Callable[[str, str, bytes | None], None]


class Store(Protocol):
    """What a ``Directory`` and a ``Memory`` have in common."""

    def pending(self) -> list[Entry]: ...
    def read(self, entry: Entry) -> bytes: ...
    def remove(self, entry: Entry) -> bool: ...
    def reject(self, entry: Entry, reason: str) -> bool: ...


class Drainer:
    """Sends what waits in a directory and in this process's memory.

    With ``retry_server_errors`` an envelope stays after 429 and 5xx; without, it is given up as
    upstream SDKs have to. An envelope always stays if there was no answer at all.
    """

    def __init__(
        self,
        directory: Directory,
        memory: Memory,
        send: Send,
        lost: Lost,
        *,
        retry_server_errors: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory = directory
        self.memory = memory
        self.pace = Pace()
        self.lock = FileLock(directory.path / "lock")
        #: Called before each envelope; says how long to wait, and True if it is time to stop.
        self.pause: Callable[[float], bool] = _sleep
        self._send = send
        self._lost = lost
        self._retries = retry_server_errors
        self._clock = clock
        self._expire_at = clock()
        self._limits = Limits()
        self._state = State(directory.path / "state.json")
        self._failed: Counter[str] = Counter()
        self._sent: set[str] = set()  # and could not be removed

    def drain(self) -> float | None:
        """Send what is due.

        Returns after how many seconds it is worth trying again, or None if nothing waits. May
        raise ``OSError`` if the directory cannot be used.
        """
        self._save()
        waits = [self._drain(self.memory), self._drain_directory()]
        return min((wait for wait in waits if wait is not None), default=None)

    def _drain_directory(self) -> float | None:
        if not self.directory.path.is_dir():
            return None
        if not self.lock.acquire():
            return _TAKE_OVER
        wait = None
        try:
            self._expire()
            wait = self._drain(self.directory)
        finally:
            # Only we know what was sent and cannot be removed.
            if wait is None and not self._sent:
                self._failed.clear()
                self.lock.release()
        return wait

    def _expire(self) -> None:
        now = self._clock()
        if now >= self._expire_at:
            self._expire_at = now + _EXPIRES_EVERY
            for entry in self.directory.expire(time.time()):
                self._lost(EXPIRED, entry.category, None)

    def _save(self) -> None:
        """Write what is only in memory."""
        for entry in self.memory.pending():
            try:
                raw = self.memory.read(entry)
                gone = self.directory.write(raw, entry.category)
            except OSError:
                return
            self.memory.remove(entry)
            self.count_full(gone)

    def count_full(self, gone: Iterable[Entry]) -> None:
        """Count those that had to go for others."""
        for entry in gone:
            self._lost(FULL, entry.category, None)

    def _drain(self, store: Store) -> float | None:
        wait = self.pace.wait(self._clock())
        if self.pace.failures and wait:
            return wait  # without listing what may be thousands, each time something is captured
        waiting = store.pending()
        if waiting and time.time() - waiting[0].written > _BACKLOG:
            self.pace.slow_down()
        for entry in sorted(waiting, key=self._turn):
            now = self._clock()
            if self._limits.wait(entry.category, now):
                continue
            wait = self.pace.wait(now)
            if self.pace.failures and wait:
                return wait
            if self.pause(wait):
                return 0.0
            self._send_one(store, entry)
        return self._next(store.pending())

    def _next(self, waiting: list[Entry]) -> float | None:
        now = self._clock()
        waits = [self._limits.wait(entry.category, now) for entry in waiting]
        return max(self.pace.wait(now), min(waits)) if waits else None

    def _turn(self, entry: Entry) -> tuple[int, str]:
        return self._failed[entry.name] // _PATIENCE, entry.name

    def _send_one(self, store: Store, entry: Entry) -> None:
        if entry.name in self._sent:
            return self._remove_sent(store, entry)
        try:
            raw = store.read(entry)
        except FileNotFoundError:
            return None  # it had to go for others
        except PermissionError:
            return self._reject(store, entry, "it is another user's file", None)
        except OSError as error:
            return self._failure(entry, f"it cannot be read: {error.strerror}")
        return self._send_raw(store, entry, raw)

    def _send_raw(self, store: Store, entry: Entry, raw: bytes) -> None:
        try:
            fresh = refreshed(raw, time.time())
        except (ValueError, RecursionError):
            self._reject(store, entry, "this is no envelope", raw)
            return
        try:
            answer = self._send(fresh)
        except Exception as error:  # of urllib3, of a proxy, of the machine
            self._failure(entry, f"no answer: {type(error).__name__}")
        else:
            self._answered(store, entry, raw, answer)

    def _answered(self, store: Store, entry: Entry, raw: bytes, answer: Answer) -> None:
        status, now = answer.status, self._clock()
        self._limits.update(answer.headers, now, refused=status == 429)
        if 200 <= status < 300 and not _is_page(answer):
            self._delivered(store, entry)
        elif 300 <= status < 500 and status not in _TEMPORARY:
            self.pace.succeeded(now)  # whoever refuses is there
            self._reject(store, entry, f"HTTP {status}: {answer.body}", raw)
        elif not self._retries:
            if store.remove(entry):
                self._lost(RATE_LIMITED if status == 429 else SERVER_ERROR, entry.category, raw)
        elif wait := self._limits.wait(entry.category, now):
            self.pace.slow_down()
            self._tell(f"HTTP {status}", wait)
        else:
            self._failure(entry, f"HTTP {status}" + (", a web page" if _is_page(answer) else ""))

    def _delivered(self, store: Store, entry: Entry) -> None:
        self.pace.succeeded(self._clock())
        self._state.forget()
        self._sent.add(entry.name)
        self._remove_sent(store, entry)

    def _remove_sent(self, store: Store, entry: Entry) -> None:
        store.remove(entry)  # or raise, and try that again before anything else is sent
        self._sent.discard(entry.name)

    def _reject(self, store: Store, entry: Entry, reason: str, raw: bytes | None) -> None:
        try:
            was_there = store.reject(entry, reason)
        except OSError as error:  # let others pass
            self._failure(entry, f"{reason}; it cannot be put aside: {error.strerror}")
            return
        if was_there:
            self._lost(REFUSED, entry.category, raw)

    def _failure(self, entry: Entry, problem: str) -> None:
        now = self._clock()
        self._failed[entry.name] += 1
        self.pace.failed(now)
        self._tell(problem, self.pace.wait(now))

    def _tell(self, problem: str, wait: float) -> None:
        logger.debug("the spool waits %.1f s: %s", wait, problem)
        self._state.remember(problem, time.time() + wait)


def _is_page(answer: Answer) -> bool:
    """Whether this is no Sentry, but the login or the excuse of a proxy before it."""
    return answer.headers.get("content-type", "").startswith("text/html")


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
