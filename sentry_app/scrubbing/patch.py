"""Changes to a tree that shares everything else with the original.

A node is ``(node above, key)`` and names a container by its way from the top; None is the holder, a
list with the item as its only element.
"""

from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any

Node = Any


class Patch:
    """Copies a container when something in it changes for the first time, and those above it."""

    def __init__(self, data: Any) -> None:
        self.holder = [data]
        #: By identity; each is kept, so that its identity is not given away again.
        self._copies: dict[int, Any] = {}

    def put(self, node: Node, key: Any, value: Any) -> None:
        """Let ``value`` stand under ``key`` in the container ``node``."""
        self.container(node)[key] = value

    def find(self, node: Node) -> Any:
        """What stands at ``node`` now, not to be changed; None if nothing does."""
        found: Any = self.holder
        for key in way(node):
            try:
                found = found[key]
            except (LookupError, TypeError):
                return None
        return found

    def container(self, node: Node) -> Any:
        """The container ``node``, to be changed. If it was removed meanwhile, one that goes
        nowhere.
        """
        above: Any = self.holder
        for key in way(node):
            inside = above[key]
            if id(inside) not in self._copies:
                if type(inside) is not dict and type(inside) is not list:
                    return {}
                inside = above[key] = inside.copy()
                self._copies[id(inside)] = inside
            above = inside
        return above


def below(nodes: Iterable[Node], key: Any) -> list[Node]:
    """The nodes of what stands under ``key`` in each of ``nodes``."""
    return list(zip(nodes, repeat(key), strict=False))  # the key has no end


def places_in(lists: Iterable[Any], nodes: Iterable[Node]) -> list[Node]:
    """The nodes of the elements of ``lists``, which stand at ``nodes``."""
    places = map(zip, map(repeat, nodes), map(range, map(len, lists)))
    return list(chain.from_iterable(places))


def way(node: Node) -> list[Any]:
    """The keys from the holder to ``node``."""
    keys = []
    while node is not None:
        node, key = node
        keys.append(key)
    keys.reverse()
    return keys


def path(node: Node) -> list[Any]:
    """The keys from the item to ``node``."""
    return way(node)[1:]
