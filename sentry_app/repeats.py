"""Whether an error is one that the request has met before.

A urls.py that cannot be imported is met again by each layer of middleware, since the page for the
first error needs it too, and at last by the server: every time as a new exception.
"""

from typing import Any

#: Who reports what ends a request: Django, and the SDK around the WSGI or ASGI application.
_ENDS = frozenset({"django", "wsgi", "asgi"})

#: Set on an error that was reported and goes on to the server, which logs it.
_MARK = "_sentry_app_reported"

Reported = set[tuple[type, str]]


def is_repeat(event: Any, error: BaseException | None, reported: Reported) -> bool:
    """Whether ``error`` ends a request that its like has ended; if not, it joins ``reported``.

    Its like is an error of the same class with the same text. ``event`` says who reports it.
    """
    if error is None:
        return False
    if event.get("logger") and getattr(error, _MARK, False):
        return True  # the server logs what it was told
    if not _ends_request(event):
        return False
    try:
        like = (type(error), str(error))
    except Exception:  # a __str__ of the project's own
        return False
    repeated = like in reported
    reported.add(like)
    return repeated


def mark(error: BaseException) -> None:
    """Note that ``error`` was reported: its line in a log is none of its own."""
    try:
        setattr(error, _MARK, True)
    except Exception:  # a class that takes no attributes
        return


def _ends_request(event: Any) -> bool:
    values = (event.get("exception") or {}).get("values") or [{}]
    mechanism = values[-1].get("mechanism") or {}
    return mechanism.get("type") in _ENDS and mechanism.get("handled") is False
