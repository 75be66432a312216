"""Keys that hold secrets themselves: what is under them keeps its place under another name."""

from collections.abc import Container, Iterator
from typing import Any

from sentry_app.scrubbing.echoes import Echoes
from sentry_app.scrubbing.memory import SHORTEST_KEY, Table
from sentry_app.scrubbing.patch import Node
from sentry_app.scrubbing.protocol import WHOLE
from sentry_app.scrubbing.walk import Walk

MAX_KEY = 1_000


def rename(walk: Walk, echoes: Echoes | None = None) -> None:
    """Scrub the keys that may hold a secret, or one of ``echoes``; when all else is changed."""
    nodes = walk.odd
    if echoes and echoes.heard_in("\n".join(walk.names)):
        nodes = nodes + list(_echoing(walk.patch.holder[0], echoes, walk.memory.root, (None, 0)))
    # All are found before the way to one of them changes.
    found = {id(data): (data, node) for node in nodes if (data := walk.patch.container(node))}
    for data, node in found.values():
        result: dict[Any, Any] = {}
        numbers: dict[Any, int] = {}
        for key, value in data.items():
            result[_unique(_name(key, node, walk, echoes), result, numbers)] = value
        data.clear()
        data.update(result)


def _echoing(data: Any, echoes: Echoes, table: Any, node: Node) -> Iterator[Node]:
    """The nodes of mappings in whose keys ``echoes`` are heard; but for the keys of Sentry's."""
    if type(data) is list:
        for place, value in enumerate(data):
            yield from _echoing(value, echoes, table, (node, place))
    elif type(data) is dict:
        known = table if type(table) is Table else {}
        names = [key for key in data if type(key) is str and key not in known]
        if echoes.heard_in("\n".join(names)):
            yield node
        for key, value in data.items():
            below = known.get(key)
            if below is not WHOLE and type(value) in (dict, list):
                yield from _echoing(value, echoes, below, (node, key))


def _name(key: Any, node: Node, walk: Walk, echoes: Echoes | None) -> Any:
    if not isinstance(key, str):
        return key
    before = len(walk.found.fired)
    name = key
    if len(key) >= SHORTEST_KEY:
        name = walk.memory.rules.scrub(key[:MAX_KEY], walk.found)[:MAX_KEY]
    if echoes:
        name = echoes.scrub(name, walk.found)
    if name != key:
        walk.remarks.names[key] = name
        walk.remarks.add((node, key), walk.found.fired[before:] or ["too long"])
    return name


def _unique(key: Any, taken: Container[Any], numbers: dict[Any, int]) -> Any:
    """``key``, with a number if it is ``taken``; ``numbers`` remembers how far each key is."""
    name = key
    while name in taken:
        numbers[key] = numbers.get(key, 1) + 1
        name = f"{key} ({numbers[key]})"
    return name
