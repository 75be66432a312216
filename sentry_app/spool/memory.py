"""What could not be written waits in memory, up to a bound."""

import time
from collections.abc import Iterator
from itertools import count

from sentry_app.spool.directory import Entry


class Memory:
    """The envelopes that wait in this process; lost when it ends.

    The same methods as a ``Directory``. At most ``max_entries`` and ``max_bytes`` are kept.
    """

    def __init__(self, max_entries: int = 100, max_bytes: int = 16 * 2**20) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._envelopes: dict[str, tuple[Entry, bytes]] = {}
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._envelopes)

    def write(self, raw: bytes, category: str) -> list[Entry]:
        """Keep an envelope; returns those that had to go for it, the oldest first."""
        now = time.time_ns()
        entry = Entry(f"{now:020d}-{next(self._numbers)}.{category}.envelope", len(raw))
        self._envelopes[entry.name] = entry, raw
        return list(self._make_room())

    def pending(self) -> list[Entry]:
        """What waits, the oldest first."""
        return sorted(entry for entry, _ in list(self._envelopes.values()))

    def read(self, entry: Entry) -> bytes:
        """The envelope; raises ``FileNotFoundError`` if it is gone."""
        try:
            return self._envelopes[entry.name][1]
        except KeyError:
            raise FileNotFoundError(entry.name) from None

    def remove(self, entry: Entry) -> bool:
        """Whether it was still there."""
        return self._envelopes.pop(entry.name, None) is not None

    def reject(self, entry: Entry, reason: str) -> bool:
        """Give up an envelope; memory does not keep why."""
        return self.remove(entry)

    def clear(self) -> None:
        """Forget everything."""
        self._envelopes = {}

    def _make_room(self) -> Iterator[Entry]:
        waiting = self.pending()
        size = sum(entry.size for entry in waiting)
        for number, entry in enumerate(waiting):
            if len(waiting) - number <= self._max_entries and size <= self._max_bytes:
                return
            size -= entry.size
            if self.remove(entry):
                yield entry
