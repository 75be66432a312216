"""Log lines: a short value has no form, but the template says where in the line it stands.

The SDK sends the template, its parameters by name and the formatted line; a parameter that was
removed by its name leaves the line too, where it stands as a word of its own.
"""

import re
from typing import Any

from sentry_app.scrubbing.patch import Node
from sentry_app.scrubbing.walk import Walk, may_be_secret

_PARAMETER = "sentry.message.parameter."
_SHORTEST = 3


def scrub(data: Any, walk: Walk) -> None:
    """Take the parameters out of the formatted lines of ``data``, the item as it came."""
    if type(data) is not dict or not walk.found.fired:
        return
    top: Node = (None, 0)
    items = data.get("items")
    if type(items) is list:
        entries: Node = (top, "items")
        for place, item in enumerate(items):
            if type(item) is dict and type(item.get("body")) is str:
                _scrub_lines(_named(item.get("attributes")), walk, (entries, place), "body")
    entry = data.get("logentry")
    if type(entry) is dict and type(entry.get("params")) is dict:
        _scrub_lines(entry["params"], walk, (top, "logentry"), "formatted", "message")
        _scrub_lines(entry["params"], walk, top, "message")


def _named(attributes: Any) -> dict[str, Any]:
    """The parameters by name among the attributes of a log."""
    if type(attributes) is not dict:
        return {}
    return {
        key.removeprefix(_PARAMETER): value.get("value")
        for key, value in attributes.items()
        if type(key) is str and key.startswith(_PARAMETER) and type(value) is dict
    }


def _scrub_lines(parameters: dict[Any, Any], walk: Walk, node: Node, *keys: str) -> None:
    secret = [
        str(value)
        for key, value in parameters.items()
        if key in walk.memory.keys and may_be_secret(key, value) and len(str(value)) >= _SHORTEST
    ]
    if not secret:
        return
    words = "|".join(map(re.escape, sorted(secret, key=len, reverse=True)))
    pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)")
    holder = walk.patch.container(node)
    for key in keys:
        line = holder.get(key)
        if type(line) is str and pattern.search(line):
            holder[key] = walk.found.replace("parameter", pattern, line)
            walk.remarks.add((node, key), ["parameter"])
