"""What is too large for Sentry, cut step by step: exception, own frames and user stay.

Sentry refuses an event above 1 MiB (https://develop.sentry.dev/sdk/data-model/envelopes/, "size
limits"). What was cut is told in the context ``left_out`` and by remarks in ``_meta``.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

#: Bytes of an item, as JSON in UTF-8: a little below what is refused.
LIMIT = 1_000_000
#: Longer texts go before anything else looks at them, in characters.
LONGEST = 10_000
#: So many remarks are made of one event, and so much is kept of those that it has.
_MOST_REMARKS = 100
_MOST_META = 50_000

Path = tuple[Any, ...]
Dumps = Callable[[Any], bytes]


class _Step(NamedTuple):
    """How far a step goes: characters of a text, entries of a container, frames, exceptions."""

    length: int
    entries: int
    frames: int
    exceptions: int
    depth: int
    drops: frozenset[str] = frozenset()
    of_others: frozenset[str] = frozenset()


_SOURCE = frozenset({"pre_context", "post_context"})
#: ``drops`` are the keys that go, ``of_others`` those of frames that are not the project's own.
_STEPS = (
    _Step(8_000, 1_000, 250, 50, 20),
    _Step(2_000, 200, 150, 20, 12, frozenset({"modules"}), frozenset({"vars"})),
    _Step(500, 50, 100, 10, 8, frozenset({"modules"}), _SOURCE | {"vars"}),
    _Step(200, 15, 50, 5, 6, frozenset({"modules", "vars", "extra"}) | _SOURCE),
)
#: What stays when even that was too much.
_CORE = (
    *("event_id", "timestamp", "start_timestamp", "platform", "level", "logger", "type", "tags"),
    *("release", "environment", "dist", "server_name", "transaction", "transaction_info", "sdk"),
    *("user", "exception", "message", "logentry", "fingerprint"),
)

#: What stays of a part when it has too many entries.
_FIRST = ("trace",)


def fitted(content: Any, dumps: Dumps) -> tuple[Any, Counter[str]]:
    """``content`` so that ``dumps(content)`` is below the limit, and how much of what was cut.

    What cannot be made to fit, which is no event, is None.
    """
    counts: Counter[str] = Counter()
    for step in _STEPS:
        content, found = _cut_to(step, content, counts)
        if len(dumps(found)) < LIMIT:
            return found, counts
    if not isinstance(content, dict):
        return None, counts
    counts["parts"] += len(content.keys() - _CORE)
    core = {key: content[key] for key in _CORE if key in content}
    found = _told(core, counts, {})
    return (found if core and len(dumps(found)) < LIMIT else None), counts


def shortened(content: Any) -> Any:
    """``content``, in which no text is longer than :data:`LONGEST`: scrubbing takes its time."""
    cutter = _Cutter(_Step(LONGEST, 10**9, 10**9, 10**9, 10**9))
    try:
        return cutter.cut(content, ())
    except RecursionError:
        return content


def _cut_to(step: _Step, content: Any, counts: Counter[str]) -> tuple[Any, Any]:
    """``content`` after ``step``, and the same with what is told of it."""
    cutter = _Cutter(step)
    meta = content.pop("_meta", None) if isinstance(content, dict) else None
    cut = cutter.cut(content, ())
    counts.update(cutter.counts)
    told = _told(cut, counts, cutter.remarks)
    if meta and "event_id" in told and len(str(meta)) < _MOST_META and not told.get("_meta"):
        told["_meta"] = meta
    return cut, told


def _told(content: Any, counts: Counter[str], remarks: dict[Path, int]) -> Any:
    """An event with the context ``left_out`` and ``_meta``; anything else as it is."""
    if not (isinstance(content, dict) and "event_id" in content):
        return content
    contexts = content.get("contexts")
    contexts = contexts if isinstance(contexts, dict) else {}
    said = contexts.get("left_out")
    counted = Counter(said if isinstance(said, dict) else {})
    counted.update(counts)
    told = {**content, "contexts": {**contexts, "left_out": dict(counted)}}
    if meta := _tree(remarks):
        told["_meta"] = meta
    return told


def _tree(remarks: dict[Path, int]) -> dict[str, Any]:
    """As in https://develop.sentry.dev/sdk/data-model/event-payloads/ ("meta")."""
    tree: dict[str, Any] = {}
    for place, length in remarks.items():
        branch = tree
        for step in place:
            branch = branch.setdefault(str(step), {})
        branch[""] = {"len": length, "rem": [["!limit", "x"]]}
    return tree


