"""The texts of an item: gathered in C, and looked for one by one only if they change.

Most items change in no or few places, so to note the place of each text costs more than to look for
those few again.
"""

from collections.abc import Iterator, KeysView, Sequence
from itertools import chain, repeat
from typing import Any

from sentry_app.scrubbing.patch import Node


class Cells:
    """Texts and numbers, in rows or columns; a row is a mapping or list, or a part of one."""

    def __init__(self) -> None:
        #: All of it, once each.
        self.values: set[Any] = set()
        #: The keys of a row, its values, and the node of its container.
        self.rows: list[tuple[Sequence[Any], Sequence[Any], Node]] = []
        #: A key, its value in several containers, and their nodes.
        self._columns: list[tuple[Any, Sequence[Any], list[Node]]] = []

    def add(self, keys: Sequence[Any], row: Sequence[Any], node: Node) -> None:
        """Take ``row``, which stands in the container ``node``.

        Raises TypeError if there are containers in it; so do the others.
        """
        self.values.update(row)
        self.rows.append((keys, row, node))

    def add_rows(self, keys: Sequence[Any], rows: Sequence[Any], nodes: list[Node]) -> None:
        """Take ``rows``; each stands in the container that ``nodes`` has in the same place."""
        self.values.update(chain.from_iterable(rows))
        self.rows += zip(repeat(keys), rows, nodes)

    def add_column(self, key: Any, column: Sequence[Any], nodes: list[Node]) -> None:
        """Take ``column``: what stands under ``key`` in the containers ``nodes``."""
        self.values.update(column)
        self._columns.append((key, column, nodes))

    def places(
        self, wanted: KeysView[Any], start: tuple[int, int] = (0, 0)
    ) -> Iterator[tuple[Node, Any, Any]]:
        """Node, key and value wherever a value is one of ``wanted``, behind ``start``."""
        for key, column, nodes in self._columns[start[1] :]:
            if not wanted.isdisjoint(column):
                cells = zip(nodes, repeat(key), column, strict=False)  # the key has no end
                yield from (cell for cell in cells if cell[2] in wanted)
        rows = self.rows[start[0] :]
        for keys, row, node in [entry for entry in rows if not wanted.isdisjoint(entry[1])]:
            cells = zip(repeat(node), keys, row, strict=False)  # nor have those of a list
            yield from (cell for cell in cells if cell[2] in wanted)

    def end(self) -> tuple[int, int]:
        """What will be added later is behind it."""
        return len(self.rows), len(self._columns)
