"""The parts of the spool, each by itself."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest

from sentry_app.spool import Directory, Entry, Memory
from sentry_app.spool.limits import LONGEST, Limits
from sentry_app.spool.lock import FileLock
from sentry_app.spool.pace import FIRST_RATE, LONGEST_WAIT, Pace
from sentry_app.spool.state import State, Told
from sentry_app.spool.wire import refreshed

DAY = 86400


def directory(path: Path, max_bytes: int = 10**6, max_age: float = 7 * DAY) -> Directory:
    return Directory(path / "spool", max_bytes, max_age)


def contents(spool: Directory) -> list[bytes]:
    return [spool.read(entry) for entry in spool.pending()]


def _forbidden(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


class TestDirectory:
    def test_the_oldest_comes_first(self, tmp_path: Path) -> None:
        spool = directory(tmp_path)
        for raw in (b"one", b"two", b"three"):
            assert spool.write(raw, "error") == []
        assert contents(spool) == [b"one", b"two", b"three"]
        assert [entry.category for entry in spool.pending()] == ["error"] * 3

    def test_only_the_owner_may_read(self, tmp_path: Path) -> None:
        spool = Directory(tmp_path / "spool" / "project", 10**6, DAY)
        spool.write(b"one", "error")
        (file,) = spool.path.iterdir()
        modes = [
            stat.S_IMODE(path.stat().st_mode) for path in (spool.path.parent, spool.path, file)
        ]
        assert modes == [0o700, 0o700, 0o600]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
    def test_what_root_leaves_belongs_to_the_site(self, tmp_path: Path) -> None:
        os.chown(tmp_path, 65534, 65534)
        spool = Directory(tmp_path / "spool" / "project", 10**6, DAY)
        spool.write(b"one", "error")
        (entry,) = spool.pending()
        spool.reject(entry, "HTTP 400")
        lock = FileLock(spool.path / "lock")
        assert lock.acquire()
        lock.release()
        left = [tmp_path / "spool", *(tmp_path / "spool").rglob("*")]
        assert len(left) == 6
        assert {path.stat().st_uid for path in left} == {65534}

    def test_what_cannot_be_seen_may_wait(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spool = directory(tmp_path)
        assert not spool.may_wait()
        monkeypatch.setattr("os.scandir", _forbidden)
        assert spool.may_wait()

    def test_a_directory_that_was_deleted_is_made_anew(self, tmp_path: Path) -> None:
        spool = directory(tmp_path)
        spool.write(b"one", "error")
        (entry,) = spool.pending()
        (spool.path / entry.name).unlink()
        spool.path.rmdir()
        assert spool.pending() == []
        spool.write(b"two", "error")
        assert contents(spool) == [b"two"]

    def test_what_is_gone_is_told(self, tmp_path: Path) -> None:
        spool = directory(tmp_path)
        spool.write(b"one", "error")
        (entry,) = spool.pending()
        assert [spool.remove(entry), spool.remove(entry)] == [True, False]
        assert spool.reject(entry, "late") is False
        assert spool.requeue(entry) is False
        with pytest.raises(FileNotFoundError):
            spool.read(entry)

    def test_the_oldest_goes_when_it_is_full(self, tmp_path: Path) -> None:
        spool = directory(tmp_path, max_bytes=10)
        gone = [[entry.size for entry in spool.write(raw, "error")] for raw in (b"4444", b"666666")]
        assert gone == [[], []]
        assert [entry.size for entry in spool.write(b"55555", "error")] == [4, 6]
        assert contents(spool) == [b"55555"]

    def test_what_was_refused_goes_before_what_waits(self, tmp_path: Path) -> None:
        spool = directory(tmp_path, max_bytes=10)
        spool.write(b"1", "error")
        spool.write(b"55555", "error")
        assert spool.reject(spool.pending()[1], "HTTP 400")
        assert spool.write(b"55555", "error") == []
        assert [len(spool.pending()), spool.rejected()] == [2, []]
        assert not list(spool.rejected_path.iterdir())

    def test_what_is_larger_than_the_spool_is_refused(self, tmp_path: Path) -> None:
        spool = directory(tmp_path, max_bytes=3)
        spool.write(b"123", "error")
        with pytest.raises(OSError, match="4 bytes is larger"):
            spool.write(b"1234", "error")
        assert contents(spool) == [b"123"]

    def test_what_is_too_old_goes(self, tmp_path: Path) -> None:
        spool = directory(tmp_path, max_age=DAY)
        for raw in (b"refused", b"one", b"two"):
            spool.write(raw, "error")
        first = spool.pending()[0]
        spool.reject(first, "HTTP 400")
        before, after = first.written + DAY - 1, first.written + DAY + 1
        assert list(spool.expire(before)) == []
        assert [entry.size for entry in spool.expire(after)] == [3, 3]
        assert spool.pending() == spool.rejected() == []

    def test_what_was_refused_can_wait_again(self, tmp_path: Path) -> None:
        spool = directory(tmp_path)
        spool.write(b"one", "error")
        (entry,) = spool.pending()
        spool.reject(entry, "HTTP 413: too large")
        reason = spool.rejected_path / f"{entry.name}.reason"
        assert reason.read_text() == "HTTP 413: too large\n"
        assert [spool.pending(), spool.rejected()] == [[], [entry]]
        assert spool.requeue(entry)
        assert [spool.pending(), spool.rejected()] == [[entry], []]
        assert not reason.exists()

    def test_other_files_are_left_alone(self, tmp_path: Path) -> None:
        spool = directory(tmp_path, max_bytes=100)
        spool.write(b"one", "error")
        others = ["notes.txt", "0176.error.envelope", "a-b.error.envelope", "x.part"]
        for name in others:
            (spool.path / name).write_bytes(b"x" * 1000)
        spool.write(b"two", "error")
        assert contents(spool) == [b"one", b"two"]
        assert list(spool.expire(0)) == []
        assert all((spool.path / name).exists() for name in others)

    def test_a_file_that_was_never_finished_is_removed_in_the_end(self, tmp_path: Path) -> None:
        spool = directory(tmp_path)
        spool.write(b"one", "error")
        (entry,) = spool.pending()
        part = spool.path / f"{entry.name}.part"
        part.write_bytes(b"ha")
        list(spool.expire(entry.written + 3000))
        assert part.exists()
        list(spool.expire(entry.written + 4000))
        assert not part.exists()

    def test_a_write_that_fails_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spool = directory(tmp_path)
        spool.write(b"one", "error")

        def full(*_: object) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            spool.write(b"two", "error")
        assert len(list(spool.path.iterdir())) == 1


class TestMemory:
    def test_it_keeps_what_fits(self) -> None:
        memory = Memory(max_entries=2, max_bytes=10)
        assert memory.write(b"a" * 4, "error") == memory.write(b"b" * 4, "error") == []
        (gone,) = memory.write(b"c" * 4, "error")
        assert [gone.size, len(memory)] == [4, 2]
        assert [memory.read(entry) for entry in memory.pending()] == [b"bbbb", b"cccc"]

    def test_the_number_is_bounded_too(self) -> None:
        memory = Memory(max_entries=2)
        assert [len(memory.write(b"x", "error")) for _ in range(4)] == [0, 0, 1, 1]

    def test_what_is_gone_is_told(self) -> None:
        memory = Memory()
        memory.write(b"x", "error")
        (entry,) = memory.pending()
        assert [memory.reject(entry, "HTTP 400"), memory.remove(entry)] == [True, False]
        with pytest.raises(FileNotFoundError):
            memory.read(entry)


TAKE_LOCK = """
import sys
from pathlib import Path
from sentry_app.spool.lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


