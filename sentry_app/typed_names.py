"""The name that was typed at a failed login: somebody's, or a password in the wrong field."""

import re
from collections.abc import Collection, Mapping
from typing import Any

_FILTERED = "[Filtered]"

#: The parts of an event that may hold what was typed.
_PARTS = ("request", "breadcrumbs", "logentry", "message", "extra")

#: What Django puts in the place of a password.
_MASK = re.compile(r"\*+")


def typed_names(credentials: Mapping[str, Any]) -> set[str]:
    """The texts in the ``credentials`` of Django's signal, without the password that it masks."""
    texts = {value for value in credentials.values() if type(value) is str}
    return {text for text in texts if len(text) > 1 and not _MASK.fullmatch(text)}


def forget(event: Any, names: Collection[str]) -> None:
    """Replace ``names``, as whole words, in what an event tells of the request and of variables."""
    if not names:
        return
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names)))
    for part in _PARTS:
        if part in event:
            event[part] = _without(event[part], pattern)
    for stack in (event.get("exception"), event.get("threads")):
        for entry in (stack or {}).get("values") or ():
            _forget_variables(entry, pattern)


def _forget_variables(entry: Any, pattern: re.Pattern[str]) -> None:
    """From the text of an exception, and from the variables of its frames or a thread's."""
    if "value" in entry:
        entry["value"] = _without(entry["value"], pattern)
    for frame in (entry.get("stacktrace") or {}).get("frames") or ():
        if "vars" in frame:
            frame["vars"] = _without(frame["vars"], pattern)


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    """A copy of ``value`` without what ``pattern`` matches; other objects stay what they are."""
    if type(value) is str:
        return pattern.sub(_FILTERED, value)
    if isinstance(value, dict):
        return {key: _without(entry, pattern) for key, entry in value.items()}
    if type(value) in (list, tuple):
        return [_without(entry, pattern) for entry in value]
    return value
