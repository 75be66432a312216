"""The spool against a model: whatever happens in whatever order, it neither loses nor invents.

Every envelope that was written is in exactly one place: it waits, it was accepted, it was refused,
it was counted as given up, or it died with the memory of its process. Only where the server took it
and its answer was lost may it be sent again.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sentry_app.spool import Answer, Directory, Drainer, Memory
from sentry_app.spool import directory as directory_module
from sentry_app.spool import drainer as drainer_module

LIMIT = Answer(429, {"x-sentry-rate-limits": "20:error:organization"})
ANSWERS = ["ok", "refused", "server error", "too many", "away", "answer lost", "limit", "meanwhile"]
MAX_BYTES, MAX_AGE = 600, 1000


class Clock:
    """Stands for the module ``time``: passes only when told to, but never stands still."""

    def __init__(self) -> None:
        self.now = 1_700_000_000 * 10**9

    def time_ns(self) -> int:
        self.now += 1000
        return self.now

    def time(self) -> float:
        return self.time_ns() / 10**9

    monotonic = time


class TrickyDirectory(Directory):
    """May be told to be full or read-only."""

    is_broken = False

    def _write(self, name: str, raw: bytes) -> None:
        if self.is_broken:
            raise OSError(28, "No space left on device")
        super()._write(name, raw)


class SpoolMachine(RuleBasedStateMachine):
    """Two processes that share a spool, one server, and what may happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.real = directory_module.time, drainer_module.time
        directory_module.time = drainer_module.time = self.clock  # type: ignore[assignment]
        self.numbers = itertools.count()
        self.written: set[str] = set()
        self.accepted: Counter[str] = Counter()
        self.answer_lost: set[str] = set()
        self.died: set[str] = set()
        self.once_refused: set[str] = set()
        self.given_up = 0
        self.foreign = 0
        self.answers: list[str] = []
        self.processes = [self.process(), self.process()]

    def teardown(self) -> None:
        for process in self.processes:
            process.lock.release()
        directory_module.time, drainer_module.time = self.real
        shutil.rmtree(self.path)

    def process(self) -> Drainer:
        drainer = Drainer(
            TrickyDirectory(self.path / "spool", MAX_BYTES, MAX_AGE),
            Memory(max_entries=3),
            self.send,
            self.lost,
            clock=self.clock.time,
        )
        drainer.pause = self.pause
        return drainer

    def pause(self, seconds: float) -> bool:
        self.clock.now += int(seconds * 10**9)
        return False

    def send(self, raw: bytes) -> Answer:
        kind = self.answers.pop(0) if self.answers else "ok"
        name = name_of(raw)
        if kind == "meanwhile":  # the other process wants to drain as well
            rest, self.answers = self.answers, []
            for process in self.processes:
                process.drain()
            self.answers, kind = rest, "ok"
        if kind in ("ok", "answer lost"):
            self.accepted[name] += 1
        if kind in ("away", "answer lost"):
            self.answer_lost |= {name} if kind == "answer lost" else set()
            raise ConnectionError
        self.once_refused |= {name} if kind == "refused" else set()
        statuses = {"ok": 200, "refused": 400, "server error": 503, "too many": 429}
        return LIMIT if kind == "limit" else Answer(statuses[kind])

    def lost(self, reason: str, category: str, raw: bytes | None) -> None:
        if reason in (drainer_module.FULL, drainer_module.EXPIRED):
            self.given_up += 1

    def one(self, number: int) -> Drainer:
        return self.processes[number]

    @rule(
        number=st.sampled_from([0, 1]),
        sizes=st.lists(st.sampled_from([10, 60, 150, 700]), min_size=1, max_size=8),
    )
    def write(self, number: int, sizes: list[int]) -> None:
        for size in sizes:
            self.write_one(number, size)

    def write_one(self, number: int, size: int) -> None:
        name = f"event{next(self.numbers)}"
        raw = b'{"event_id":"%s"}\n%s\n' % (name.encode(), b"x" * size)
        process = self.one(number)
        try:
            gone = process.directory.write(raw, "error")
        except OSError:
            gone = process.memory.write(raw, "error")
        process.count_full(gone)
        self.written.add(name)

    @rule(number=st.sampled_from([0, 1]), answers=st.lists(st.sampled_from(ANSWERS), max_size=6))
    def drain(self, number: int, answers: list[str]) -> None:
        self.answers = answers
        draining = self.one(number)
        self.processes.remove(draining)
        draining.drain()
        self.processes.insert(number, draining)

    @rule(seconds=st.sampled_from([1, 30, 400]))
    def time_passes(self, seconds: int) -> None:
        self.clock.now += seconds * 10**9

    @rule(number=st.sampled_from([0, 1]))
    def a_process_dies_and_another_starts(self, number: int) -> None:
        process = self.one(number)
        self.died |= {name_of(process.memory.read(entry)) for entry in process.memory.pending()}
        process.lock.release()  # as the operating system does
        self.processes[number] = self.process()

    @rule(number=st.sampled_from([0, 1]), is_broken=st.booleans())
    def the_disk_fills_or_recovers(self, number: int, is_broken: bool) -> None:
        self.one(number).directory.is_broken = is_broken  # type: ignore[attr-defined]

    @rule()
    def a_process_dies_while_it_writes(self) -> None:
        self.directory.path.mkdir(exist_ok=True)
        name = f"{self.clock.time_ns():020d}-ab.error.envelope.part"
        (self.directory.path / name).write_bytes(b'{"event_id":"never')

    @rule(raw=st.sampled_from([b"", b"corrupt", b"[]\n{}\n"]))
    def somebody_leaves_a_file(self, raw: bytes) -> None:
        self.directory.path.mkdir(exist_ok=True)
        self.foreign += 1
        name = f"{self.clock.time_ns():020d}-{self.foreign:08x}.error.envelope"
        (self.directory.path / name).write_bytes(raw)

    @precondition(lambda self: self.directory.rejected())
    @rule()
    def what_was_refused_waits_again(self) -> None:
        for entry in self.directory.rejected():
            self.directory.requeue(entry)

    @property
    def directory(self) -> Directory:
        return self.processes[0].directory

    def waiting(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for store in (self.directory, *(process.memory for process in self.processes)):
            found.update(name_of(store.read(entry)) for entry in store.pending())
        return found

    def refused(self) -> Counter[str]:
        path = self.directory.rejected_path
        return Counter(name_of((path / e.name).read_bytes()) for e in self.directory.rejected())

    @invariant()
    def nothing_is_lost_and_nothing_invented(self) -> None:
        waiting, refused = self.waiting(), self.refused()
        waiting.pop("", None)
        refused.pop("", None)
        places = [set(waiting), set(refused), set(self.accepted), self.died]
        assert set().union(*places) <= self.written, "invented"
        assert max([*waiting.values(), *refused.values()], default=0) <= 1
        for one, other in itertools.combinations(places, 2):
            assert one & other <= self.answer_lost, "in two places"
        sent_again = {name for name, times in self.accepted.items() if times > 1}
        assert sent_again <= self.answer_lost, "sent twice"
        # Those that were refused are counted then, and may go later.
        nowhere = self.written.difference(*places, self.once_refused)
        # Foreign files, and those that were accepted unnoticed, are given up as well.
        assert len(nowhere) <= self.given_up
        unsure = len(self.answer_lost | self.once_refused)
        assert self.given_up <= len(nowhere) + self.foreign + unsure

    @invariant()
    def it_is_not_larger_than_it_may_be(self) -> None:
        directory = self.directory
        total = sum(entry.size for entry in directory.pending() + directory.rejected())
        assert total <= MAX_BYTES + 20 * self.foreign


def name_of(raw: bytes) -> str:
    parts = raw.split(b'"')
    return parts[3].decode() if len(parts) > 3 else ""


TestSpoolAgainstAModel = SpoolMachine.TestCase
TestSpoolAgainstAModel.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


def test_in_the_end_everything_arrives() -> None:
    """Whatever happened before, a healthy Sentry gets what waits."""
    machine = SpoolMachine()
    try:
        for step in range(3):
            machine.write(step % 2, [10])
            machine.drain(step % 2, ["away", "server error", "limit"])
            machine.time_passes(30)
        machine.answers = []
        for _ in range(10):
            machine.drain(0, [])
            machine.time_passes(30)
        machine.nothing_is_lost_and_nothing_invented()
        assert machine.written == set(machine.accepted)
    finally:
        machine.teardown()
