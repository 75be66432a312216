"""Writes every envelope to a directory before it is sent."""

import logging
import re
import time
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from sentry_sdk.envelope import Envelope, Item
from sentry_sdk.transport import Transport

from sentry_app.interrupts import let_through
from sentry_app.spool import Answer, Directory, Drainer, Memory
from sentry_app.spool.worker import Worker
from sentry_app.transports.wrapper import Wrapper

#: So many seconds of an exit are left for the envelope that is being sent.
_RESERVE = 0.5

logger = logging.getLogger("sentry_app")


class Http(Protocol):
    """What is needed of the SDK's transport; see ``sentry_app.seams.sending``."""

    transport: Transport

    def send(self, raw: bytes) -> Answer: ...
    def client_report(self, *, force: bool = False) -> Item | None: ...


class SpooledTransport(Wrapper):
    """Keeps each envelope in ``directory`` until Sentry has taken it.

    It is written before ``capture_envelope`` returns, and sent by a thread of one of the processes
    that use the directory. What cannot be written waits in memory.
    """

    def __init__(self, http: Http, directory: Directory, *, retry_server_errors: bool) -> None:
        super().__init__(http.transport)
        self.directory = directory
        self.memory = Memory()
        self._http = http
        self._has_kept = False  # anything in this process
        self._is_writable = True
        self._deadline = 0.0
        self._drainer = Drainer(
            directory, self.memory, http.send, self._lost, retry_server_errors=retry_server_errors
        )
        self._worker = Worker(self._drainer)
        if directory.may_wait():  # left behind by a process that died
            self._worker.wake_later()

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep ``envelope``, on the disk or else in memory."""
        self._keep(envelope)
        self._keep_client_report()
        self._worker.wake()

    def flush(self, timeout: float, callback: Any = None) -> None:
        """Wait until everything was sent, or cannot be sent for now.

        It ends a little before ``timeout`` seconds have passed, so that ``kill`` can let the
        envelope that is being sent come to its end: if it is cut off, it is sent again. What others
        left behind is not waited for.
        """
        self._deadline = time.monotonic() + timeout
        if timeout > 0:
            self._keep_client_report(force=True)
        if timeout > 0 and self._has_kept:
            self._has_kept = not self._worker.flush(timeout - min(timeout / 4, _RESERVE))

    def kill(self) -> None:
        """Stop after the envelope that is being sent, within the time of the last ``flush``."""
        self._worker.stop(self._deadline - time.monotonic())

    def drain(self, timeout: float) -> bool:
        """Send all that is in the directory, for at most ``timeout`` seconds.

        Whether everything was sent, or has to wait, in time.
        """
        return self._worker.flush(timeout)

    def retry_now(self) -> None:
        """Try again at once, however long there was to wait."""
        self._drainer.pace.retry_now()
        self._worker.wake()

    def renew_after_fork(self) -> None:
        """Start afresh in a forked child, which sends nothing that its parent will send."""
        self.memory.clear()
        self._has_kept = False
        self._worker.renew()
        if self.directory.may_wait():  # of a process that this one may replace
            self._worker.wake_later()

    def _keep(self, envelope: Envelope) -> None:
        raw, category = envelope.serialize(), _category(envelope)
        self._has_kept = True
        try:
            gone = self.directory.write(raw, category)
            self._is_writable = True
        except OSError as error:
            let_through(error)  # a handler's TimeoutError, say
            if self._is_writable:
                self._is_writable = False
                logger.warning("%s cannot be written: %s", self.directory.path, error)
            gone = self.memory.write(raw, category)
        self._drainer.count_full(gone)

    def _keep_client_report(self, *, force: bool = False) -> None:
        report = self._http.client_report(force=force)
        if report is not None:
            self._keep(Envelope(items=[report]))

    def _lost(self, reason: str, category: str, raw: bytes | None) -> None:
        for item in _items(raw):
            self.record_lost_event(reason, item=item)
        if raw is None:
            self.record_lost_event(reason, category)


def directory_for(dsn: str, spool_dir: str, max_bytes: int, max_age: float) -> Directory:
    """The part of ``spool_dir`` that belongs to the project of ``dsn``.

    Each has its own, so that nothing is sent to another project after the DSN was changed; a new
    key is the same project. A relative path is taken from where the process is now.
    """
    parts = urlsplit(dsn)
    root = Path(spool_dir).absolute()
    place = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    return Directory(root / re.sub(r"[^\w.-]+", "-", place), max_bytes, max_age)


def _category(envelope: Envelope) -> str:
    category = str(envelope.items[0].data_category) if envelope.items else "default"
    return category if re.fullmatch("[a-z_]+", category) else "default"


def _items(raw: bytes | None) -> list[Item]:
    try:
        return [item for item in Envelope.deserialize(raw or b"").items if _is_counted(item)]
    except Exception:  # a file that is none of ours
        return []


def _is_counted(item: Item) -> bool:
    return item.type != "client_report"
