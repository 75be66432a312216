"""What goes as a whole: the values under secret names, and what cannot be looked at."""

from typing import Any

from sentry_app.scrubbing.findings import FILTERED, Findings
from sentry_app.scrubbing.patch import Node, Patch
from sentry_app.scrubbing.remarks import Remarks

_ATTRIBUTES = ({"value", "type"}, {"value", "type", "unit"})
_NOTHING = frozenset(
    {"", "None", "True", "False", "null", "''", '""', "b''", "{}", "[]", "()", FILTERED}
)


class Removal:
    """What was found in one item, and the changes to it."""

    def __init__(self, data: Any) -> None:
        self.patch = Patch(data)
        self.found = Findings()
        self.remarks = Remarks()

    def secret(self, key: Any, value: Any, node: Node) -> None:
        """Remove ``value``, which stands under the secret name ``key`` in ``node``."""
        if type(value) is dict and value.keys() in _ATTRIBUTES:
            # An attribute of a log, metric or span.
            if may_be_secret(key, value["value"]):
                self._remember(value["value"])
                self.removed("key", ((node, key), "value"))
                self.patch.put((node, key), "type", "string")
            return
        self._remember(value)
        self.removed("key", (node, key))

    def removed(self, rule: str, node: Node) -> None:
        """Put the mark of a removal at ``node``."""
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
