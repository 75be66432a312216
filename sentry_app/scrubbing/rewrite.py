"""The second walk, for the echoes that were heard after the first one: rare."""

from typing import Any

from sentry_app.scrubbing.echoes import Echoes
from sentry_app.scrubbing.findings import FILTERED
from sentry_app.scrubbing.memory import Table
from sentry_app.scrubbing.patch import Node
from sentry_app.scrubbing.protocol import KEEP, WHOLE
from sentry_app.scrubbing.walk import Walk, unique


def rewrite(data: Any, echoes: Echoes, walk: Walk, table: Any, node: Node = (None, 0)) -> Any:
    """``data`` without ``echoes``; in its keys too."""
    if type(data) is str:
        before = len(walk.found.fired)
        scrubbed = echoes.scrub(data, walk.found)
        if scrubbed is not data and scrubbed != data:
            walk.remarks.add(node, walk.found.fired[before:])
        return scrubbed
    if type(data) is dict:
        return _mapping(data, echoes, walk, table, node)
    if type(data) is list:
        return [rewrite(value, echoes, walk, table, (node, n)) for n, value in enumerate(data)]
    return data


def _mapping(
    data: dict[Any, Any], echoes: Echoes, walk: Walk, table: Any, node: Node
) -> dict[Any, Any]:
    table = table if type(table) is Table else {}
    result: dict[Any, Any] = {}
    numbers: dict[Any, int] = {}
    for key, value in data.items():
        below = table.get(key)
        if below not in (KEEP, WHOLE) and type(value) in (str, dict, list) and value != FILTERED:
            value = rewrite(value, echoes, walk, below, (node, key))
        if type(key) is str and key not in table:
            name = unique(echoes.scrub(key, walk.found), result, numbers)
            if name != key:
                walk.remarks.names[key] = name
            key = name
        result[key] = value
    return result
