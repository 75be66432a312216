"""Parameters that stand beside their SQL: in the variables of a frame, or the data of a span."""

import re
from typing import Any

from sentry_app.scrubbing.columns import Parameters
from sentry_app.scrubbing.findings import FILTERED
from sentry_app.scrubbing.keys import words
from sentry_app.scrubbing.pairs import unquoted
from sentry_app.scrubbing.patch import Node
from sentry_app.scrubbing.removal import may_be_secret
from sentry_app.scrubbing.statements import without
from sentry_app.scrubbing.walk import Walk

#: A list or tuple, within a literal or not; of ``executemany`` the first row.
_OPENING = re.compile(r"['\"]?[\[(]{1,2}(?=[^\[(])")
_NAMES = frozenset({"args", "bind", "binds", "param", "parameters", "params", "values", "vars"})


def scrub(walk: Walk) -> None:
    """Take the secret parameters of the statements in the item; when all else is changed."""
    statements = walk.found.statements
    # As a tuple: another thread may add to what is known.
    for sql in walk.plain.values.intersection(tuple(walk.statements)):
        statements[sql] = walk.statements[sql]
    if statements:
        for node, key, sql in walk.plain.places(statements.keys()):
            if key == "formatted":
                _scrub_logged(walk, (node, "params"), statements[sql])
                continue
            _scrub_beside(walk, node, statements[sql])
            _scrub_beside(walk, (node, "data"), statements[sql])


def _scrub_beside(walk: Walk, node: Node, parameters: Parameters) -> None:
    data = walk.patch.find(node)
    if type(data) is not dict:
        return
    for key, value in list(data.items()):
        if type(key) is not str or not _is_name(key):
            continue
        if type(value) is dict:
            _scrub_names(walk, value, (node, key), parameters)
        else:
            _scrub_in_order(walk, value, (node, key), parameters)


def _scrub_logged(walk: Walk, node: Node, parameters: Parameters) -> None:
    """The parameters of a log line are the template's; those of SQL in it may be one of them."""
    params = walk.patch.find(node)
    for place, value in enumerate(params if type(params) is list else ()):
        _scrub_in_order(walk, value, (node, place), parameters)


def _scrub_in_order(walk: Walk, value: Any, node: Node, parameters: Parameters) -> None:
    """A list of parameters, or its repr; anything else stays."""
    if type(value) is list:
        _scrub_list(walk, value, node, parameters)
    elif type(value) is str:
        _scrub_repr(walk, value, node, parameters)


def _is_name(key: str) -> bool:
    return not _NAMES.isdisjoint(words(unquoted(key))[-1:])


def _scrub_names(walk: Walk, values: dict[Any, Any], node: Node, parameters: Parameters) -> None:
    for name, value in list(values.items()):
        is_secret = type(name) is str and unquoted(name) in parameters.names
        if is_secret and may_be_secret("", value) and value != FILTERED:
            walk.removed("key", (node, name))


def _scrub_repr(walk: Walk, text: str, node: Node, parameters: Parameters) -> None:
    """The repr of a list or tuple, as a short one of a frame's variables is."""
    opening = _OPENING.match(text)
    if opening is None or not parameters.secret:
        return
    before = len(walk.found.fired)
    new = without(parameters.secret, parameters.number, text, opening.end(), walk.found)
    if new != text:
        walk.patch.put(node[0], node[1], new)
        walk.remarks.add(node, walk.found.fired[before:])


def _scrub_list(walk: Walk, values: list[Any], node: Node, parameters: Parameters) -> None:
    for place, value in enumerate(list(values)):
        if type(value) is list:  # for ``executemany``
            _scrub_list(walk, value, (node, place), parameters)
        elif place in parameters.secret and may_be_secret("", value) and value != FILTERED:
            walk.removed("key", (node, place))
