"""The walk over one item of JSON: secrets out, the rest as it was."""

import re
from collections.abc import Iterable
from typing import Any

from sentry_app.scrubbing.addresses import anonymise
from sentry_app.scrubbing.keys import SecretKeys

FILTERED = "[Filtered]"

#: Deeper than anything the SDK serialises; what lies below is replaced.
MAX_DEPTH = 100

#: Parts of an event that Sentry itself reads, and where a dotted number is a version.
_UNTOUCHED_PARTS = frozenset({"_meta", "debug_meta", "fingerprint", "modules", "sdk"})

#: The same for single texts, wherever they stand.
_UNTOUCHED_TEXTS = frozenset(
    {"event_id", "parent_span_id", "release", "span_id", "timestamp", "trace_id", "version"}
)


class Scrubber:
    """Removes secrets from JSON data; builds new data and leaves what it was given as it is.

    ``fields`` are the secret keys, ``allow`` their exceptions, ``patterns`` regular expressions
    for secret values; ``ip_addresses`` says whether to anonymise addresses.
    """

    def __init__(
        self,
        fields: Iterable[str],
        allow: Iterable[str] = (),
        patterns: Iterable[str] = (),
        ip_addresses: bool = False,
    ) -> None:
        self._secret = SecretKeys(fields, allow)
        self._patterns = [re.compile(pattern) for pattern in patterns]
        self._ip_addresses = ip_addresses

    def scrub(self, data: Any) -> Any:
        """A scrubbed copy of ``data``; in an event, ``_meta`` says where something was removed.

        What cannot be scrubbed is replaced. Never raises.
        """
        meta: dict[str, Any] = {}
        try:
            scrubbed = self._walk(data, meta, 0)
            if meta and isinstance(scrubbed, dict) and "event_id" in scrubbed:
                scrubbed["_meta"] = _merged(scrubbed.get("_meta"), meta)
            return scrubbed
        except Exception:
            return FILTERED

    def _walk(self, value: Any, meta: dict[str, Any], depth: int) -> Any:
        if isinstance(value, str):
            return self._text(value, meta)
        if depth >= MAX_DEPTH and isinstance(value, (dict, list, tuple)):
            return FILTERED
        if isinstance(value, dict):
            return {key: self._entry(key, item, meta, depth) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._child(str(index), item, meta, depth) for index, item in enumerate(value)]
        return value

    def _entry(self, key: Any, value: Any, meta: dict[str, Any], depth: int) -> Any:
        if depth == 0 and key in _UNTOUCHED_PARTS:
            return value
        if key in _UNTOUCHED_TEXTS and isinstance(value, str):
            return value
        if key in self._secret and _may_be_secret(value):
            meta[str(key)] = _remark("!config")
            return _replacement(value)
        return self._child(str(key), value, meta, depth)

    def _child(self, key: str, value: Any, meta: dict[str, Any], depth: int) -> Any:
        below: dict[str, Any] = {}
        scrubbed = self._walk(value, below, depth + 1)
        if below:
            meta[key] = below
        return scrubbed

    def _text(self, text: str, meta: dict[str, Any]) -> str:
        scrubbed = text
        for pattern in self._patterns:
            scrubbed = pattern.sub(FILTERED, scrubbed)
        if self._ip_addresses:
            scrubbed = anonymise(scrubbed)
        if scrubbed != text:
            meta.update(_remark("!config"))
        return scrubbed


def _may_be_secret(value: Any) -> bool:
    return value not in (None, "", True, False) and value != FILTERED


def _replacement(value: Any) -> Any:
    # The attributes of logs and spans have this form, and Sentry drops any other there.
    if isinstance(value, dict) and value.keys() == {"value", "type"}:
        return {"value": FILTERED, "type": "string"}
    return FILTERED


def _remark(rule: str) -> dict[str, Any]:
    """The note that Sentry shows beside a changed value.

    The format is that of https://develop.sentry.dev/sdk/data-model/event-payloads/ ("meta").
    """
    return {"": {"rem": [[rule, "s"]]}}


def _merged(old: Any, new: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(old, dict):
        return new
    merged = dict(old)
    for key, value in new.items():
        inner = isinstance(value, dict) and isinstance(merged.get(key), dict) and key
        merged[key] = _merged(merged[key], value) if inner else value
    return merged
