"""What is remembered from earlier items: verdicts on keys, and texts without any secret."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from sentry_app.scrubbing.columns import Parameters
from sentry_app.scrubbing.findings import Findings
from sentry_app.scrubbing.keys import SecretKeys, words
from sentry_app.scrubbing.pairs import NAMES
from sentry_app.scrubbing.protocol import KEEP, ROOT, WHOLE
from sentry_app.scrubbing.rules import Rules
from sentry_app.scrubbing.triage import Triage

#: What to do with the value of a key; besides, ``KEEP`` and ``SOURCE``, or the table below it.
PLAIN, SECRET, VERSION = "plain", "secret", "version"

#: A shorter key holds no secret itself.
SHORTEST_KEY = 8

#: Values that are no texts, and seen so often that they are asked for with the texts: flags, small
#: numbers, the ports of the usual services.
_NUMBERS = (None, *range(1024), 1433, 1521, 3306, 5432, 5672, 6379, 8000, 8080, 9200, 11211, 27017)

#: What is no container; these can be members of a set.
SCALARS = frozenset({str, int, float, bool, type(None)})

_VERSIONS = frozenset({"build", "firmware", "oid", "release", "revision", "version", "versions"})


class Shape(NamedTuple):
    """How to walk mappings with certain keys: nothing is asked twice about the same keys.

    ``names`` are the keys as one text. ``all`` gives all values, ``values`` those of the keys
    ``texts``, which are usually texts or numbers, and ``values_kept`` those of the keys ``kept``;
    ``rest`` are other keys, what to do with them, and the table of a mapping that stands there.
    ``is_odd``: keys may hold secrets themselves; ``may_spell_out``: a key may name the value of
    another.
    """

    names: str
    all: Callable[[Any], tuple[Any, ...]]
    texts: tuple[Any, ...]
    values: Callable[[Any], tuple[Any, ...]]
    kept: tuple[Any, ...]
    values_kept: Callable[[Any], tuple[Any, ...]]
    rest: list[tuple[Any, Any, Any]]
    is_special: bool
    is_odd: bool
    may_spell_out: bool


Getter = Callable[[Any], tuple[Any, ...]]
Plan = tuple[Getter | None, Getter | None, str, list[tuple[Any, Any, Any]]]


class Table(dict[Any, Any]):
    """What to do with each key in one part of an item; filled with unknown keys as they come."""

    def __init__(self, kinds: Mapping[Any, Any] = MappingProxyType({})) -> None:
        super().__init__(kinds)
        self.shapes: dict[tuple[Any, ...], Shape] = {}
        #: Of the shapes that are not special, what a glance needs: how to get the texts, and what
        #: is kept, or None if there is nothing; the keys as one text, and the rest.
        self.plans: dict[tuple[Any, ...], Plan] = {}


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
        #: SQL with placeholders for secrets.
        self.statements: dict[str, Parameters] = {}

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

    def shape(self, keys: tuple[Any, ...], maps: Sequence[dict[Any, Any]], table: Table) -> Shape:
        """How to walk mappings with ``keys`` such as ``maps``."""
        kinds = {key: table[key] if key in table else self.kind(key, table) for key in keys}
        known = table.shapes.get(keys)
        apart = {key for key, _, _ in known.rest} if known else set()
        apart |= {key for data in maps for key in keys if type(data[key]) not in SCALARS}
        texts = tuple(key for key, kind in kinds.items() if kind is PLAIN and key not in apart)
        kept = tuple(key for key, kind in kinds.items() if kind is KEEP)
        done = {*texts, *kept}
        rest = [
            (key, kind, self._below(kind))
            for key, kind in kinds.items()
            if kind is not WHOLE and key not in done
        ]
        is_odd = any(key not in table for key in keys)
        may_spell_out = "value" in kinds and not NAMES.isdisjoint(kinds)
        names = "\n".join([key for key in keys if type(key) is str])
        shape = Shape(
            names, _getter(keys), texts, _getter(texts), kept, _getter(kept), rest,
            is_odd or may_spell_out, is_odd, may_spell_out,
        )  # fmt: skip
        if not is_odd and len(keys) <= 50 and len(table.shapes) < self.MAX_SHAPES:
            table.shapes[keys] = shape
            table.plans.pop(keys, None)
            if not shape.is_special:
                values, values_kept = texts and shape.values, kept and shape.values_kept
                table.plans[keys] = values or None, values_kept or None, names, rest
        return shape

    def _below(self, kind: Any) -> Table | None:
        if type(kind) is Table:
            return kind
        return self.generic if kind is PLAIN else None

    def remember(
        self, texts: Iterable[str], lines: Iterable[str], statements: Mapping[str, Parameters]
    ) -> None:
        """Keep ``texts`` and source ``lines`` in which nothing was found, and SQL that has
        placeholders for secrets, as long as the texts.
        """
        if len(self.clean) > self.MAX_TEXTS:
            # Texts first: who finds a statement among them finds it below too.
            self.clean, self.statements = set(_NUMBERS), {}
        if len(self.clean_lines) > self.MAX_TEXTS:
            self.clean_lines = set()
        texts = [text for text in texts if len(text) <= self.LONGEST]
        if statements:
            kept = statements.keys() & texts
            self.statements.update({text: statements[text] for text in kept})
        self.clean.update(texts)
        self.clean_lines.update([line for line in lines if len(line) <= self.LONGEST])


def _compiled(part: Any) -> Table:
    return Table({key: _kind(below) for key, below in part.items()})


def _getter(keys: tuple[Any, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(keys) > 1:
        return itemgetter(*keys)
    if len(keys) == 1:
        # Twice the same, so that it gives a tuple, and in C.
        return itemgetter(*keys, *keys)
    return lambda data: ()


def _kind(below: Any) -> Any:
    if below is None:
        return PLAIN
    return below if isinstance(below, str) else _compiled(below)
