"""The walk over an item: every key is asked, every text gathered, nothing changed.

Spans, breadcrumbs, frames and what stands in them are alike: mappings with the same keys are looked
at together, a column at a time, because a loop in C costs less than the same loop in Python. What
goes at once is put in a patch. What a text loses is decided afterwards, for all of them together
(``triage.py``).
"""

import re
from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import Any

from sentry_app.interrupts import let_through
from sentry_app.scrubbing.cells import Cells
from sentry_app.scrubbing.memory import PLAIN, SCALARS, SECRET, VERSION, Memory, Shape, Table
from sentry_app.scrubbing.numbers import is_card
from sentry_app.scrubbing.oddities import SMALLEST_CARD, is_odd, nearest
from sentry_app.scrubbing.pairs import secret_places, spelt_out
from sentry_app.scrubbing.patch import Node, below, path, places_in
from sentry_app.scrubbing.protocol import KEEP, SOURCE, WHOLE
from sentry_app.scrubbing.removal import Removal, may_be_secret

#: Deeper than anything the SDK serialises, and more containers; what lies beyond is replaced.
MAX_DEPTH = 100
MAX_CONTAINERS = 200_000

_DICT, _LIST = frozenset({dict}), frozenset({list})
_LINES = frozenset({str, type(None)})
#: A version that looks like an address.
_VERSION = re.compile(r"v?\d+(?:\.\d+){3}")
#: So many mappings with the same keys are looked at together; for fewer it costs more.
_SEVERAL = 5
#: The keys of a list.
LIST = range(2**31)
Keys = tuple[Any, ...]
Nodes = list[Node]
Maps = Sequence[Any]
Columns = dict[Any, tuple[Any, ...]]
Look = Callable[[Sequence[Any], Nodes, Any, int], None]


