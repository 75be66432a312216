"""Many equal breadcrumbs in a row as one with a count, so that a loop leaves room for the rest."""

import re
from collections.abc import Mapping
from typing import Any

Crumb = dict[str, Any]

#: The category of the breadcrumbs that are folded: the commands of a Redis client.
CATEGORY = "redis"

#: What differs from one turn of a loop to the next: numbers, UUIDs, digests.
# Compiled when it is needed: the SDK starts without.
_VARYING = r"[0-9A-Fa-f-]{8,}|[0-9]+"


def folded(last: Mapping[str, Any], crumb: Mapping[str, Any]) -> Crumb | None:
    """``crumb`` as one more of ``last``, or None if it says something else.

    It is the same if the command is and the message is, but for numbers and ids. What is kept is
    the latest, with how many there were (``count``) and the time of the first (``since``).

    >>> one = {"category": "redis", "timestamp": 1, "message": "GET 'item:1'"}
    >>> two = {"category": "redis", "timestamp": 2, "message": "GET 'item:2'"}
    >>> folded(one, two)["data"]
    {'count': 2, 'since': 1}
    """
    if last.get("category") != CATEGORY:
        return None
    before, data = last.get("data") or {}, crumb.get("data") or {}
    if before.get("redis.command") != data.get("redis.command"):
        return None
    if not _alike(last.get("message") or "", crumb.get("message") or ""):
        return None
    since = before.get("since", last.get("timestamp"))
    return {**crumb, "data": {**data, "count": before.get("count", 1) + 1, "since": since}}


def _alike(one: str, other: str) -> bool:
    return one == other or re.sub(_VARYING, "#", one) == re.sub(_VARYING, "#", other)
