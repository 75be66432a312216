"""Whether an error is one that the request has met before.

A urls.py that cannot be imported is met again by each layer of middleware, since the page for the
first error needs it too, and at last by the server: every time as a new exception.
"""

from typing import Any

#: Who reports what ends a request: Django, and the SDK around the WSGI or ASGI application.
_ENDS = frozenset({"django", "wsgi", "asgi"})

Reported = set[tuple[type, str]]


def is_repeat(event: Any, error: BaseException | None, reported: Reported) -> bool:
    """Whether ``error`` ends a request that its like has ended; if not, it joins ``reported``.

    Its like is an error of the same class with the same text. ``event`` says who reports it.
    """
    if error is None or not _ends_request(event):
        return False
    try:
        like = (type(error), str(error))
    except Exception:  # a __str__ of the project's own
        return False
    repeated = like in reported
    reported.add(like)
    return repeated


def _ends_request(event: Any) -> bool:
    values = (event.get("exception") or {}).get("values") or [{}]
    mechanism = values[-1].get("mechanism") or {}
    return mechanism.get("type") in _ENDS and mechanism.get("handled") is False
