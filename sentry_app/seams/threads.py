"""A site that can start no more threads: what the SDK's worker was to send is sent at once.

The private parts that are used, and what they have to be:

``sentry_sdk.worker.BackgroundWorker.submit(callback)``
    called for each envelope; starts the thread if there is none, and says whether the callback was
    taken. Where no thread can be started, it lies in the queue, and is lost when the process ends.
``BackgroundWorker._ensure_thread()`` and ``BackgroundWorker.is_alive``
    start the thread, and say whether it runs.
``HttpTransport._pool``, ``HttpTransport._make_pool()``
    the pool of connections, and what makes a new one; urllib3's has ``connection_pool_kw``.

Where a part is missing, what was captured waits for a thread as ever.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from time import monotonic
from typing import Any

import sentry_sdk
from sentry_sdk.worker import BackgroundWorker
from urllib3 import Timeout

from sentry_app.seams.patching import unlike, wrap
from sentry_app.seams.transport import is_ours, target_of

#: So long may a request wait for Sentry, in seconds; and so long is not tried again if it did.
TIMEOUT = 2.0
PAUSE = 60.0

#: Taken again by what is sent after it, the counts of what was lost.
_sending = RLock()
_not_before = 0.0


def install() -> list[str]:
    """Put the seam in; returns what is missing."""
    missing = missing_parts()
    if not missing:
        wrap(BackgroundWorker, "submit", _submitting)
    return missing


def missing_parts() -> list[str]:
    """The private parts that this SDK does not have, or not in the shape that is needed."""
    submit = getattr(BackgroundWorker, "submit", None)
    parts = {
        "BackgroundWorker._ensure_thread": callable(
            getattr(BackgroundWorker, "_ensure_thread", None)
        ),
        "BackgroundWorker.is_alive": isinstance(
            getattr(BackgroundWorker, "is_alive", None), property
        ),
    }
    missing = unlike({"BackgroundWorker.submit": (submit, ("self", "callback"))}, exactly=True)
    return missing + [name for name, is_there in parts.items() if not is_there]


def _submitting(submit: Callable[..., bool]) -> Callable[..., bool]:
    def submit_or_send(self: Any, callback: Callable[[], Any]) -> bool:
        if not self.is_alive:
            with suppress(Exception):  # older SDKs raise what newer ones swallow
                self._ensure_thread()
        if self.is_alive or not is_ours():
            return submit(self, callback)
        return _send(callback)

    return submit_or_send


def _send(callback: Callable[[], Any]) -> bool:
    """Call it here; False, which the SDK counts as a full queue, while Sentry is slow or away."""
    global _not_before
    if monotonic() < _not_before or not _sending.acquire(blocking=False):
        return False
    start = monotonic()
    try:
        with _impatient():
            callback()  # counts what it cannot send
    finally:
        if monotonic() - start > TIMEOUT / 2:
            _not_before = monotonic() + PAUSE
        _sending.release()
    return True


@contextmanager
def _impatient() -> Iterator[None]:
    """Have the transport wait no longer than ``TIMEOUT``, and try once."""
    transport: Any = target_of(sentry_sdk.get_client().transport)
    pool = getattr(transport, "_pool", None)
    if not hasattr(pool, "connection_pool_kw") or not hasattr(transport, "_make_pool"):
        yield
        return
    transport._pool = transport._make_pool()
    transport._pool.connection_pool_kw.update(timeout=Timeout(total=TIMEOUT), retries=False)
    try:
        yield
    finally:
        transport._pool.clear()
        transport._pool = pool
