"""What goes as a whole: the values under secret names, and what cannot be looked at."""

import re
from typing import Any

from sentry_app.scrubbing.findings import FILTERED, Findings
from sentry_app.scrubbing.keys import SecretKeys, is_name_of_resource
from sentry_app.scrubbing.messages import is_complaint
from sentry_app.scrubbing.pairs import unquoted
from sentry_app.scrubbing.patch import Node, Patch
from sentry_app.scrubbing.remarks import Remarks

_ATTRIBUTES = ({"value", "type"}, {"value", "type", "unit"})
_NOTHING = frozenset(
    {"", "None", "True", "False", "null", "''", '""', "b''", "{}", "[]", "()", FILTERED}
)
#: What no word of a site looks like: letters of both cases and digits.
_RANDOM = re.compile(
    r"(?<![\w+/=])(?=[\w+/=\-]*[a-z])(?=[\w+/=\-]*[A-Z])(?=[\w+/=\-]*[0-9])[\w+/=\-]{16,}"
)


class Removal:
    """What was found in one item, and the changes to it."""

    def __init__(self, keys: SecretKeys, data: Any) -> None:
        self.keys = keys
        self.patch = Patch(data)
        self.found = Findings()
        self.remarks = Remarks()

    def secret(self, key: Any, value: Any, node: Node) -> None:
        """Remove ``value``, which stands under the secret name ``key`` in ``node``."""
        if type(value) is dict and value.keys() in _ATTRIBUTES:
            # An attribute of a log, metric or span.
            if may_be_secret(key, value["value"]):
                self._remember(key, value["value"])
                self.removed("key", ((node, key), "value"))
                self.patch.put((node, key), "type", "string")
            return
        self._remember(key, value)
        self.removed("key", (node, key))

    def removed(self, rule: str, node: Node) -> None:
        """Put the mark of a removal at ``node``."""
        self.remarks.add(node, [rule])
        self.patch.put(node[0], node[1], self.found.remove(rule))

    def _remember(self, key: Any, value: Any) -> None:
        """Note the secrets in ``value``, which stands under ``key``, for their echoes.

        In a mapping not all is secret: a session has a cart. So the names in it are asked too.
        """
        top = str(key)
        rest, seen = [(top, value)], 0
        while rest and seen < 200:
            (name, value), seen = rest.pop(), seen + 1
            if isinstance(value, dict):
                rest += [(f"{name}_{unquoted(str(below))}", item) for below, item in value.items()]
            elif isinstance(value, (list, tuple)):
                rest += [(name, item) for item in value]
            elif isinstance(value, (str, int)) and not isinstance(value, bool):
                text = str(value)
                if name is top or name in self.keys or _RANDOM.search(text):
                    self.found.secrets.add(text)


def may_be_secret(key: Any, value: Any) -> bool:
    """Whether ``value`` says anything: nothing, a flag and a count of tokens do not."""
    if value is None or value is True or value is False:
        return False
    if isinstance(value, str):
        if value in _NOTHING or is_complaint(unquoted(value)):
            return False
        if is_name_of_resource(str(key), unquoted(value)):
            return False
    elif isinstance(value, (dict, list, tuple)):
        return bool(value) and not _are_complaints(value)
    if str(key).lower().endswith("tokens"):
        return not str(value).isdecimal()
    return value not in (0, 1)


def _are_complaints(value: Any) -> bool:
    """Whether ``value`` is the list of messages that a form or serializer has for a field."""
    return isinstance(value, (list, tuple)) and all(
        isinstance(one, str) and is_complaint(unquoted(one)) for one in value
    )
