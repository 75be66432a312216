"""One process at a time sends what is in a spool."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from sentry_app.spool.ownership import give_to_owner

if sys.platform != "win32":
    import fcntl

#: The locks that this process holds, by its id: those that a forked child finds here are its
#: parent's. The operating system would grant a process each one twice.
_held: dict[tuple[int, str], "FileLock"] = {}


class FileLock:
    """A lock on a file, which ends with the process that holds it, however that dies.

    A record lock (``fcntl.lockf``) rather than ``flock``: a forked child does not inherit it. No
    process id in a file either: containers that share a volume may each have a process 7.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._file = -1

    def acquire(self) -> bool:
        """Take the lock if nobody has it; does not wait. Raises ``OSError``."""
        if self.is_held:
            if _is_at(self._path, self._file):
                return True
            self.release()  # somebody deleted the directory, and others lock the new one
        if sys.platform == "win32" or _held.setdefault(self._key, self) is not self:
            return False
        try:
            self._file = _opened(self._path)
        except OSError:
            self.release()
            raise
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            self.release()
        except OSError:  # a volume that knows no locks
            self.release()
            raise
        return self.is_held

    @property
    def is_held(self) -> bool:
        """Whether this object has the lock."""
        return self._file >= 0 and _held.get(self._key) is self

    def release(self) -> None:
        """Give the lock back. Closing another descriptor of the same file would do so as well."""
        if _held.get(self._key) is self:  # or else it was the parent's, and is some other file now
            if self._file >= 0:
                with suppress(OSError):
                    os.close(self._file)
            del _held[self._key]
        self._file = -1

    @property
    def _key(self) -> tuple[int, str]:
        return os.getpid(), self._path


def _is_at(path: str, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))  # noqa: PTH116
    except OSError:
        return False


def _opened(path: str) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    with suppress(OSError):
        give_to_owner(file, Path(path).parent)
    return file
