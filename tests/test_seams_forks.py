"""The contract with the SDK's transport in a forked process, with real forks."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.transport import HttpTransport
from sentry_sdk.worker import BackgroundWorker

from sentry_app import conf
from sentry_app.seams import forks
from sentry_app.seams.transport import target_of
from tests.support.sentry_server import SentryServer

Start = Callable[..., conf.Config]

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


def transport() -> Any:
    return target_of(sentry_sdk.get_client().transport)


def forked(work: Callable[[], Any]) -> int:
    """Run ``work`` in a forked process, which ends itself if it hangs; the process's id."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(30)
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


def wait_for(pid: int) -> None:
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "it failed or hung"


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


def test_a_lock_that_was_held_does_not_keep_a_child_waiting(
    start_sdk: Start, sentry: SentryServer
) -> None:
    start_sdk(DSN=sentry.dsn)
    worker = transport()._worker
    with worker._lock, worker._queue.mutex:
        child = forked(lambda: send("child"))
    wait_for(child)
    assert messages(sentry) == ["child"]


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
