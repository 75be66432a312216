"""What is remembered from earlier items: verdicts on keys, and texts without any secret."""

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from sentry_app.scrubbing.findings import Findings
from sentry_app.scrubbing.keys import SecretKeys, words
from sentry_app.scrubbing.protocol import ROOT, WHOLE
from sentry_app.scrubbing.rules import Rules
from sentry_app.scrubbing.triage import Triage

#: What to do with the value of a key; besides, ``KEEP`` and ``SOURCE``, or the table below it.
PLAIN, SECRET, VERSION = "plain", "secret", "version"

#: A shorter key holds no secret itself.
SHORTEST_KEY = 8

#: Values that are no texts, and seen so often that they are asked for with the texts: flags, small
#: numbers, the ports of the usual services.
_NUMBERS = (None, *range(1024), 1433, 1521, 3306, 5432, 5672, 6379, 8000, 8080, 9200, 11211, 27017)

_TEXTS = frozenset({str, type(None)})

_VERSIONS = frozenset({"version", "versions", "release", "build"})


class Shape(NamedTuple):
    """How to walk a mapping with certain keys: nothing is asked twice about the same keys.

    ``values`` gives the values of the keys ``texts``, which are usually texts; ``rest`` are other
    keys and what to do with them; ``is_special``: keys may hold secrets, or name one another.
    """

    texts: tuple[Any, ...]
    values: Callable[[Any], tuple[Any, ...]]
    rest: list[tuple[Any, Any]]
    is_special: bool


class Table(dict[Any, Any]):
    """What to do with each key in one part of an item; filled with unknown keys as they come."""

    def __init__(self, kinds: Mapping[Any, Any] = MappingProxyType({})) -> None:
        super().__init__(kinds)
        self.shapes: dict[tuple[Any, ...], Shape] = {}


class Memory:
    """Shared by all walks. Several threads may use it: losing an entry costs time only."""

    MAX_KEYS = 10_000
    MAX_SHAPES = 2_000
    MAX_TEXTS = 20_000
    LONGEST = 300

    def __init__(self, keys: SecretKeys, rules: Rules, triage: Triage) -> None:
        self.keys, self.rules, self.triage = keys, rules, triage
        self.root = _compiled(ROOT)
        self.generic = Table()
        self.clean: set[Any] = set(_NUMBERS)
        self.clean_lines: set[Any] = set()

    def kind(self, key: Any, table: Table) -> Any:
        """What to do with the value of ``key``, which ``table`` does not know yet."""
        kind = PLAIN
        if isinstance(key, bytes):
            key = key.decode("utf-8", "replace")
        if isinstance(key, str):
            if key in self.keys:
                kind = SECRET
            elif _VERSIONS.intersection(words(key[-40:])[-1:]):
                kind = VERSION
            if self._is_clean(key) and len(table) < self.MAX_KEYS:
                table[key] = kind
        return kind

    def _is_clean(self, key: str) -> bool:
        if len(key) < SHORTEST_KEY:
            return True
        return len(key) <= 100 and self.rules.scrub(key, Findings()) == key

    def shape(self, data: dict[Any, Any], table: Table) -> Shape:
        """How to walk ``data``, whose keys have not been seen together in ``table`` yet."""
        kinds = {key: table[key] if key in table else self.kind(key, table) for key in data}
        texts = tuple(
            key for key, kind in kinds.items() if kind is PLAIN and type(data[key]) in _TEXTS
        )
        rest = [
            (key, kind)
            for key, kind in kinds.items()
            if kind is not WHOLE and key not in set(texts)
        ]
        is_odd = any(key not in table for key in data)
        shape = Shape(texts, _getter(texts), rest, is_odd or "value" in data)
        if not is_odd and len(data) <= 50 and len(table.shapes) < self.MAX_SHAPES:
            table.shapes[tuple(data)] = shape
        return shape

    def remember(self, texts: Iterable[str], lines: Iterable[str]) -> None:
        """Keep ``texts`` and source ``lines`` in which nothing was found."""
        for new, known in ((texts, self.clean), (lines, self.clean_lines)):
            if len(known) > self.MAX_TEXTS:
                known.clear()
                known.update(_NUMBERS)
            known.update([text for text in new if len(text) <= self.LONGEST])


def _compiled(part: Any) -> Table:
    return Table({key: _kind(below) for key, below in part.items()})


def _getter(keys: tuple[Any, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(keys) > 1:
        return itemgetter(*keys)
    if len(keys) == 1:
        return lambda data: (data[keys[0]],)
    return lambda data: ()


def _kind(below: Any) -> Any:
    if below is None:
        return PLAIN
    return below if isinstance(below, str) else _compiled(below)
