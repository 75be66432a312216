"""The contract with the SDK's transport in a forked process, with real forks."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk import feature_flags, integrations
from sentry_sdk import logger as sentry_sdk_logger
from sentry_sdk.profiler import transaction_profiler
from sentry_sdk.sessions import track_session
from sentry_sdk.transport import HttpTransport
from sentry_sdk.worker import BackgroundWorker

from sentry_app import conf, outcomes
from sentry_app.budgets import Budget
from sentry_app.seams import forks
from sentry_app.seams.transport import target_of
from tests.support.forks import forked, needs_fork
from tests.support.sentry_server import SentryServer

Start = Callable[..., conf.Config]

pytestmark = [
    needs_fork,
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


def transport() -> Any:
    return target_of(sentry_sdk.get_client().transport)


def wait_for(pid: int) -> None:
    patience = threading.Timer(20, os.kill, (pid, signal.SIGKILL))
    patience.start()
    status = os.waitpid(pid, 0)[1]
    patience.cancel()
    assert os.waitstatus_to_exitcode(status) == 0, "it failed or hung"


def send(*messages: str) -> None:
    for message in messages:
        sentry_sdk.capture_message(message)
    sentry_sdk.flush(10)


def messages(sentry: SentryServer) -> list[str]:
    return sorted(event.get("message") or event["logentry"]["message"] for event in sentry.events)


def test_the_transport_has_the_parts_that_are_replaced(
    start_sdk: Start, sentry: SentryServer
) -> None:
    start_sdk(DSN=sentry.dsn)
    assert isinstance(transport(), HttpTransport)
    assert isinstance(transport()._worker, BackgroundWorker)
    before = transport()._pool, transport()._worker
    forks.renew()
    assert transport()._pool is not before[0]
    assert transport()._worker is not before[1]
    assert transport()._worker._queue.maxsize == before[1]._queue.maxsize
    send("still sent")
    assert messages(sentry) == ["still sent"]


def test_processes_do_not_share_a_connection(start_sdk: Start, sentry: SentryServer) -> None:
    start_sdk(DSN=sentry.dsn)
    send("parent")  # leaves a connection open
    names = [[f"{child}-{number}" for number in range(20)] for child in "abc"]
    children = [forked(lambda names=names: send(*names)) for names in names]
    send("parent too")
    for child in children:
        wait_for(child)
    assert messages(sentry) == sorted(["parent", "parent too", *chain.from_iterable(names)])


@contextmanager
def held(lock: Any) -> Iterator[None]:
    """Another thread holds ``lock``."""
    taken, released = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            released.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    try:
        yield
    finally:
        released.set()
        thread.join()


def client() -> Any:
    return sentry_sdk.get_client()


LOCKS: dict[str, Callable[[], Any]] = {
    "of the worker": lambda: transport()._worker._lock,
    "of the queue": lambda: transport()._worker._queue.mutex,
    "of the connections": lambda: (
        next(iter(transport()._pool.pools._container.values())).pool.mutex
    ),
    "of the sessions": lambda: client().session_flusher._aggregate_lock,
    "of the sessions' thread": lambda: client().session_flusher._thread_lock,
    "of the monitor": lambda: client().monitor._thread_lock,
    "of the logs": lambda: client().log_batcher._lock,
    "of the profiler": lambda: transaction_profiler._scheduler.lock,
    "of the flags": lambda: sentry_sdk.get_isolation_scope().flags.lock,
    "of the integrations": lambda: integrations._installer_lock,
    "of our counts": lambda: outcomes._lock,
}


def use_all() -> None:
    """Do what takes each of these locks."""
    outcomes.record("hook", "error")
    feature_flags.add_feature_flag("dark", True)
    scope = sentry_sdk.get_isolation_scope()
    with track_session(scope, session_mode="request"), sentry_sdk.start_transaction(name="child"):
        send("child")
    sentry_sdk_logger.error("child")
    client().monitor.is_healthy()
    with integrations._installer_lock:
        client().close()


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_that_was_held_does_not_keep_a_child_waiting(
    lock: Callable[[], Any], start_sdk: Start, sentry: SentryServer
) -> None:
    start_sdk(
        DSN=sentry.dsn,
        TRACES_SAMPLE_RATE=1.0,
        PROFILES_SAMPLE_RATE=1.0,
        OPTIONS={"enable_logs": True},
    )
    send("parent")
    with held(lock()):
        child = forked(use_all)
    wait_for(child)
    assert "child" in messages(sentry)


def test_what_waits_in_the_parent_is_sent_once(start_sdk: Start, sentry: SentryServer) -> None:
    start_sdk(DSN=sentry.dsn)
    with transport()._worker._lock:  # so that its thread does not start
        transport()._worker._queue.put(lambda: None)
        child = forked(lambda: os._exit(transport()._worker._queue.qsize()))
    wait_for(child)
    assert transport()._worker._queue.qsize() == 1


def test_without_a_transport_there_is_nothing_to_renew() -> None:
    forks.renew()
    assert sentry_sdk.get_client().transport is None


def test_another_transport_is_left_alone(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem")
    before = vars(transport()).copy()
    forks.renew()
    assert vars(transport()) == before


def test_what_the_parent_gathers_is_told_once(start_sdk: Start, sentry: SentryServer) -> None:
    start_sdk(DSN=sentry.dsn)
    with track_session(sentry_sdk.get_isolation_scope(), session_mode="request"):
        pass
    transport().record_lost_event("queue_overflow", "error")
    outcomes.record("hook", "error")

    def tell() -> None:
        assert outcomes.snapshot() == {}
        client().flush()

    wait_for(forked(tell))
    assert sentry.received == []
    client().flush()
    (sessions,) = sentry.items("sessions")
    assert sessions["aggregates"][0]["exited"] == 1
    (report,) = sentry.items("client_report")
    assert report["discarded_events"] == [
        {"reason": "queue_overflow", "category": "error", "quantity": 1}
    ]
    assert outcomes.snapshot()["hook", "error"] == 1


def test_a_server_that_forks_without_python_is_noticed(
    monkeypatch: pytest.MonkeyPatch, start_sdk: Start, sentry: SentryServer
) -> None:
    start_sdk(DSN=sentry.dsn)
    send("parent")
    before = transport()._pool
    send("parent still")
    assert transport()._pool is before
    monkeypatch.setattr(forks, "_pid", 1)
    send("child")
    assert transport()._pool is not before
    assert messages(sentry) == ["child", "parent", "parent still"]


def test_what_others_keep_is_forgotten_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(limit=1)
    assert budget.admit("kind") is not None
    assert budget.admit("kind") is None
    forks.renew_if_forked()
    assert budget.admit("kind") is None, "nothing was forked"
    monkeypatch.setattr(forks, "_pid", 1)
    forks.renew_if_forked()
    assert budget.admit("kind") is not None


def test_the_connections_are_closed_in_the_child_only(
    start_sdk: Start, sentry: SentryServer
) -> None:
    start_sdk(DSN=sentry.dsn)
    send("parent")
    (pool,) = transport()._pool.pools._container.values()
    (connection,) = [each for each in pool.pool.queue if each is not None]

    def see() -> None:
        assert connection.sock is None

    wait_for(forked(see))
    send("parent too")
    assert connection.sock is not None
    assert messages(sentry) == ["parent", "parent too"]
