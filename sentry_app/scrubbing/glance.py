"""A first look at an item: which of its parts have to be walked at all.

Most parts of most items hold nothing. Their mappings have keys that came before, none of them
secret, and their texts came before or pass the triage. So this look gathers the texts and notes no
place, which is half the work of the walk (``walk.py``). What it cannot tell at once, it leaves to
the walk: a part is clear only if the walk would find nothing in it.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from sentry_app.interrupts import let_through
from sentry_app.scrubbing.memory import PLAIN, SCALARS, SECRET, Memory, Shape, Table
from sentry_app.scrubbing.oddities import is_odd
from sentry_app.scrubbing.pairs import secret_places
from sentry_app.scrubbing.protocol import SOURCE
from sentry_app.scrubbing.removal import may_be_secret
from sentry_app.scrubbing.walk import MAX_CONTAINERS, MAX_DEPTH

#: What is large, or likely to hold something, is a part of its own; all else is one.
_LARGE = frozenset({"breadcrumbs", "exception", "request", "spans", "threads", "user"})
_TOP = object()
#: In a log line, the template decides on its parameters (``templates.py``).
_LOGGED = frozenset({"items", "logentry"})
_DICT, _LIST = frozenset({dict}), frozenset({list})
_LINES = frozenset({str, type(None)})
#: So many mappings with the same keys are looked at together; for fewer it costs more.
_SEVERAL = 4


class Unclear(Exception):
    """The part has to be walked."""


class Part:
    """The texts and numbers of a part of the item, but for those that stand in its ``lenders``."""

    __slots__ = ("gather", "lenders", "values")

    def __init__(self) -> None:
        self.values: set[Any] = set()
        self.gather = self.values.update
        self.lenders: set[Part] = set()


class Glance:
    """A look at ``data``: what under a key of it is not ``unclear`` is clear if its texts are.

    So is what is in a frame's variables. If it ``is_blind``, nothing is known.
    """

    def __init__(self, memory: Memory, data: Any) -> None:
        self._memory, self._keys, self._generic = memory, memory.keys, memory.generic
        #: The parts, each with the key of the item under which it stands.
        self._parts: dict[Part, Any] = {}
        #: The identities of the mappings of variables, each of which is a part.
        self._variables: dict[Part, int] = {}
        #: The lines of source in all parts, and under which keys they are.
        self.lines: set[Any] = set()
        self._sourced: set[Any] = set()
        #: The keys of the item under which something has to be walked.
        self.unclear: set[Any] = set()
        self._unclear_parts: set[Part] = set()
        #: The keys of the mappings in all parts.
        self.names: set[str] = set()
        self._left = MAX_CONTAINERS
        self._now: Any = None
        self._enter(Part())
        #: By what to do with it, a mapping that came before, and its part.
        self._seen: dict[int, tuple[Any, Any, Part]] = {}
        self._top: list[Any] = []
        shape = memory.root.shapes.get(tuple(data)) if type(data) is dict else None
        self.is_blind = shape is None or shape.is_special or not self._item(data, shape)

    def texts(self) -> list[str]:
        """All texts and names in the clear parts."""
        clear = [
            part.values
            for part, key in self._parts.items()
            if part in self._variables or key not in self.unclear
        ]
        return [text for text in self.names.union(self.lines, *clear) if type(text) is str]

    def new(self) -> tuple[set[Any], set[Any]]:
        """The values and the lines that were in no item before."""
        found: set[Any] = set().union(*[part.values for part in self._parts])
        values = found.difference(self._memory.clean)
        lines = self.lines.difference(self._memory.clean_lines)
        lines.discard(None)
        return values, lines

    def doubt(self, suspects: set[Any]) -> None:
        """Let those parts be unclear in which one of ``suspects`` stands."""
        own = [part for part in self._parts if not suspects.isdisjoint(part.values)]
        doubtful = own or self._borrowers()
        while doubtful:
            for part in doubtful:
                self._forget(part)
            doubtful = self._borrowers()
        if not suspects.isdisjoint(self.lines):
            self.unclear |= self._sourced

    def _borrowers(self) -> list[Part]:
        """The parts with something in them that stands in an unclear one."""
        unclear = self._unclear_parts
        return [part for part in self._parts if not unclear.isdisjoint(part.lenders)]

    def clear(self) -> set[int]:
        """The identities of those mappings of variables that are clear."""
        return set(self._variables.values())

    def _forget(self, part: Part) -> None:
        """Let ``part`` be unclear."""
        self._unclear_parts.add(part)
        self._variables.pop(part, None)
        key = self._parts.pop(part)
        self.unclear.update(self._top if key is _TOP else [key])

    def _item(self, data: dict[Any, Any], shape: Shape) -> bool:
        """Look at the item itself, then at what is under each key; whether that can be done."""
        if shape.kept and not _are_scalars(shape.values_kept(data)):
            return False
        try:
            self._gather(shape.values(data))
        except TypeError:
            return False
        small = self._part
        self._parts[small], self._top = _TOP, list(shape.texts)
        for key, kind, inner in shape.rest:
            self._now = key
            if key in _LARGE:
                self._enter(Part())
                self._parts[self._part] = key
            else:
                self._top.append(key)
            try:
                if key in _LOGGED:
                    raise Unclear
                self._value(key, data[key], kind, inner, 1)
            except Exception as error:  # the walk will tell
                let_through(error)
                self.unclear.add(key)
            self._enter(small)
        if self._unclear_parts or self._memory.statements:
            self.doubt(set(self._memory.statements.copy()))
        return True

    def _enter(self, part: Part) -> None:
        self._part, self._gather = part, part.gather

    def _mapping(  # noqa: C901
        self, data: dict[Any, Any], table: Table, depth: int
    ) -> None:
        plan = table.plans[tuple(data)]
        values, kept, names, rest = plan
        seen = self._seen.get(id(plan)) if rest else None
        if seen is not None and seen[1] == data:
            # One object stands in the variables of many frames.
            return self._part.lenders.add(seen[2])
        if values is not None:
            self._gather(values(data))
        if depth > MAX_DEPTH or (kept is not None and not _are_scalars(kept(data))):
            raise Unclear
        self.names.add(names)
        for key, kind, inner in rest:
            value = data[key]
            # What is usual stands here and costs no call: this is where the time goes.
            if inner is not None and type(value) is dict:
                if value:
                    self._mapping(value, inner, depth + 1)
            elif inner is not None and type(value) is list:
                if value:
                    self._list(value, kind, depth + 1)
            else:
                self._value(key, value, kind, inner, depth)
        if rest:
            self._seen[id(plan)] = plan, data, self._part
        return None

    def _value(self, key: Any, value: Any, kind: Any, inner: Table | None, depth: int) -> None:
        cls = type(value)
        if kind is SECRET and may_be_secret(key, value):
            raise Unclear
        if cls is dict:
            if value:
                self._mapping(value, inner or self._generic, depth + 1)
        elif cls is list:
            if value:
                self._list(value, kind, depth + 1)
        elif kind is SOURCE:
            self._source((value,))
        else:
            self._part.values.add(value)

    def _source(self, lines: Iterable[Any]) -> None:
        if not _LINES.issuperset(map(type, lines)):
            raise Unclear
        self.lines.update(lines)
        self._sourced.add(self._now)

    def _list(self, data: list[Any], kind: Any, depth: int, in_list: bool = False) -> None:
        self._left -= len(data)
        types = set(map(type, data))
        if depth > MAX_DEPTH or self._left < 0:
            raise Unclear
        if types == _DICT:
            return self._mappings(data, kind if type(kind) is Table else self._generic, depth + 1)
        if kind is SOURCE:
            return self._source(data)
        return self._plain_list(data, kind, types, depth, in_list)

    def _plain_list(
        self, data: list[Any], kind: Any, types: set[type], depth: int, in_list: bool
    ) -> None:
        if type(kind) is Table:
            raise Unclear
        if len(data) > 1 and str in types and secret_places(data, self._keys, in_list):
            raise Unclear
        if types <= SCALARS:
            return self._gather(data)
        for value in data:
            if type(value) is list and value:
                self._list(value, PLAIN, depth + 1, in_list=True)
            else:
                self._value(None, value, PLAIN, self._generic, depth)
        return None

    def _mappings(self, maps: Sequence[dict[Any, Any]], table: Table, depth: int) -> None:
        """Look at ``maps``, which stand in the same part: those with the same keys at once."""
        keys = tuple(maps[0])
        if len(maps) > 1 and set(map(len, maps)) == {len(keys)}:
            shape = table.shapes[keys]
            try:
                rows = list(map(shape.all, maps))
            except KeyError:
                pass
            else:
                return self._alike(shape, keys, rows, depth)
        groups: dict[Any, list[Any]] = {}
        for data in maps:
            groups.setdefault(tuple(data), []).append(data)
        for alike in groups.values():
            if len(alike) < _SEVERAL:
                for data in alike:
                    self._mapping(data, table, depth)
            else:
                self._mappings(alike, table, depth)
        return None

    def _alike(self, shape: Shape, keys: Any, rows: list[tuple[Any, ...]], depth: int) -> None:
        """``rows`` are the values of mappings with the same ``keys``."""
        if shape.is_special or depth > MAX_DEPTH:
            raise Unclear
        self.names.add(shape.names)
        if len(shape.texts) == len(keys):
            return self._gather(chain.from_iterable(rows))
        columns = dict(zip(keys, zip(*rows, strict=True), strict=False))
        for key in shape.texts:
            self._gather(columns[key])
        for key in shape.kept:
            if not _are_scalars(columns[key]):
                raise Unclear
        for key, kind, inner in shape.rest:
            self._column(key, columns[key], kind, inner, depth)
        return None

    def _column(
        self, key: Any, column: tuple[Any, ...], kind: Any, inner: Table | None, depth: int
    ) -> None:
        types = set(map(type, column))
        if types == _DICT and key == "vars":
            self._frames(column, inner or self._generic, depth + 1)
        elif types == _DICT and kind is not SECRET:
            self._left -= len(column)
            self._mappings(column, inner or self._generic, depth + 1)
        elif kind is SOURCE and list not in types:
            self._source(column)
        elif kind is SOURCE and types == _LIST:
            self._source(list(chain.from_iterable(column)))
        else:
            for value in column:
                self._value(key, value, kind, inner, depth)

    def _frames(self, column: Iterable[Any], table: Table, depth: int) -> None:
        """Look at the variables of frames; those of each are a part."""
        outer = self._part
        for variables in filter(None, column):
            part = Part()
            self._enter(part)
            self._parts[part], self._variables[part] = self._now, id(variables)
            try:
                self._mapping(variables, table, depth)
            except Unclear:  # the walk will tell
                self._forget(part)
            except Exception as error:
                let_through(error)
                self._forget(part)
        self._enter(outer)


def _are_scalars(values: tuple[Any, ...]) -> bool:
    """Whether JSON has all ``values`` as texts or numbers; members of enumerations too."""
    return SCALARS.issuperset(map(type, values)) or all(
        value is None or isinstance(value, (str, int, float)) for value in values
    )


def odd_ones(values: Iterable[Any]) -> list[Any]:
    """Those of ``values`` that are no texts and have to be looked at."""
    return [value for value in values if type(value) is not str and is_odd(value)]
