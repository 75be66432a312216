"""The texts of an item by rows: gathered in C, and looked for one by one only if they change.

Most items change in no or few places, so to note the place of each text costs more than to look for
those few again.
"""

from collections.abc import Iterator, KeysView, Sequence
from itertools import chain
from typing import Any

from sentry_app.scrubbing.patch import Node


class Cells:
    """What stands in rows of texts and numbers; a row is a mapping or list, or a part of one."""

    def __init__(self) -> None:
        #: All of it, once each.
        self.values: set[Any] = set()
        #: The keys of a row, its values, and the node of its container.
        self.rows: list[tuple[Sequence[Any], Sequence[Any], Node]] = []
        #: The same for several rows with the same keys.
        self._groups: list[tuple[Sequence[Any], list[Any], list[Node]]] = []

    def add(self, keys: Sequence[Any], row: Sequence[Any], node: Node) -> None:
        """Take ``row``, which stands in the container ``node``.

        Raises TypeError if there are containers in it; so does ``add_all``.
        """
        self.values.update(row)
        self.rows.append((keys, row, node))

    def add_all(self, keys: Sequence[Any], rows: list[Any], nodes: list[Node]) -> None:
        """Take ``rows``; each stands in the container that ``nodes`` has in the same place."""
        self.values.update(chain.from_iterable(rows))
        self._groups.append((keys, rows, nodes))

    def places(
        self, wanted: KeysView[Any], start: tuple[int, int] = (0, 0)
    ) -> Iterator[tuple[Node, Any, Any]]:
        """Node, key and value wherever a value is one of ``wanted``, behind ``start``."""
        for keys, rows, nodes in self._groups[start[1] :]:
            if not wanted.isdisjoint(chain.from_iterable(rows)):
                for row, node in zip(rows, nodes, strict=True):
                    yield from _places(wanted, keys, row, node)
        for keys, row, node in self.rows[start[0] :]:
            if not wanted.isdisjoint(row):
                yield from _places(wanted, keys, row, node)

    def end(self) -> tuple[int, int]:
        """What will be added later is behind it."""
        return len(self.rows), len(self._groups)


def _places(
    wanted: KeysView[Any], keys: Sequence[Any], row: Sequence[Any], node: Node
) -> Iterator[tuple[Node, Any, Any]]:
    for key, value in zip(keys, row, strict=False):  # of a list, the keys have no end
        if value in wanted:
            yield node, key, value