class Walk(Removal):
    """One walk over one item, or over what stands under the keys ``only`` of it.

    Of ordinary mappings those are left out whose identities are ``clear``.
    """

    def __init__(
        self,
        memory: Memory,
        data: Any,
        only: Collection[Any] | None = None,
        clear: Collection[int] = (),
    ) -> None:
        super().__init__(memory.keys, data)
        self.memory = memory
        self.left = MAX_CONTAINERS
        self.clear = clear
        self.statements = memory.statements  # before it is asked which texts are known
        #: Texts and numbers, and lines of source.
        self.plain, self.source = Cells(), Cells()
        self._gather, self._note = self.plain.values.update, self.plain.rows.append
        #: Those of the texts that were in no item before.
        self.texts: list[str] = []
        #: The keys of the mappings; those of one mapping are one text.
        self.names: set[str] = set()
        #: Nodes of mappings with keys that may hold secrets themselves.
        self.odd: Nodes = []
        part = data if only is None else {key: data[key] for key in only}
        self._item(0, part, memory.root, None, 0)
        self._others()

    def _mapping(  # noqa: C901
        self, data: dict[Any, Any], table: Table, node: Node, depth: int
    ) -> None:
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            return self.removed("too deep", node)
        # What is usual stands here and costs no call: this is where the time goes.
        keys = tuple(data)
        shape = table.shapes.get(keys) or self.memory.shape(keys, [data], table)
        if shape.is_special:
            return self._special(shape, data, table, node, depth)
        if shape.texts:
            row = shape.values(data)
            try:
                self._gather(row)
                self._note((shape.texts, row, node))
            except TypeError:  # a container where only texts were seen before
                shape = self.memory.shape(keys, [data], table)
                return self._special(shape, data, table, node, depth)
        if shape.kept and not SCALARS.issuperset(map(type, shape.values_kept(data))):
            for key in shape.kept:
                self._item(key, data[key], KEEP, node, depth)
        self.names.add(shape.names)
        for key, kind, inner in shape.rest:
            value = data[key]
            cls = type(value)
            if inner is not None and cls is dict:
                if value:
                    self._mapping(value, inner, (node, key), depth + 1)
            elif inner is not None and cls is list:
                if value:
                    self._list(value, kind, (node, key), depth + 1)
            else:
                self._item(key, value, kind, node, depth)
        return None

    def _special(
        self, shape: Shape, data: dict[Any, Any], table: Table, node: Node, depth: int
    ) -> None:
        """Look at ``data``, which is not as usual."""
        if shape.may_spell_out and spelt_out(data, self.memory.keys):
            self.secret("value", data["value"], node)
            data = {key: value for key, value in data.items() if key != "value"}
        if shape.is_odd:
            self.odd.append(node)
        self.names.add(shape.names)
        for key in data:
            kind = table[key] if key in table else self.memory.kind(key, table)
            if kind is not WHOLE:
                self._item(key, data[key], kind, node, depth)

    def _mappings(self, maps: Maps, nodes: Nodes, table: Table, depth: int) -> None:
        """Look at ``maps``, which stand in the same part of the item."""
        if self.clear and table is self.memory.generic:
            unclear = [place for place in range(len(maps)) if id(maps[place]) not in self.clear]
            maps, nodes = [maps[n] for n in unclear], [nodes[n] for n in unclear]
        if len(maps) >= _SEVERAL:
            found = self._columns(maps, table)
            if found is not None:
                return self._alike(*found, maps, nodes, table, depth)
            groups: dict[Keys, tuple[list[Any], Nodes]] = {}
            for data, node in zip(maps, nodes, strict=True):
                group = groups.setdefault(tuple(data), ([], []))
                group[0].append(data)
                group[1].append(node)
            if len(groups) * _SEVERAL <= len(maps):
                for some, theirs in groups.values():
                    self._mappings(some, theirs, table, depth)
                return None
        for data, node in zip(maps, nodes, strict=True):
            self._mapping(data, table, node, depth)
        return None

    def _columns(self, maps: Maps, table: Table) -> tuple[Shape, Columns] | None:
        """What stands under each key in ``maps``; None if they have not all the same keys."""
        keys = tuple(maps[0])
        shape = table.shapes.get(keys) or self.memory.shape(keys, maps[:1], table)
        if shape.is_special or set(map(len, maps)) != {len(keys)}:
            return None
        try:
            return shape, dict(zip(keys, zip(*map(shape.all, maps), strict=True), strict=False))
        except KeyError:
            return None

    def _alike(
        self, shape: Shape, columns: Columns, maps: Maps, nodes: Nodes, table: Table, depth: int
    ) -> None:
        """Look at ``maps``, which have the same keys, by their ``columns``."""
        self.left -= len(maps)
        for key in shape.texts:
            try:
                self.plain.add_column(key, columns[key], nodes)
            except TypeError:  # containers where only texts were seen before
                self.memory.shape(tuple(columns), maps, table)
                self._column(key, columns[key], PLAIN, nodes, depth)
        for key in shape.kept:
            if not SCALARS.issuperset(map(type, columns[key])):
                self._column(key, columns[key], KEEP, nodes, depth)
        for key, kind, _ in shape.rest:
            self._column(key, columns[key], kind, nodes, depth)
        self.names.add(shape.names)

    def _column(self, key: Any, column: Sequence[Any], kind: Any, nodes: Nodes, depth: int) -> None:
        """Look at what stands under ``key`` in mappings with the same keys."""
        types = set(map(type, column))
        if types == _DICT and kind is not SECRET:
            table = kind if type(kind) is Table else self.memory.generic
            self._guarded(self._mappings, column, below(nodes, key), table, depth + 1)
        elif types == _LIST and kind is not SECRET:
            self._guarded(self._lists, column, below(nodes, key), _of_list(kind), depth + 1)
        elif kind is SOURCE and types <= _LINES:
            self.source.add_column(key, column, nodes)
        elif kind is PLAIN and types <= SCALARS:
            self.plain.add_column(key, column, nodes)
        else:
            for value, node in zip(column, nodes, strict=True):
                self._item(key, value, kind, node, depth)

    def _lists(self, lists: Sequence[Any], nodes: Nodes, kind: Any, depth: int) -> None:
        """Look at ``lists``, which stand in the same part of the item."""
        types = set(map(type, chain.from_iterable(lists)))
        if types == _DICT:
            self.left -= len(lists)
            table = kind if type(kind) is Table else self.memory.generic
            maps = list(chain.from_iterable(lists))
            self._guarded(self._mappings, maps, places_in(lists, nodes), table, depth + 1)
        elif kind is SOURCE and types <= _LINES:
            self.source.add_rows(LIST, lists, nodes)
        else:
            for data, node in zip(lists, nodes, strict=True):
                self._list(data, kind, node, depth)

    def _list(self, data: list[Any], kind: Any, node: Node, depth: int) -> None:
        if depth > MAX_DEPTH or self.left < 0:
            return self.removed("too deep", node)
        types = set(map(type, data))
        self.left -= 1
        if types == _DICT:
            table = kind if type(kind) is Table else self.memory.generic
            places = places_in([data], [node])
            return self._guarded(self._mappings, data, places, table, depth + 1)
        secret: Any = ()
        if kind is PLAIN:
            if len(data) > 1 and str in types:
                secret = secret_places(data, self.memory.keys, type(node[1]) is int)
            if not secret:
                return self._plain_list(data, types, node, depth)
        for place, value in enumerate(data):
            if place in secret and may_be_secret("", value):
                self.secret(place, value, node)
            else:
                self._item(place, value, kind, node, depth)
        return None

    def _plain_list(self, data: list[Any], types: set[type], node: Node, depth: int) -> None:
        """Look at a list in which no element names another: texts and numbers at once."""
        if types <= SCALARS:
            return self.plain.add(LIST, data, node)
        if len(types) > 1:
            self.plain.add(LIST, [v if type(v) in SCALARS else None for v in data], node)
        for place, value in enumerate(data):
            if type(value) not in SCALARS:
                self._item(place, value, PLAIN, node, depth)
        return None

    def _guarded(
        self, look: Look, containers: Sequence[Any], nodes: Nodes, kind: Any, depth: int
    ) -> None:
        """``look`` at all ``containers`` together; those that cannot be looked at are removed."""
        if depth > MAX_DEPTH or self.left < len(containers):
            left = max(0, self.left) if depth <= MAX_DEPTH else 0
            for node in nodes[left:]:
                self.removed("too deep", node)
            containers, nodes = containers[:left], nodes[:left]
        try:
            if containers:
                look(containers, nodes, kind, depth)
        except Exception as error:
            let_through(error)
            if len(containers) == 1:
                return self.removed("internal error", nodes[0])
            for container, node in zip(containers, nodes, strict=True):
                self._guarded(look, [container], [node], kind, depth)
        return None

    def _item(self, key: Any, value: Any, kind: Any, node: Node, depth: int) -> None:
        """Look at ``value``, which stands under ``key`` in the container ``node``."""
        cls = type(value)
        if kind is SECRET and may_be_secret(key, value):
            self.secret(key, value, node)
        elif cls is dict or cls is list:
            try:
                if cls is dict:
                    table = kind if type(kind) is Table else self.memory.generic
                    self._mapping(value, table, (node, key), depth + 1)
                else:
                    self._list(value, _of_list(kind), (node, key), depth + 1)
            except Exception as error:
                let_through(error)
                self.removed("internal error", (node, key))
        elif cls not in SCALARS:
            self._other(key, value, kind, node, depth)
        elif kind is not KEEP:
            self._scalar(key, value, kind, node)

    def _scalar(self, key: Any, value: Any, kind: Any, node: Node) -> None:
        if type(value) is not str:
            if type(value) is int and value >= SMALLEST_CARD and is_card(str(value)):
                self.removed("card number", (node, key))
        elif kind is not VERSION or not _VERSION.fullmatch(value):
            cells = self.source if kind is SOURCE else self.plain
            cells.add((key,), (value,), node)

    def _others(self) -> None:
        """Look at what was gathered with the new texts: numbers, and what JSON does not know."""
        start = 0, 0
        while True:
            new = self.plain.values.difference(self.memory.clean)
            self.texts = [value for value in new if type(value) is str]
            if len(self.texts) == len(new):
                return
            odd = {value: None for value in new if type(value) is not str and is_odd(value)}
            places = list(self.plain.places(odd.keys(), start)) if odd else ()
            if not places:
                return
            start = self.plain.end()
            for node, key, value in places:
                self._item(key, value, PLAIN, node, len(path(node)))

    def _other(self, key: Any, value: Any, kind: Any, node: Node, depth: int) -> None:
        """A value that JSON does not know: as the nearest that it knows."""
        try:
            plain = nearest(value)
            if plain is value:
                return
            self.patch.put(node, key, plain)
            self._item(key, plain, PLAIN if kind is KEEP else kind, node, depth)
        except Exception as error:
            let_through(error)
            self.removed("internal error", (node, key))


def _of_list(kind: Any) -> Any:
    """What to do with the elements of a list, by what to do with the list."""
    return kind if type(kind) is Table or kind is SOURCE else PLAIN
