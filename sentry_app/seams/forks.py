"""What a forked process must not share with the one that it comes from.

* The connection that is kept open: requests of both would mix on it. With a Celery worker whose
  main process had sent something, a tenth of its children's events were lost.
* What waits to be sent: the child would send it again.
* What is counted as lost: it would be reported twice.
* A lock that another thread held while the process was forked: the child would wait for ever. So it
  would for an import, which cannot be renewed: see :mod:`sentry_app.seams.preloading`.

The private parts that are used, and what they have to be:

``HttpTransport._pool`` and ``HttpTransport._make_pool()``
    the pool of connections, and what makes a new one; urllib3's has them in ``pools``.
``HttpTransport._worker``
    a ``BackgroundWorker``, which is made with its ``queue_size`` and starts its thread when it is
    given something.
``HttpTransport._discarded_events``
    a dict of what the next client report will tell.
the client's ``session_flusher``, ``monitor`` and batchers, the profilers' ``_scheduler``
    each has its locks and what it gathers as attributes, and starts a new thread when it finds
    itself in another process.
``Scope._flags``
    has a lock.

Where one is missing, it is shared as ever. What is replaced is not called: it may be locked.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import sentry_sdk
from sentry_sdk.worker import BackgroundWorker

from sentry_app import children, outcomes
from sentry_app.seams.preloading import preload
from sentry_app.seams.transport import target_of

#: The parts of a client that gather something, or have a thread.
_PARTS = (
    "session_flusher",
    "monitor",
    "log_batcher",
    "metrics_batcher",
    "span_batcher",
    "metrics_aggregator",
)
#: Where they gather it.
_GATHERED = ("pending_sessions", "pending_aggregates", "_buffer", "_log_buffer", "buckets")

#: The modules whose own locks are renewed, with all that begin so.
_MODULES = ("sentry_app.", "sentry_sdk.integrations")

_PROFILERS = tuple(f"sentry_sdk.profiler.{kind}_profiler" for kind in ("transaction", "continuous"))

#: The process that the locks and the queue belong to.
_pid = os.getpid()


@cache
def renew_in_children() -> None:
    """Give each process that is forked from here on its own of all that."""
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(before=preload, after_in_child=renew)


def renew_if_forked() -> None:
    """The same, where a server forks without Python's knowledge, as uWSGI does."""
    if os.getpid() != _pid:
        children.renew()
        renew()


def renew() -> None:
    """Forget what belongs to the process that this one comes from. Never raises."""
    global _pid
    _pid = os.getpid()
    steps: tuple[Callable[[], None], ...] = (
        _renew_modules,
        outcomes.reset,
        _renew_transport,
        _renew_own_transport,
        _renew_parts,
        _renew_scopes,
    )
    for step in steps:
        with suppress(Exception):
            step()


def _renew_modules() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith(_MODULES):
            _renew_locks(module)


def _renew_transport() -> None:
    transport = sentry_sdk.get_client().transport
    if transport is None:
        return
    target = target_of(transport)
    if isinstance(getattr(target, "_worker", None), BackgroundWorker):
        size = target.options["transport_queue_size"]
        target._worker = BackgroundWorker(queue_size=size)
    if isinstance(getattr(target, "_discarded_events", None), dict):
        target._discarded_events.clear()
    if hasattr(target, "_pool") and hasattr(target, "_make_pool"):
        old, target._pool = target._pool, target._make_pool()
        with suppress(AttributeError):  # a pool of httpcore's
            _abandon(old)


def _renew_own_transport() -> None:
    """Tell the spool, or a transport of the project's own."""
    inner = getattr(sentry_sdk.get_client().transport, "inner", None)
    renew_own = getattr(inner, "renew_after_fork", None)
    if renew_own is not None:
        renew_own()


def _abandon(manager: Any) -> None:
    """Close this process's ends of the connections.

    urllib3 would do so itself when the pool is collected, but waits for the lock of its queue.
    """
    for pool in manager.pools._container.values():
        connections = [each for each in pool.pool.queue if each is not None]
        pool.pool.__init__(pool.pool.maxsize)
        for connection in connections:
            connection.close()


def _renew_parts() -> None:
    for part in _parts():
        _renew_locks(part)
        for name in _GATHERED:
            gathered = getattr(part, name, None)
            if gathered is not None:
                setattr(part, name, type(gathered)())
        # Newer SDKs do so themselves, where Python knows of the fork.
        if hasattr(part, "_reset_thread_state"):
            part._reset_thread_state()


def _parts() -> Iterator[Any]:
    client = sentry_sdk.get_client()
    found = [getattr(client, name, None) for name in _PARTS]
    found += [getattr(sys.modules.get(name), "_scheduler", None) for name in _PROFILERS]
    yield from (part for part in found if part is not None)


def _renew_scopes() -> None:
    for scope in (
        sentry_sdk.get_global_scope(),
        sentry_sdk.get_isolation_scope(),
        sentry_sdk.get_current_scope(),
    ):
        flags = getattr(scope, "_flags", None)
        if flags is not None:
            _renew_locks(flags)


def _renew_locks(owner: Any) -> None:
    """Replace the locks and events among the attributes of ``owner``."""
    makers = {type(make()): make for make in (threading.Lock, threading.RLock, threading.Event)}
    for name, value in list(vars(owner).items()):
        make = makers.get(type(value))
        if make is not None:
            setattr(owner, name, make())
