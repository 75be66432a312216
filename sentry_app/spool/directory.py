"""The files of a spool: one for each envelope, as it is sent.

``<spool>/01764000000000000000-a1b2c3d4.error.envelope`` tells when it was written (nanoseconds
since 1970) and the category of its first item, so that the oldest comes first and what is over
quota need not be read. ``<spool>/rejected/`` has what Sentry refused, each with a ``.reason``.

A file is written aside and renamed, so that no reader ever sees half of one. Nothing is
synchronised to the disk: it survives the death of the process, not that of the machine.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sentry_app.interrupts import let_through
from sentry_app.spool.ownership import give_to_owner, make

_NAME = re.compile(r"(\d{20})-[0-9a-f]+\.([a-z_]+)\.envelope")
_PART = ".part"

#: A file that is still being written after so many seconds never will be: its writer is dead.
_ABANDONED = 3600
#: The size is measured again after so large a part of the bound was written.
_MEASURED_AFTER = 1 / 64


class Entry(NamedTuple):
    """One envelope that waits: the name of its file, and its size in bytes."""

    name: str
    size: int

    @property
    def written(self) -> float:
        """When, in seconds since 1970."""
        return int(self.name.partition("-")[0]) / 10**9

    @property
    def category(self) -> str:
        """Sentry's word for the kind of its first item."""
        return self.name.split(".")[1]


class Directory:
    """The envelopes that wait in the directory ``path``, for every process that uses it.

    At most ``max_bytes`` are kept, for at most ``max_age`` seconds; the oldest go first. Every
    method but ``may_wait`` may raise ``OSError``.
    """

    def __init__(self, path: Path, max_bytes: int, max_age: float) -> None:
        self.path = path
        self.rejected_path = path / "rejected"
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._written = max_bytes  # since the size was measured: so it is at the first one

    def write(self, raw: bytes, category: str) -> list[Entry]:
        """Keep an envelope; returns those that had to go for it."""
        if len(raw) > self._max_bytes:
            raise OSError(f"an envelope of {len(raw)} bytes is larger than the spool")
        name = f"{time.time_ns():020d}-{os.urandom(4).hex()}.{category}.envelope"
        try:
            self._write(name, raw)
        except FileNotFoundError:  # the first one, or somebody deleted the directory
            self.path.parent.parent.mkdir(parents=True, exist_ok=True)
            make(self.path.parent)
            make(self.path)
            self._write(name, raw)
        self._written += len(raw)
        gone: list[Entry] = []
        if self._written > self._max_bytes * _MEASURED_AFTER:
            try:
                gone.extend(self._make_room())
            except OSError as error:  # it is written: that there is no room may be said later
                let_through(error)
        return gone

    def may_wait(self) -> bool:
        """Whether something waits, or cannot be seen."""
        try:
            return next(_entries(self.path), None) is not None
        except OSError:
            return True

    def pending(self) -> list[Entry]:
        """What waits, the oldest first; nothing if there is no directory."""
        return sorted(_entries(self.path))

    def rejected(self) -> list[Entry]:
        """What Sentry refused, the oldest first."""
        return sorted(_entries(self.rejected_path))

    def read(self, entry: Entry) -> bytes:
        """The envelope."""
        return (self.path / entry.name).read_bytes()

    def remove(self, entry: Entry) -> bool:
        """Whether it was still there."""
        return _unlink(self.path / entry.name)

    def reject(self, entry: Entry, reason: str) -> bool:
        """Put an envelope aside that will never be taken; whether it was still there."""
        make(self.rejected_path)
        try:
            (self.path / entry.name).rename(self.rejected_path / entry.name)
        except FileNotFoundError:
            return False
        with suppress(OSError):  # why is good to know, but not needed
            note = self.rejected_path / f"{entry.name}.reason"
            _write_new(note, f"{reason}\n".encode("utf-8", "replace"))
        return True

    def requeue(self, entry: Entry) -> bool:
        """Let a rejected envelope wait again; whether it was still there."""
        try:
            (self.rejected_path / entry.name).rename(self.path / entry.name)
        except FileNotFoundError:
            return False
        _unlink(self.rejected_path / f"{entry.name}.reason")
        return True

    def reason(self, entry: Entry) -> str:
        """Why a rejected envelope was refused, as far as it is known."""
        try:
            note = self.rejected_path / f"{entry.name}.reason"
            return note.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def drop_rejected(self, entry: Entry) -> bool:
        """Delete a rejected envelope; whether it was still there."""
        _unlink(self.rejected_path / f"{entry.name}.reason")
        return _unlink(self.rejected_path / entry.name)

    def expire(self, now: float) -> Iterator[Entry]:
        """Delete what is too old; yields what had been waiting to be sent."""
        oldest = now - self._max_age
        for entry in self.rejected():
            if entry.written < oldest:
                self.drop_rejected(entry)
        for entry in self.pending():
            if entry.written >= oldest:
                break
            if self.remove(entry):
                yield entry
        self._remove_abandoned(now)

    def _write(self, name: str, raw: bytes) -> None:
        part = self.path / (name + _PART)
        try:
            _write_new(part, raw)
            part.rename(self.path / name)
        except BaseException:  # the disk is full, or a signal's handler raised
            _unlink(part)
            raise

    def _make_room(self) -> Iterator[Entry]:
        """Delete until there is room: what Sentry refused first, then the oldest."""
        rejected, pending = self.rejected(), self.pending()
        excess = sum(entry.size for entry in rejected + pending) - self._max_bytes
        self._written = 0
        for entry in rejected:
            if excess <= 0:
                return
            excess -= entry.size
            self.drop_rejected(entry)
        for entry in pending:
            if excess <= 0:
                return
            excess -= entry.size
            if self.remove(entry):
                yield entry

    def _remove_abandoned(self, now: float) -> None:
        # Judged by its name: the clock of a file server may differ from ours by hours.
        for path in self.path.glob(f"{'[0-9]' * 20}-*{_PART}"):
            if now - Entry(path.name, 0).written > _ABANDONED:
                with suppress(OSError):
                    path.unlink()


def _write_new(path: Path, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        give_to_owner(file, path.parent)
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
    finally:
        os.close(file)


def _entries(path: Path) -> Iterator[Entry]:
    """The envelopes in a directory; other files are nobody's business."""
    try:
        with os.scandir(path) as found:
            for file in found:
                if _NAME.fullmatch(file.name) and file.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        yield Entry(file.name, file.stat(follow_symlinks=False).st_size)
    except (FileNotFoundError, NotADirectoryError):
        return


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
