"""SPOOL_DIR in force: the real SDK, a real directory, a scripted Sentry."""

from __future__ import annotations

import errno
import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from sentry_app import conf, outcomes
from sentry_app.seams import forks, sending
from sentry_app.seams.transport import target_of
from sentry_app.transports.spooled import SpooledTransport, directory_for
from tests.support import answers
from tests.support.sentry_server import SentryServer, refused_dsn

Start = Callable[..., conf.Config]
DSN = "http://key@sentry.invalid:9000/1"


def spool() -> SpooledTransport:
    transport = sentry_sdk.get_client().transport.inner  # type: ignore[union-attr]
    assert isinstance(transport, SpooledTransport)
    return transport


def waiting() -> list[str]:
    """The events that wait, by their messages."""
    directory = spool().directory
    envelopes = [Envelope.deserialize(directory.read(entry)) for entry in directory.pending()]
    events = [envelope.get_event() for envelope in envelopes]
    return [event["message"] for event in events if event]


def messages(sentry: SentryServer) -> list[str]:
    return [event["message"] for event in sentry.events]


def test_without_a_directory_there_is_no_spool(start_sdk: Start) -> None:
    start_sdk(DSN=DSN)
    assert not isinstance(sentry_sdk.get_client().transport.inner, SpooledTransport)  # type: ignore[union-attr]


def test_events_arrive(start_sdk: Start, sentry: SentryServer, tmp_path: Path) -> None:
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path / "spool"))
    sentry_sdk.capture_message("one")
    sentry_sdk.capture_message("two")
    sentry_sdk.flush(10)
    assert messages(sentry) == ["one", "two"]
    assert waiting() == []
    assert outcomes.snapshot() == {}


def test_it_is_written_before_the_call_returns(start_sdk: Start, tmp_path: Path) -> None:
    start_sdk(DSN=refused_dsn(), SPOOL_DIR=str(tmp_path))
    sentry_sdk.capture_message("one")
    assert waiting() == ["one"]


def test_it_is_written_without_its_secrets(start_sdk: Start, tmp_path: Path) -> None:
    start_sdk(DSN=refused_dsn(), SPOOL_DIR=str(tmp_path))
    secret = "hunter" + "2hunter2"
    sentry_sdk.capture_message("one", contexts={"login": {"password": secret}})
    (file,) = spool().directory.path.glob("*.envelope")
    assert secret not in file.read_text()
    assert "[Filtered]" in file.read_text()


