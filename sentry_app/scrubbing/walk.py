"""The walk over an item: every key is asked, every new text collected, nothing changed.

What goes is put in a patch. What a new text loses is decided afterwards, for all of them at once
(``triage.py``).
"""

import re
from collections.abc import Container
from typing import Any

from sentry_app.scrubbing.findings import FILTERED, Findings
from sentry_app.scrubbing.memory import PLAIN, SECRET, SHORTEST_KEY, VERSION, Memory, Table
from sentry_app.scrubbing.numbers import is_card
from sentry_app.scrubbing.pairs import secret_places, spelt_out
from sentry_app.scrubbing.patch import Node, Patch
from sentry_app.scrubbing.protocol import KEEP, SOURCE
from sentry_app.scrubbing.remarks import Remarks

#: Deeper than anything the SDK serialises, and more containers; what lies beyond is replaced.
MAX_DEPTH = 100
MAX_CONTAINERS = 200_000
MAX_KEY = 1_000

_FLAT = frozenset({int, float, bool, type(None)})
_SCALARS = _FLAT | {str}
#: A version that looks like an address.
_VERSION = re.compile(r"v?\d+(?:\.\d+){3}")
_ATTRIBUTES = ({"value", "type"}, {"value", "type", "unit"})
_SMALLEST_CARD = 10**12
_NOTHING = frozenset(
    {"", "None", "True", "False", "null", "''", '""', "b''", "{}", "[]", "()", FILTERED}
)


