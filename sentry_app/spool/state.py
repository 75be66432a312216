"""What the process that drains a spool tells the others: what is wrong, and when it tries again."""

import json
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Told(NamedTuple):
    """The ``problem`` met last, and when the ``next_try`` is, in seconds since 1970."""

    problem: str
    next_try: float


class State:
    """A small file beside the envelopes. Never raises: it is for people only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_written = True  # by whoever drained before

    def remember(self, problem: str, next_try: float) -> None:
        """Tell why nothing gets through, and when it is tried again."""
        part = self._path.with_suffix(".tmp")
        with suppress(OSError):
            part.write_text(json.dumps(Told(problem, next_try)._asdict()), encoding="utf-8")
            part.replace(self._path)
            self._is_written = True

    def forget(self) -> None:
        """Tell that all is well again."""
        if self._is_written:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
                self._is_written = False

    def read(self) -> Told | None:
        """What was told, or None if all is well."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return Told(str(found["problem"]), float(found["next_try"]))
        except (OSError, ValueError, TypeError, LookupError):
            return None