def test_a_handlers_error_while_it_is_written_is_the_applications(
    start_sdk: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``TimeoutError``, as many handlers of SIGALRM raise it, is an ``OSError``."""

    def time_out(*args: object) -> None:
        raise TimeoutError

    start_sdk(DSN=refused_dsn(), SPOOL_DIR=str(tmp_path))
    directory = spool().directory
    before = signal.signal(signal.SIGUSR1, time_out)
    try:
        for name in ("_write", "_make_room"):
            with monkeypatch.context() as patch:
                patch.setattr(directory, name, lambda *args: signal.raise_signal(signal.SIGUSR1))
                with pytest.raises(TimeoutError):
                    sentry_sdk.capture_message(name)
            directory._written = directory._max_bytes + 1
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert waiting() == ["_make_room"]
    assert spool().memory.pending() == []


def test_what_a_dead_process_left_is_sent(
    start_sdk: Start, sentry: SentryServer, tmp_path: Path
) -> None:
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path))
    old = Envelope(headers={"event_id": "0" * 32, "sent_at": "2020-01-01T00:00:00Z"})
    old.add_event({"event_id": "0" * 32, "message": "left behind"})
    spool().directory.write(old.serialize(), "error")
    sentry_sdk.get_client().close(0)
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path), DEBUG=False, ENVIRONMENT="again")
    (received,) = sentry.wait_for(1)
    assert received.headers["event_id"] == "0" * 32
    assert received.headers["sent_at"] > "2026"


def test_logs_and_transactions_wait_too(
    start_sdk: Start, sentry: SentryServer, tmp_path: Path
) -> None:
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path), TRACES_SAMPLE_RATE=1.0)
    sentry.answer = answers.status(503)
    with sentry_sdk.start_transaction(name="slow"):
        pass
    (entry,) = spool().directory.pending()
    assert entry.category == "transaction"
    sentry.answer = answers.ok
    sentry.wait_for(lambda _: sentry.transactions)


def test_a_refused_one_is_kept_and_counted(
    start_sdk: Start, sentry: SentryServer, tmp_path: Path
) -> None:
    sentry.answer = answers.status(413, "too large")
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path))
    sentry_sdk.capture_message("one")
    sentry_sdk.flush(10)
    assert outcomes.snapshot() == {(outcomes.REFUSED, "error"): 1}
    refused = [entry.category for entry in spool().directory.rejected()]
    assert refused.count("error") == 1, "beside the report about it, which is refused as well"


def test_what_was_dropped_is_reported(
    start_sdk: Start, sentry: SentryServer, tmp_path: Path
) -> None:
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path), BEFORE_SEND=lambda event, hint: None)
    sentry_sdk.capture_message("one")
    sentry_sdk.flush(10)
    (report,) = sentry.items("client_report")
    (lost,) = report["discarded_events"]
    assert [lost["reason"], lost["category"], lost["quantity"]] == ["before_send", "error", 1]


def test_what_is_given_up_is_counted(start_sdk: Start, tmp_path: Path) -> None:
    start_sdk(DSN=refused_dsn(), SPOOL_DIR=str(tmp_path), SPOOL_MAX_BYTES=100_000)
    for number in range(6):
        sentry_sdk.capture_message(f"{number}")
    kept = len(waiting())
    assert 0 < kept < 6
    assert waiting()[-1] == "5"
    assert outcomes.snapshot() == {(outcomes.SPOOL_FULL, "error"): 6 - kept}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EMFILE, errno.EACCES])
def test_memory_takes_what_the_disk_does_not(
    code: int,
    start_sdk: Start,
    sentry: SentryServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path))
    sentry.answer = answers.status(503)

    def broken(*_: object, **__: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr("sentry_app.spool.directory.os.open", broken)
        with caplog.at_level(logging.WARNING, "sentry_app"):
            sentry_sdk.capture_message("one")
            sentry_sdk.capture_message("two")
            sentry.answer = answers.ok
            sentry.wait_for(lambda _: sorted(set(messages(sentry))) == ["one", "two"])
            sentry_sdk.flush(10)
            sentry_sdk.capture_message("three")
    told = [r.getMessage() for r in caplog.records if "cannot be written" in r.getMessage()]
    assert len(told) == 1
    assert os.strerror(code) in told[0]
    sentry.wait_for(lambda _: len(set(messages(sentry))) == 3)


def test_the_application_sees_nothing_of_a_directory_that_cannot_be(
    start_sdk: Start, sentry: SentryServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path / "file" / "spool"))
    sentry_sdk.capture_message("one")
    sentry_sdk.flush(10)
    assert messages(sentry) == ["one"]


def test_it_starts_though_the_directory_is_another_users(
    start_sdk: Start, sentry: SentryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    for name in ("os.scandir", "sentry_app.spool.directory.os.open"):
        monkeypatch.setattr(name, forbidden)
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path))
    sentry_sdk.capture_message("one")
    sentry_sdk.flush(10)
    assert messages(sentry) == ["one"]


def test_a_forked_child_starts_afresh(
    start_sdk: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_sdk(DSN=refused_dsn(), SPOOL_DIR=str(tmp_path))
    spool().memory.write(b"the parent's", "error")
    forks.renew()
    assert len(spool().memory) == 0
    sentry_sdk.capture_message("child")
    assert waiting() == ["child"]


def test_a_forked_child_sends_what_nobody_else_does(
    start_sdk: Start, sentry: SentryServer, tmp_path: Path
) -> None:
    """It may replace the process that did, and capture nothing itself."""
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path))
    spool().kill()
    sentry_sdk.capture_message("left behind")
    forks.renew()
    sentry.wait_for(lambda received: messages(sentry) == ["left behind"])


def test_a_lock_is_not_taken_into_a_child_of_which_python_does_not_know(
    start_sdk: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_sdk(DSN=refused_dsn(), SPOOL_DIR=str(tmp_path))
    spool().directory.path.mkdir(parents=True)
    lock = spool()._drainer.lock
    assert lock.acquire()
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: 1)
        forks.renew()
        assert not lock.is_held
    lock.release()


def test_each_project_has_its_own_directory() -> None:
    names = [
        directory_for(dsn, "/spool", 1, 1).path.name
        for dsn in (
            "https://key@sentry.invalid/1",
            "https://other@sentry.invalid/1",
            "https://key@sentry.invalid/2",
            "https://key@sentry.invalid:9000/prefix/1",
        )
    ]
    assert names == [
        "sentry.invalid-1",
        "sentry.invalid-1",
        "sentry.invalid-2",
        "sentry.invalid-9000-prefix-1",
    ]


def test_a_process_that_changes_its_directory_keeps_its_spool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spool = directory_for(DSN, "spool", 10**6, 86400)
    monkeypatch.chdir("/")
    spool.write(b"one", "error")
    assert len(list((tmp_path / "spool").rglob("*.envelope"))) == 1


def test_the_thread_is_not_in_the_scope_of_a_request(
    start_sdk: Start, sentry: SentryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path))
    seen: list[dict[str, object]] = []
    send = spool()._drainer._send

    def observed(raw: bytes) -> object:
        seen.append(dict(sentry_sdk.get_isolation_scope()._tags))
        return send(raw)

    monkeypatch.setattr(spool()._drainer, "_send", observed)
    sentry_sdk.set_tag("request", "1")
    sentry_sdk.capture_message("one")
    sentry_sdk.flush(10)
    assert seen == [{}]


class TestContract:
    """The private parts of the SDK's transport."""

    def test_it_has_the_parts_that_are_used(self, start_sdk: Start) -> None:
        start_sdk(DSN=DSN)
        assert sending.missing_parts(target_of(sentry_sdk.get_client().transport)) == []

    def test_without_them_there_is_no_spool(
        self, start_sdk: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sentry_sdk.transport.HttpTransport._request", None)
        start_sdk(DSN=DSN, SPOOL_DIR=str(tmp_path))
        assert not isinstance(sentry_sdk.get_client().transport.inner, SpooledTransport)  # type: ignore[union-attr]

    def test_an_answer_is_read(self, start_sdk: Start, sentry: SentryServer) -> None:
        start_sdk(DSN=sentry.dsn)
        sentry.answer = answers.status(429, "slow down", {"Retry-After": "7"})
        sender = sending.HttpSender(target_of(sentry_sdk.get_client().transport))
        report = Item(PayloadRef(json={"discarded_events": []}), type="client_report")
        answer = sender.send(Envelope(items=[report]).serialize())
        assert [answer.status, answer.body, answer.headers["retry-after"]] == [
            429,
            "slow down",
            "7",
        ]
        assert sentry.items("client_report") == [{"discarded_events": []}]

    def test_a_report_is_made_once(self, start_sdk: Start) -> None:
        start_sdk(DSN=DSN)
        transport = target_of(sentry_sdk.get_client().transport)
        sender = sending.HttpSender(transport)
        transport.record_lost_event("before_send", "error")
        assert sender.client_report() is None, "it is not time"
        report = sender.client_report(force=True)
        assert report is not None
        assert report.payload.json["discarded_events"][0]["reason"] == "before_send"
        assert sender.client_report(force=True) is None


def test_threads_may_write_at_once(start_sdk: Start, sentry: SentryServer, tmp_path: Path) -> None:
    start_sdk(DSN=sentry.dsn, SPOOL_DIR=str(tmp_path))

    def work(name: str) -> None:
        for number in range(10):
            sentry_sdk.capture_message(f"{name}{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sentry_sdk.flush(20)
    assert sorted(messages(sentry)) == sorted(f"{name}{n}" for name in "abcd" for n in range(10))