class _Cutter:
    """One walk; ``counts`` is told how much was cut, ``remarks`` where, with the length before."""

    def __init__(self, step: _Step) -> None:
        self.step = step
        self.counts: Counter[str] = Counter()
        self.remarks: dict[Path, int] = {}

    def cut(self, value: Any, place: Path) -> Any:
        """``value`` cut, which stands at ``place``."""
        kind = type(value)
        if kind is str:
            return value if len(value) <= self.step.length else self._text(value, place)
        if kind is dict:
            return self._mapping(value, place)
        if kind is list:
            return self._list(value, place)
        return value

    def _text(self, text: str, place: Path) -> str:
        self._remark("texts", 1, place, len(text))
        return text[: self.step.length] + "..."

    def _mapping(self, value: dict[Any, Any], place: Path) -> Any:
        if len(place) > self.step.depth + 6:  # variables stand six levels down
            self._remark("entries", len(value), place, len(value))
            return None
        dropped = self.step.drops
        if place[-2:-1] == ("frames",) and not value.get("in_app"):
            dropped |= self.step.of_others
        keys = [key for key in value if key not in dropped]
        most = self.step.entries if place else max(self.step.entries, len(_CORE))
        if len(keys) > most:
            self._remark("entries", len(keys) - most, place, len(keys))
            first = _FIRST if place else _CORE
            keys = sorted(keys, key=lambda key: key not in first)[:most]
        self.counts["variables"] += len(value.get("vars") or ()) if "vars" in dropped else 0
        return {self._key(key): self.cut(value[key], (*place, key)) for key in keys}

    def _key(self, key: Any) -> Any:
        return key if type(key) is not str else key[: self.step.length]

    def _list(self, value: list[Any], place: Path) -> Any:
        kept = self._kept(value, place)
        if len(kept) < len(value):
            what = place[-1] if place[-1:] in (("frames",), ("spans",)) else "entries"
            self._remark(str(what), len(value) - len(kept), place, len(value))
        return [self.cut(entry, (*place, number)) for number, entry in enumerate(kept)]

    def _kept(self, value: list[Any], place: Path) -> list[Any]:
        """The entries that stay: the last breadcrumbs and exceptions, the project's own frames."""
        if place == ("items",):  # a batch, whose header says how many there are
            return value
        if place[-1:] == ("frames",):
            return _frames(value, self.step.frames)
        if place == ("exception", "values"):
            return value[-self.step.exceptions :]
        if place == ("breadcrumbs", "values"):
            return value[-self.step.entries :]
        return value[: self.step.entries]

    def _remark(self, what: str, count: int, place: Path, length: int) -> None:
        self.counts[what] += count
        if len(self.remarks) < _MOST_REMARKS:
            self.remarks[place] = length


def _frames(frames: list[Any], most: int) -> list[Any]:
    """At most so many: the last ones, those of the project first."""
    if len(frames) <= most:
        return frames
    numbers = range(len(frames))
    ranked = sorted(numbers, key=lambda n: (_is_own(frames[n]), n), reverse=True)
    return [frames[number] for number in sorted(ranked[:most])]


def _is_own(frame: Any) -> bool:
    return isinstance(frame, dict) and bool(frame.get("in_app"))
