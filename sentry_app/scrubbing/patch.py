"""Changes to a tree that shares everything else with the original.

A node is ``(node above, key)`` and names a container by its way from the top; None is the holder, a
list with the item as its only element.
"""

from typing import Any

Node = Any


class Patch:
    """Copies a container when something in it changes for the first time, and those above it."""

    def __init__(self, data: Any) -> None:
        self.holder = [data]
        #: By identity, because comparing nodes would compare their whole way. A node is kept with
        #: its copy, so that its identity is not given away again.
        self._copies: dict[int, tuple[Node, Any]] = {}

    def put(self, node: Node, key: Any, value: Any) -> None:
        """Let ``value`` stand under ``key`` in the container ``node``."""
        self.container(node)[key] = value

    def container(self, node: Node) -> Any:
        """The container ``node``, to be changed."""
        if node is None:
            return self.holder
        found = self._copies.get(id(node))
        if found is not None:
            return found[1]
        above = self.container(node[0])
        copy = above[node[1]].copy()
        above[node[1]] = copy
        self._copies[id(node)] = node, copy
        return copy


def path(node: Node) -> list[Any]:
    """The keys from the item to ``node``."""
    keys = []
    while node is not None:
        node, key = node
        keys.append(key)
    return keys[-2::-1]  # the first is the place of the item itself
