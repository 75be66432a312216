"""What is known about a spool, for people and for scripts."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sentry_app.spool import Directory, Entry
from sentry_app.spool.state import State


def status(directory: Directory) -> dict[str, Any]:
    """What waits, what was refused and why, what is wrong, and when the next try is.

    Sizes in bytes, ages and waits in seconds.
    """
    now = time.time()
    told = State(directory.path / "state.json").read()
    return {
        "directory": str(directory.path),
        "waiting": _summary(directory.pending(), now),
        "rejected": {
            **_summary(directory.rejected(), now),
            "reasons": dict(Counter(map(directory.reason, directory.rejected()))),
        },
        "problem": told.problem if told else None,
        "next_try": round(max(0.0, told.next_try - now), 1) if told else None,
        "other_projects": {path.name: len(found) for path, found in _others(directory) if found},
    }


def rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The same as a table."""
    lines = [("directory", found["directory"]), ("waiting", _sentence(found["waiting"]))]
    lines.append(("rejected", _sentence(found["rejected"])))
    lines += [("", f"{count} x {why}") for why, count in found["rejected"]["reasons"].items()]
    if found["problem"]:
        lines.append(("problem", found["problem"]))
        lines.append(("next try", f"in {found['next_try']:g} s"))
    lines += [
        ("other project", f"{name}: {count} waiting; its DSN is not in force here")
        for name, count in found["other_projects"].items()
    ]
    return lines


def _summary(entries: Sequence[Entry], now: float) -> dict[str, Any]:
    return {
        "count": len(entries),
        "bytes": sum(entry.size for entry in entries),
        "oldest": round(now - entries[0].written, 1) if entries else None,
        "categories": dict(Counter(entry.category for entry in entries)),
    }


def _sentence(summary: dict[str, Any]) -> str:
    if not summary["count"]:
        return "nothing"
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(summary["categories"].items()))
    size, age = summary["bytes"] / 1024, summary["oldest"]
    return f"{summary['count']} ({kinds}), {size:.1f} KiB, the oldest {age:g} s old"


def _others(directory: Directory) -> Iterator[tuple[Path, list[Entry]]]:
    """The spools of other projects in the same SPOOL_DIR."""
    for path in sorted(directory.path.parent.glob("*/")):
        if path.is_dir() and path != directory.path:
            yield path, Directory(path, 1, 1).pending()
