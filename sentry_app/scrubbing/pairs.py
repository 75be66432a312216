"""Lists whose elements name each other: ``[["password", "x"]]``, ``["--password", "x"]``."""

import re
from typing import Any

from sentry_app.scrubbing.keys import SecretKeys

_FIELD = re.compile(r"['\"]?[a-z][a-z_\-]{0,40}['\"]?")
#: Of mysql's programs, and of curl.
_PASSWORD_FLAG = re.compile(r"['\"]?-p[^\s-]")
_USER_FLAG = re.compile(r"['\"]?(?:-u|--user)['\"]?\Z")
#: Keys that name the value beside them.
NAMES = frozenset({"name", "key", "field", "header", "param", "variable"})
_BYTES = re.compile(r"b?(['\"])(.*)\1", re.S)


def secret_places(data: "list[Any] | tuple[Any, ...]", keys: SecretKeys, in_list: bool) -> set[int]:
    """The places of the elements of ``data`` that another element calls secret.

    ``in_list`` says that ``data`` is an element of a list itself, as a header is.
    """
    if len(data) == 2 and isinstance(data[0], str):
        return {1} if _is_pair(data[0], data[1], keys, in_list) else set()
    places = {
        place + 1
        for place, element in enumerate(data[:-1])
        if isinstance(element, str)
        and "-" in element[:3]
        and _is_flag(element, keys, data[place + 1])
    }
    program = data[0] if data and isinstance(data[0], str) else ""
    if "mysql" in program:
        return places | {n for n, word in enumerate(data) if _PASSWORD_FLAG.match(str(word))}
    if program.endswith(("curl", "curl'", 'curl"')):
        return places | {n + 1 for n, word in enumerate(data[:-1]) if _USER_FLAG.match(str(word))}
    return places


def spelt_out(data: dict[Any, Any], keys: SecretKeys) -> bool:
    """Whether ``data`` is ``{"name": <a secret name>, "value": ...}``."""
    return "value" in data and any(
        isinstance(data.get(name), str) and unquoted(data[name]) in keys for name in NAMES
    )


def unquoted(text: str) -> str:
    """``text`` without the quotation marks of a repr."""
    match = _BYTES.fullmatch(text) if len(text) < 120 else None
    return match[2] if match else text


def _is_pair(first: str, second: Any, keys: SecretKeys, in_list: bool) -> bool:
    name = unquoted(first)
    if name.startswith("-"):
        return _is_flag(first, keys, second)
    if " " in name or "/" in name or name not in keys:
        return False
    return in_list or not (isinstance(second, str) and _FIELD.fullmatch(second))


def _is_flag(element: str, keys: SecretKeys, following: Any) -> bool:
    name = unquoted(element)
    return (
        name.startswith("-")
        and "=" not in name
        and name in keys
        and not (isinstance(following, str) and unquoted(following).startswith("-"))
    )
