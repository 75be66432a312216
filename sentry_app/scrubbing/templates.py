"""Log lines: a short value has no form, but the template says where in the line it stands.

The SDK sends the template, its parameters and the formatted line. A parameter is secret by its own
name (``%(password)s``), or by the one before its place (``password=%s``); it leaves the line too,
where it stands as a word of its own.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.patch import Node
from sentry_app.scrubbing.removal import may_be_secret
from sentry_app.scrubbing.walk import Walk

_PARAMETER = "sentry.message.parameter."
_TEMPLATE = "sentry.message.template"
_SHORTEST = 3
#: printf's conversions, as ``logging`` knows them, and the empty field of ``str.format``.
_PLACE = re.compile(r"%%|%[-#0 +]{0,4}\d{0,4}(?:\.\d{1,4})?[diouxXeEfFgGcrsa]|\{\}")
_NAME_BEFORE = re.compile(
    r"(?<![\w.\-/])(?:([A-Za-z]{2,20})[ ])?([A-Za-z_][\w\-]{1,40})[\"'\])]{0,2}"
    r"(\s?(?:=>?|:)\s?[\"'(]?|\s[\"'(]?)\Z"
)
_LONGEST_LEAD = 80

Place = tuple[int, bool]


def scrub(data: Any, walk: Walk) -> None:
    """Take the parameters out of the formatted lines of ``data``, the item as it came."""
    if type(data) is not dict:
        return
    top: Node = (None, 0)
    items = data.get("items")
    if type(items) is list:
        entries: Node = (top, "items")
        for place, item in enumerate(items):
            if type(item) is dict and type(item.get("body")) is str:
                _scrub_log(item, walk, (entries, place))
    entry = data.get("logentry")
    if type(entry) is dict and entry.get("params"):
        _scrub_entry(entry, walk, top)


def _scrub_log(item: dict[str, Any], walk: Walk, node: Node) -> None:
    attributes = item.get("attributes")
    if type(attributes) is not dict:
        return
    secret = []
    for number, is_plain in _places_of(attributes.get(_TEMPLATE), walk):
        key = f"{_PARAMETER}{number}"
        parameter = attributes.get(key)
        if type(parameter) is dict and _is_secret(parameter.get("value"), is_plain):
            secret.append(_take(parameter["value"], walk, ((node, "attributes"), key), "value"))
    if walk.found.fired:
        secret += _named(_parameters(attributes), walk)
        _scrub_lines(secret, walk, node, "body")


def _scrub_entry(entry: dict[str, Any], walk: Walk, top: Node) -> None:
    params, secret = entry["params"], []
    node: Node = (top, "logentry")
    if type(params) is list:
        for number, is_plain in _places_of({"value": entry.get("message")}, walk):
            if number < len(params) and _is_secret(params[number], is_plain):
                secret.append(_take(params[number], walk, (node, "params"), number))
    elif type(params) is dict and walk.found.fired:
        secret = _named(params, walk)
    _scrub_lines(secret, walk, node, "formatted", "message")
    _scrub_lines(secret, walk, top, "message")


def _parameters(attributes: dict[str, Any]) -> dict[str, Any]:
    """The parameters by name among the attributes of a log."""
    return {
        key.removeprefix(_PARAMETER): value.get("value")
        for key, value in attributes.items()
        if type(key) is str and key.startswith(_PARAMETER) and type(value) is dict
    }


def _named(parameters: dict[Any, Any], walk: Walk) -> list[str]:
    keys = walk.memory.keys
    return [
        str(value) for key, value in parameters.items() if key in keys and may_be_secret(key, value)
    ]


def _places_of(template: Any, walk: Walk) -> tuple[Place, ...]:
    text = template.get("value") if type(template) is dict else None
    if type(text) is not str or not ("%" in text or "{}" in text):
        return ()
    return _secret_places(text[:2_000], walk.memory.keys)


@lru_cache(maxsize=1_000)
def _secret_places(template: str, keys: SecretKeys) -> tuple[Place, ...]:
    """The numbers of the placeholders that stand after the name of a secret, and whether there
    is a mark between the two.
    """
    return tuple(_find_places(template, keys))


def _find_places(template: str, keys: SecretKeys) -> Iterator[Place]:
    places = [match for match in _PLACE.finditer(template) if match[0] != "%%"]
    for number, place in enumerate(places):
        start = max(0, place.start() - _LONGEST_LEAD)
        before = _NAME_BEFORE.search(template, start, place.start())
        if before and (before[2] in keys or f"{before[1]}_{before[2]}" in keys):
            yield number, before[3].strip(" \"'(") == ""


def _is_secret(value: Any, is_plain: bool) -> bool:
    """Whether ``value`` is one; if it ``is_plain`` prose, a word (``token refreshed``) is not."""
    if not may_be_secret("", value) or len(str(value)) < _SHORTEST:
        return False
    return not is_plain or (type(value) is str and any(map(str.isdigit, value)))


def _take(value: Any, walk: Walk, node: Node, key: Any) -> str:
    walk.patch.put(node, key, walk.found.remove("key", str(value)))
    walk.remarks.add((node, key), ["key"])
    return str(value)


def _scrub_lines(secret: list[str], walk: Walk, node: Node, *keys: str) -> None:
    secret = [value for value in secret if len(value) >= _SHORTEST]
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
