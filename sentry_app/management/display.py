"""How the commands print: aligned tables, and JSON."""

import json
from collections.abc import Iterable
from typing import Any


def table(rows: Iterable[tuple[str, ...]], indent: str = "  ") -> str:
    """``rows`` as lines with aligned columns; the last column is left ragged."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(indent + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def dumped(value: Any) -> str:
    """``value`` as indented JSON; what JSON does not know becomes text."""
    return json.dumps(value, indent=2, default=str, ensure_ascii=False)


def progress(done: int, total: int, width: int = 40) -> str:
    """A bar of ``width`` characters, and the numbers.

    >>> progress(1, 4, width=8)
    '[##......] 1/4'
    """
    filled = width * done // total if total else width
    return f"[{'#' * filled}{'.' * (width - filled)}] {done}/{total}"