def other_process(path: Path) -> subprocess.Popen[str]:
    """A process that tries to take the lock, prints whether it could, and waits."""
    return subprocess.Popen(
        [sys.executable, "-c", TAKE_LOCK, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.skipif(sys.platform == "win32", reason="needs fcntl")
class TestLock:
    def test_one_process_has_it(self, tmp_path: Path) -> None:
        lock = FileLock(tmp_path / "lock")
        assert lock.acquire()
        assert lock.acquire(), "it has it already"
        with other_process(tmp_path / "lock") as other:
            assert line_of(other) == "False"
        lock.release()
        assert not lock.is_held
        with other_process(tmp_path / "lock") as other:
            assert line_of(other) == "True"
            assert not lock.acquire()
            other.kill()  # however its holder dies
            other.wait()
            assert lock.acquire()
        lock.release()

    def test_one_of_a_process_has_it(self, tmp_path: Path) -> None:
        one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
        assert [one.acquire(), two.acquire()] == [True, False]
        two.release()
        assert one.is_held
        one.release()
        assert two.acquire()
        two.release()

    @pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
    def test_a_child_does_not_inherit_it(self, tmp_path: Path) -> None:
        lock = FileLock(tmp_path / "lock")
        assert lock.acquire()
        child = os.fork()
        if not child:
            os._exit(lock.is_held or FileLock(tmp_path / "lock").acquire())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert lock.is_held
        lock.release()

    def test_it_is_lost_with_its_directory(self, tmp_path: Path) -> None:
        """Another process would have the lock of the new one."""
        lock = FileLock(tmp_path / "spool" / "lock")
        (tmp_path / "spool").mkdir()
        assert lock.acquire()
        shutil.rmtree(tmp_path / "spool")
        (tmp_path / "spool").mkdir()
        with other_process(tmp_path / "spool" / "lock") as other:
            assert line_of(other) == "True"
            assert not lock.acquire()
            other.kill()

    def test_a_volume_without_locks_is_told_each_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr("fcntl.lockf", refuse)
        lock = FileLock(tmp_path / "lock")
        for _ in range(2):
            with pytest.raises(OSError, match="No locks"):
                lock.acquire()
            assert not lock.is_held

    def test_a_fork_without_pythons_knowledge_does_not_pass_it_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock = FileLock(tmp_path / "lock")
        assert lock.acquire()
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 7)
            assert not lock.is_held
        lock.release()

    def test_a_directory_that_cannot_be_used_is_told(self, tmp_path: Path) -> None:
        lock = FileLock(tmp_path / "missing" / "lock")
        with pytest.raises(FileNotFoundError):
            lock.acquire()
        assert not lock.is_held


class TestLimits:
    @pytest.mark.parametrize(
        ("header", "waits"),
        [
            ("60:error:organization:quota", {"error": 60, "transaction": 0}),
            ("60:error;transaction:key, 120:session:project", {"transaction": 60, "session": 120}),
            ("30::organization", {"error": 30, "anything": 30}),
            ("30", {"error": 30}),
            ("soon:error", {"error": 0}),
            ("", {"error": 0}),
        ],
    )
    def test_categories_wait(self, header: str, waits: dict[str, float]) -> None:
        limits = Limits()
        limits.update({"x-sentry-rate-limits": header}, 1000, refused=False)
        assert {category: limits.wait(category, 1000) for category in waits} == waits
        assert limits.wait("error", 2000) == 0

    def test_retry_after_counts_for_a_refusal(self) -> None:
        limits = Limits()
        limits.update({"retry-after": "30"}, 1000, refused=False)
        assert limits.wait("error", 1000) == 0
        limits.update({"retry-after": "30"}, 1000, refused=True)
        assert limits.wait("error", 1010) == 20

    def test_retry_after_may_be_a_date(self) -> None:
        limits = Limits()
        date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=100), usegmt=True)
        limits.update({"retry-after": date}, 1000, refused=True)
        assert 90 < limits.wait("error", 1000) <= 100

    @pytest.mark.parametrize("header", ["", "soon", "-3", "Fri, 31 Dec 99999 23:59:59 GMT"])
    def test_nonsense_says_nothing(self, header: str) -> None:
        limits = Limits()
        limits.update({"retry-after": header}, 1000, refused=True)
        assert limits.wait("error", 1000) == 0

    @pytest.mark.parametrize(
        "headers",
        [
            {"retry-after": str(10**10)},
            {"retry-after": "9" * 400},
            {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"},
            {"x-sentry-rate-limits": f"{10**10}:error:organization"},
        ],
    )
    def test_nobody_waits_for_years(self, headers: dict[str, str]) -> None:
        limits = Limits()
        limits.update(headers, 1000, refused=True)
        assert limits.wait("error", 1000) == LONGEST

    def test_a_shorter_limit_does_not_shorten_a_longer_one(self) -> None:
        limits = Limits()
        for seconds in (60, 10):
            limits.update({"x-sentry-rate-limits": f"{seconds}:error:key"}, 1000, refused=False)
        assert limits.wait("error", 1000) == 60


class TestPace:
    def test_a_healthy_sentry_is_not_waited_for(self) -> None:
        pace = Pace()
        pace.succeeded(100)
        assert pace.wait(100) == 0

    def test_each_failure_doubles_the_wait_up_to_a_bound(self) -> None:
        pace, now = Pace(), 0.0
        for longest in (0.5, 1, 2, 4, 8, 16, 32, 60, 60):
            pace.failed(now)
            assert longest / 2 <= pace.wait(now) <= longest
            now += LONGEST_WAIT
        assert pace.failures == 9

    def test_it_starts_slowly_when_sentry_is_back(self) -> None:
        pace, now, sent = Pace(), 0.0, 0
        pace.failed(now)
        while now < 1:
            now += pace.wait(now)
            pace.succeeded(now)
            sent += 1
        assert 5 <= sent <= 2 * FIRST_RATE
        for _ in range(200):
            now += pace.wait(now)
            pace.succeeded(now)
        assert pace.wait(now) == 0, "and is soon at full speed"

    def test_it_is_tried_at_once_when_told_so(self) -> None:
        pace = Pace()
        pace.failed(0)
        pace.retry_now()
        assert pace.wait(0) == 0


class TestWire:
    def test_the_time_is_now_and_the_rest_stays(self) -> None:
        raw = (
            b'{"event_id":"ab","sent_at":"2020-01-01T00:00:00Z","trace":{}}\n{"type":"event"}\n{}\n'
        )
        line, _, rest = refreshed(raw, 1764000000.25).partition(b"\n")
        assert json.loads(line) == {
            "event_id": "ab",
            "sent_at": "2025-11-24T16:00:00.250000Z",
            "trace": {},
        }
        assert rest == b'{"type":"event"}\n{}\n'

    @pytest.mark.parametrize("raw", [b"", b"{}", b"{}\n", b"[]\n{}", b"\xff\n{}", b"null\n{}"])
    def test_what_is_no_envelope_is_refused(self, raw: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            refreshed(raw, 0)


class TestState:
    def test_it_tells_until_all_is_well(self, tmp_path: Path) -> None:
        state, reader = State(tmp_path / "state.json"), State(tmp_path / "state.json")
        assert reader.read() is None
        state.remember("HTTP 503", 1234.5)
        assert reader.read() == Told("HTTP 503", 1234.5)
        state.forget()
        assert reader.read() is None

    @pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"problem": 1, "next_try": "x"}'])
    def test_nonsense_is_as_good_as_nothing(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "state.json").write_text(text)
        assert State(tmp_path / "state.json").read() is None

    def test_a_directory_that_cannot_be_used_does_not_matter(self, tmp_path: Path) -> None:
        state = State(tmp_path / "missing" / "state.json")
        state.remember("HTTP 503", 0)
        state.forget()
        assert state.read() is None


def test_an_entry_knows_when_it_was_written() -> None:
    assert Entry("01764000000250000000-ab.error.envelope", 3).written == 1764000000.25
