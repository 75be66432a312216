"""What becomes of each envelope, and when."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from sentry_app.spool import Answer, Directory, Drainer, Entry, Memory
from sentry_app.spool.lock import FileLock
from sentry_app.spool.state import State
from sentry_app.spool.worker import Worker

#: What a proxy says for a Sentry that it guards, or that is not there.
PAGE = Answer(200, {"content-type": "text/html; charset=utf-8"}, "<h1>Please log in</h1>")


def envelope(name: str) -> bytes:
    return b'{"event_id":"%s"}\n{"type":"event"}\n{}\n' % name.encode()


class Server:
    """Answers each envelope as it is told to: with a status, an Answer, or an exception."""

    def __init__(self, *answers: int | Answer | Exception) -> None:
        self.answers = list(answers)
        self.accepted: list[str] = []
        self.seen: list[str] = []

    def __call__(self, raw: bytes) -> Answer:
        name = raw.split(b'"')[3].decode()
        self.seen.append(name)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        answer = Answer(answer) if isinstance(answer, int) else answer
        if 200 <= answer.status < 300 and answer is not PAGE:
            self.accepted.append(name)
        return answer


class Spool:
    """A drainer with a clock of its own, which waiting moves on."""

    def __init__(self, path: Path, server: Server, *, retry_server_errors: bool = True) -> None:
        self.now = 0.0
        self.waited: list[float] = []
        self.lost: list[tuple[str, str, bool]] = []
        self.directory = Directory(path / "spool", 10**6, 86400)
        self.memory = Memory()
        self.drainer = Drainer(
            self.directory,
            self.memory,
            server,
            lambda reason, category, raw: self.lost.append((reason, category, raw is not None)),
            retry_server_errors=retry_server_errors,
            clock=lambda: self.now,
        )
        self.drainer.pause = self.pass_time

    def pass_time(self, seconds: float) -> bool:
        self.now += seconds
        self.waited.append(seconds)
        return False

    def write(self, *names: str, category: str = "error") -> None:
        for name in names:
            self.directory.write(envelope(name), category)

    def drain(self) -> None:
        """Until nothing waits."""
        while (wait := self.drainer.drain()) is not None:
            self.pass_time(wait)

    @property
    def waiting(self) -> list[str]:
        return [
            self.directory.read(entry).split(b'"')[3].decode() for entry in self.directory.pending()
        ]


Make = Callable[..., Spool]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda server, **options: Spool(tmp_path, server, **options)


def test_everything_is_sent_in_its_order_and_goes(make: Make) -> None:
    server = Server()
    spool = make(server)
    spool.write("a", "b", "c")
    assert spool.drainer.drain() is None
    assert [server.accepted, spool.waiting, spool.lost] == [["a", "b", "c"], [], []]
    assert not spool.drainer.lock.is_held, "others may send what they write"


def test_nothing_is_done_where_nothing_is(make: Make) -> None:
    spool = make(Server())
    assert spool.drainer.drain() is None
    assert not spool.directory.path.exists()


@pytest.mark.parametrize("problem", [ConnectionRefusedError(), 500, 503, 429, 408, 404, PAGE])
def test_what_may_pass_is_tried_again(make: Make, problem: int | Answer | Exception) -> None:
    server = Server(problem, problem)
    spool = make(server)
    spool.write("a", "b")
    wait = spool.drainer.drain()
    assert wait is not None
    assert 0.25 <= wait <= 0.5
    assert spool.drainer.lock.is_held, "nobody else should try meanwhile"
    spool.drain()
    assert server.seen == ["a", "a", "a", "b"]
    assert [server.accepted, spool.waiting, spool.lost] == [["a", "b"], [], []]


def test_people_are_told_what_is_wrong(make: Make) -> None:
    spool = make(Server(503))
    state = State(spool.directory.path / "state.json")
    spool.write("a")
    spool.drainer.drain()
    told = state.read()
    assert told is not None
    assert told.problem == "HTTP 503"
    spool.drain()
    assert state.read() is None


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_what_is_refused_is_put_aside_and_counted(make: Make, status: int) -> None:
    server = Server(Answer(status, body="no such project"))
    spool = make(server)
    spool.write("a", "b")
    assert spool.drainer.drain() is None
    assert [server.accepted, spool.waiting] == [["b"], []]
    assert spool.lost == [("send_error", "error", True)]
    (entry,) = spool.directory.rejected()
    reason = (spool.directory.rejected_path / f"{entry.name}.reason").read_text()
    assert reason == f"HTTP {status}: no such project\n"


def test_a_corrupt_file_is_put_aside(make: Make) -> None:
    server = Server()
    spool = make(server)
    spool.directory.write(b"half of an", "error")
    spool.write("b")
    assert spool.drainer.drain() is None
    assert server.accepted == ["b"]
    assert spool.lost == [("send_error", "error", True)]
    assert len(spool.directory.rejected()) == 1


@pytest.mark.parametrize(("status", "reason"), [(429, "ratelimit_backoff"), (503, "network_error")])
def test_the_upstream_rule_drops_it(make: Make, status: int, reason: str) -> None:
    server = Server(status)
    spool = make(server, retry_server_errors=False)
    spool.write("a", "b")
    assert spool.drainer.drain() is None
    assert [server.accepted, spool.lost] == [["b"], [(reason, "error", True)]]


def test_without_an_answer_even_the_upstream_rule_keeps_it(make: Make) -> None:
    server = Server(TimeoutError())
    spool = make(server, retry_server_errors=False)
    spool.write("a")
    spool.drain()
    assert [server.accepted, spool.lost] == [["a"], []]


def test_a_category_that_is_over_quota_lets_others_pass(make: Make) -> None:
    limit = Answer(429, {"x-sentry-rate-limits": "60:error:organization:quota"})
    server = Server(limit)
    spool = make(server)
    spool.write("a", "b")
    spool.write("c", category="transaction")
    wait = spool.drainer.drain()
    assert server.seen == ["a", "c"]
    assert wait == pytest.approx(60, abs=1)
    spool.drain()
    assert server.accepted == ["c", "a", "b"]


def test_retry_after_is_obeyed(make: Make) -> None:
    server = Server(Answer(429, {"retry-after": "30"}))
    spool = make(server)
    spool.write("a", "b")
    assert spool.drainer.drain() == 30
    spool.drain()
    assert [server.seen, server.accepted] == [["a", "a", "b"], ["a", "b"]]


def test_nothing_is_listed_while_nothing_is_due(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each capture wakes the thread, and 20,000 files take 0.14 s of the processor to list."""
    spool = make(Server(503))
    spool.write("a")
    wait = spool.drainer.drain()

    def fail() -> list[Entry]:
        raise AssertionError("listed")

    with monkeypatch.context() as patch:
        patch.setattr(spool.directory, "pending", fail)
        assert spool.drainer.drain() == wait
    spool.drain()
    assert spool.waiting == []


