"""``_meta``: what Sentry shows beside a value from which something was removed.

The format is that of https://develop.sentry.dev/sdk/data-model/event-payloads/ ("meta"): a tree
like the event's, where the key "" holds the remarks on the value at this place.
"""

from collections.abc import Iterable
from typing import Any

from sentry_app.scrubbing.patch import Node, path


class Remarks:
    """Collects remarks by node."""

    def __init__(self) -> None:
        self._added: list[tuple[Node, list[str]]] = []
        #: Keys that held a secret themselves, and what they are called now.
        self.names: dict[Any, str] = {}

    def add(self, node: Node, rules: Iterable[str]) -> None:
        """Say that ``rules`` removed something at ``node``."""
        self._added.append((node, list(rules)))

    def merged_into(self, old: Any) -> dict[str, Any]:
        """``old``, the ``_meta`` that the event has already, with these remarks in it."""
        return _merged(old, self._tree())

    def _tree(self) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for node, rules in self._added:
            branch = tree
            for step in path(node):
                branch = branch.setdefault(str(self.names.get(step, step)), {})
            rem = branch.setdefault("", {"rem": []})["rem"]
            for rule in rules:
                remark = [f"sentry_app.{rule.replace(' ', '_')}", "s"]
                if remark not in rem:
                    rem.append(remark)
        return tree


def _merged(old: Any, new: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(old, dict):
        return new
    merged = dict(old)
    for key, value in new.items():
        inner = isinstance(value, dict) and isinstance(merged.get(key), dict) and key
        merged[key] = _merged(merged[key], value) if inner else value
    return merged