class Walk:
    """One walk over one item."""

    def __init__(self, memory: Memory, data: Any) -> None:
        self.memory, self.clean, self.generic = memory, memory.clean, memory.generic
        self.patch = Patch(data)
        self.found = Findings()
        self.remarks = Remarks()
        self.left = MAX_CONTAINERS
        #: Texts that are known to be clean.
        self.known: list[Any] = []
        #: New texts, and for each its container's node and its key there; the same for source.
        self.texts: list[str] = []
        self.places: list[tuple[Node, Any]] = []
        self.lines: list[str] = []
        self.line_places: list[tuple[Node, Any]] = []
        #: Nodes of containers with keys that may hold secrets themselves.
        self.renamed: list[Node] = []
        self._item(0, data, memory.root, None, 0)

    def _mapping(  # noqa: C901
        self, data: dict[Any, Any], table: Table, node: Node, depth: int
    ) -> None:
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            return self._removed("too deep", node)
        # The usual cases stand first and cost no call: this is where the time goes.
        texts, values_of, rest, is_special = table.shapes.get(tuple(data)) or self.memory.shape(
            data, table
        )
        if texts:
            values = values_of(data)
            try:
                is_clean = self.clean.issuperset(values)
            except TypeError:  # a container among them
                is_clean = False
            if is_clean:
                self.known += values
            else:
                self._values(texts, values, node, depth)
        for key, kind in rest:
            value = data[key]
            cls = type(value)
            if cls is dict and (kind is PLAIN or type(kind) is Table):
                below: Any = self.generic if kind is PLAIN else kind
                self._mapping(value, below, (node, key), depth + 1)
            elif kind is PLAIN:
                if cls not in _FLAT or (cls is int and value >= _SMALLEST_CARD):
                    self._item(key, value, kind, node, depth)
            elif kind is KEEP:
                if cls not in _SCALARS:
                    self._item(key, value, PLAIN, node, depth)
            elif kind is SECRET and may_be_secret(key, value):
                self._secret(key, value, node)
            elif kind is not SOURCE or cls is not list or not self._are_known(value):
                self._item(key, value, kind, node, depth)
        if is_special:
            if spelt_out(data, self.memory.keys):
                self._secret("value", data["value"], node)
            if any(key not in table for key in data):
                self.renamed.append(node)
        return None

    def _values(self, keys: Any, values: Any, node: Node, depth: int) -> None:
        """Look at ``values``, usually texts, which stand under ``keys`` in ``node``."""
        clean = self.clean
        for key, value in zip(keys, values, strict=True):
            if type(value) is not str:
                self._item(key, value, PLAIN, node, depth)
            elif value in clean:
                self.known.append(value)
            else:
                self.texts.append(value)
                self.places.append((node, key))

    def _are_known(self, lines: list[Any]) -> bool:
        """Whether nothing is to be looked for in these lines of source."""
        try:
            if self.memory.clean_lines.issuperset(lines):
                self.known += lines
                return True
        except TypeError:  # not all are texts
            pass
        return False

    def _list(self, data: list[Any], table: Any, node: Node, depth: int) -> None:
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            return self._removed("too deep", node)
        secret: Any = ()
        generic = self.memory.generic
        if table is generic and len(data) > 1:
            secret = secret_places(data, self.memory.keys, type(node[1]) is int)
        kind = PLAIN if table is generic else table
        for place, value in enumerate(data):
            if secret and place in secret and may_be_secret("", value):
                self._secret(place, value, node)
            elif type(value) is dict:
                below = kind if type(kind) is Table else generic
                self._mapping(value, below, (node, place), depth + 1)
            else:
                self._item(place, value, kind, node, depth)
        return None

    def _item(self, key: Any, value: Any, kind: Any, node: Node, depth: int) -> None:
        """Look at ``value``, which stands under ``key`` in the container ``node``."""
        cls = type(value)
        if cls is str:
            self._text(key, value, kind, node)
        elif cls is list or cls is dict:
            self._container(value, cls, kind, (node, key), depth + 1)
        elif cls is int:
            if value >= _SMALLEST_CARD and is_card(str(value)):
                self._removed("card number", (node, key))
        elif value is not None and cls is not float and cls is not bool:
            self._other(key, value, kind, node, depth)

    def _container(self, data: Any, cls: type, kind: Any, node: Node, depth: int) -> None:
        below = kind if type(kind) is Table or kind is SOURCE else self.memory.generic
        try:
            if cls is dict:
                table = below if isinstance(below, Table) else self.generic
                self._mapping(data, table, node, depth)
            else:
                self._list(data, below, node, depth)
        except Exception:
            self._removed("internal error", node)

    def _text(self, key: Any, text: str, kind: Any, node: Node) -> None:
        if kind is SOURCE:
            if text in self.memory.clean_lines:
                self.known.append(text)
            else:
                self.lines.append(text)
                self.line_places.append((node, key))
        elif text in self.memory.clean or (kind is VERSION and _VERSION.fullmatch(text)):
            self.known.append(text)
        else:
            self.texts.append(text)
            self.places.append((node, key))

    def _secret(self, key: Any, value: Any, node: Node) -> None:
        if type(value) is dict and value.keys() in _ATTRIBUTES:
            # An attribute of a log, metric or span.
            if may_be_secret(key, value["value"]):
                self._remember(value["value"])
                self._removed("key", ((node, key), "value"))
                self.patch.put((node, key), "type", "string")
            return
        self._remember(value)
        self._removed("key", (node, key))

    def _removed(self, rule: str, node: Node) -> None:
        self.remarks.add(node, [rule])
        self.patch.put(node[0], node[1], self.found.remove(rule))

    def _remember(self, value: Any) -> None:
        """Note the texts in ``value``, for their echoes."""
        rest, seen = [value], 0
        while rest and seen < 200:
            value, seen = rest.pop(), seen + 1
            if isinstance(value, dict):
                rest.extend(value.values())
            elif isinstance(value, (list, tuple)):
                rest.extend(value)
            elif isinstance(value, (str, int)) and not isinstance(value, bool):
                self.found.secrets.add(str(value))

    def rename(self) -> None:
        """Scrub the keys that may hold secrets themselves; when nothing else is to be changed."""
        for node in self.renamed:
            data = self.patch.container(node)
            if type(data) is dict:
                result: dict[Any, Any] = {}
                numbers: dict[Any, int] = {}
                for key, value in data.items():
                    result[unique(self._name(key, node), result, numbers)] = value
                data.clear()
                data.update(result)

    def _name(self, key: Any, node: Node) -> Any:
        if not isinstance(key, str) or len(key) < SHORTEST_KEY:
            return key
        before = len(self.found.fired)
        scrubbed = self.memory.rules.scrub(key[:MAX_KEY], self.found)[:MAX_KEY]
        if scrubbed != key:
            self.remarks.names[key] = scrubbed
            self.remarks.add((node, key), self.found.fired[before:] or ["too long"])
        return scrubbed

    def _other(self, key: Any, value: Any, kind: Any, node: Node, depth: int) -> None:
        """A value that JSON does not know: as the nearest that it knows."""
        try:
            if isinstance(value, dict):
                plain: Any = {name: item for name, item in value.items()}  # noqa: C416 its own items
            elif isinstance(value, (list, tuple, set, frozenset)):
                plain = list(value)
            elif isinstance(value, (int, float)):
                return
            else:
                plain = str.__str__(value) if isinstance(value, str) else repr(value)
            self.patch.put(node, key, plain)
            self._item(key, plain, kind, node, depth)
        except Exception:
            self._removed("internal error", (node, key))


def may_be_secret(key: Any, value: Any) -> bool:
    """Whether ``value`` says anything: nothing, a flag and a count of tokens do not."""
    if value is None or value is True or value is False:
        return False
    if isinstance(value, str):
        if value in _NOTHING:
            return False
    elif isinstance(value, (dict, list, tuple)):
        return bool(value)
    if str(key).lower().endswith("tokens"):
        return not str(value).isdecimal()
    return value not in (0, 1)


def unique(key: Any, taken: Container[Any], numbers: dict[Any, int]) -> Any:
    """``key``, with a number if it is ``taken``; ``numbers`` remembers how far each key is."""
    name = key
    while name in taken:
        numbers[key] = numbers.get(key, 1) + 1
        name = f"{key} ({numbers[key]})"
    return name