def test_another_users_file_does_not_keep_the_others(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    spool = make(server)
    spool.write("root's", "ours")
    first = spool.directory.pending()[0]
    read = spool.directory.read

    def refuse(entry: Entry) -> bytes:
        if entry == first:
            raise PermissionError(13, "Permission denied")
        return read(entry)

    monkeypatch.setattr(spool.directory, "read", refuse)
    spool.drain()
    assert server.accepted == ["ours"]
    assert spool.directory.rejected() == [first]
    assert spool.directory.reason(first) == "it is another user's file"
    assert spool.lost == [("send_error", "error", False)]


@pytest.mark.parametrize("broken", ["read", "reject"])
def test_one_that_the_disk_fails_at_does_not_keep_the_others(
    make: Make, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    server = Server(*[400] * (5 if broken == "reject" else 0))
    spool = make(server)
    spool.write("broken", "whole")
    first = spool.directory.pending()[0]
    work = getattr(spool.directory, broken)

    def fail(entry: Entry, *args: str) -> object:
        if entry == first:
            raise OSError(5, "Input/output error")
        return work(entry, *args)

    monkeypatch.setattr(spool.directory, broken, fail)
    for _ in range(6):
        spool.pass_time(spool.drainer.drain() or 0)
    assert "whole" in server.accepted


def test_what_cannot_be_removed_is_sent_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    spool = make(server)
    spool.write("a")

    def read_only(entry: Entry) -> bool:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(spool.directory, "remove", read_only)
        for _ in range(3):
            with pytest.raises(OSError, match="Read-only"):
                spool.drainer.drain()
        assert spool.drainer.lock.is_held, "another process would send it again"
    assert spool.drainer.drain() is None
    assert [server.seen, spool.waiting] == [["a"], []]
    assert not spool.drainer.lock.is_held


@pytest.mark.parametrize(
    "headers", [{"retry-after": "0"}, {"x-sentry-rate-limits": "60:session:organization:quota"}]
)
def test_a_refusal_that_asks_for_no_wait_is_waited_for(make: Make, headers: dict[str, str]) -> None:
    spool = make(Server(*[Answer(429, headers)] * 3))
    spool.write("a")
    waits = [spool.drainer.drain(), spool.drainer.drain()]
    assert waits[0] is not None
    assert waits[0] >= 0.25, "it would be asked again and again without a pause"


def test_an_accepted_one_may_announce_a_limit(make: Make) -> None:
    server = Server(Answer(200, {"x-sentry-rate-limits": "60:error:organization:quota"}))
    spool = make(server)
    spool.write("a", "b")
    assert spool.drainer.drain() == 60
    assert server.accepted == ["a"]


def test_it_starts_slowly_when_sentry_is_back(make: Make) -> None:
    server = Server(ConnectionRefusedError())
    spool = make(server)
    spool.write(*(f"{number}" for number in range(30)))
    spool.drain()
    assert len(server.accepted) == 30
    braked = spool.waited[-29:]
    assert braked == sorted(braked, reverse=True)
    assert braked[0] == pytest.approx(0.1)
    assert braked[-1] < 0.04


def test_one_that_the_server_fails_at_does_not_keep_the_others(make: Make) -> None:
    server = Server()
    spool = make(server)
    spool.write("poison", "b", "c")
    spool.drainer._send = lambda raw: Answer(500) if b"poison" in raw else server(raw)
    for _ in range(20):
        spool.pass_time(spool.drainer.drain() or 0)
    assert [server.accepted, spool.waiting, spool.lost] == [["b", "c"], ["poison"], []]


def test_memory_is_sent_where_there_is_no_disk(make: Make, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("no directory")
    server = Server(503)
    spool = make(server)
    spool.memory.write(envelope("a"), "error")
    with pytest.raises(NotADirectoryError):
        spool.directory.write(envelope("b"), "error")
    spool.drain()
    assert [server.seen, server.accepted, len(spool.memory)] == [["a", "a"], ["a"], 0]


def test_memory_is_written_once_there_is_a_disk(make: Make) -> None:
    server = Server(ConnectionRefusedError())
    spool = make(server)
    spool.memory.write(envelope("a"), "error")
    spool.drainer.drain()
    assert [spool.waiting, len(spool.memory)] == [["a"], 0]
    spool.drain()
    assert server.accepted == ["a"]


def test_what_has_to_go_for_memory_is_counted(make: Make) -> None:
    spool = make(Server(ConnectionRefusedError()))
    spool.directory = spool.drainer.directory = Directory(spool.directory.path, 100, 86400)
    spool.write("a", "b")
    spool.memory.write(envelope("c"), "error")
    spool.drainer.drain()
    assert [spool.waiting, spool.lost] == [["b", "c"], [("cache_overflow", "error", False)]]


def test_somebody_else_drains_it(make: Make) -> None:
    server = Server()
    spool = make(server)
    spool.write("a")
    spool.memory.write(envelope("b"), "error")
    other = FileLock(spool.directory.path / "lock")
    assert other.acquire()
    assert spool.drainer.drain() == 1
    assert [server.seen, spool.waiting] == [[], ["a", "b"]]
    other.release()
    assert spool.drainer.drain() is None
    assert server.accepted == ["a", "b"]


def test_what_is_too_old_is_counted(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    spool = make(server)
    spool.write("a")
    written = spool.directory.pending()[0].written
    monkeypatch.setattr("sentry_app.spool.drainer.time.time", lambda: written + 90000)
    assert spool.drainer.drain() is None
    assert [server.seen, spool.lost] == [[], [("cache_expired", "error", False)]]


class TestWorker:
    def test_it_sends_in_the_background(self, make: Make) -> None:
        server = Server()
        spool = make(server)
        worker = Worker(spool.drainer)
        spool.write("a", "b")
        assert worker.flush(10)
        assert [server.accepted, spool.waiting] == [["a", "b"], []]
        spool.write("c")
        assert worker.flush(10)
        assert server.accepted == ["a", "b", "c"]
        worker.stop()

    def test_a_flush_does_not_wait_for_what_is_safe(self, make: Make) -> None:
        spool = make(Server(*[Answer(429, {"retry-after": "600"})] * 2))
        worker = Worker(spool.drainer)
        spool.write("a")
        assert worker.flush(60)
        assert spool.waiting == ["a"]
        worker.stop()

    def test_a_flush_ends_in_time(self, make: Make) -> None:
        asked, answer = threading.Event(), threading.Event()
        spool = make(Server())

        def hang(_: bytes) -> Answer:
            asked.set()
            answer.wait(30)
            return Answer(200)

        spool.drainer._send = hang
        worker = Worker(spool.drainer)
        spool.write("a")
        assert worker.wake()
        assert asked.wait(10)
        assert not worker.flush(0.01)
        answer.set()
        assert worker.flush(10)
        worker.stop()

    def test_a_finaliser_may_interrupt_a_wake(self, make: Make) -> None:
        """An exception in ``__del__``, of a task of asyncio for one, is captured just there."""
        worker = Worker(make(Server()).drainer)
        files = {threading.__file__, inspect.getfile(Worker)}
        interrupted: set[tuple[str, int]] = set()

        def interrupt(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
            code = frame.f_code
            if code.co_filename not in files:
                return None
            place = code.co_name, frame.f_lineno
            if event == "line" and place not in interrupted:
                interrupted.add(place)
                worker.wake()
            return interrupt

        def work() -> None:
            sys.settrace(interrupt)
            worker.wake()
            sys.settrace(None)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
        assert interrupted
        assert worker.flush(10)
        worker.stop()

    def test_without_threads_it_says_so(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_more(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        spool = make(Server())
        worker = Worker(spool.drainer)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_more)
            assert not worker.wake()
            assert not worker.flush(10)
        spool.write("a")
        assert worker.flush(10), "the next time there may be one"
        assert spool.waiting == []
        worker.stop()

    def test_a_directory_that_cannot_be_used_is_told_once(
        self, make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spool = make(Server())
        spool.write("a")
        tries = threading.Semaphore(0)

        def refuse() -> bool:
            tries.release()
            raise PermissionError("lock")

        monkeypatch.setattr(spool.drainer.lock, "acquire", refuse)
        worker = Worker(spool.drainer)
        for _ in range(3):
            assert worker.flush(10)
            assert tries.acquire(timeout=10)
        told = [record for record in caplog.records if record.levelname == "WARNING"]
        assert [record.getMessage() for record in told] == ["the spool cannot be drained for now"]
        worker.stop()
