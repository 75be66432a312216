"""Whether an error is one that the request has met before.

A urls.py that cannot be imported is met again by each layer of middleware, since the page for the
first error needs it too, and at last by the server: every time as a new exception, raised while
the one before it is handled. ASGI loses that link at last, so the request's scope remembers, too.
"""

from typing import Any

from sentry_app.chains import handled_before

#: Who reports what ends a request: Django, and the SDK around the WSGI or ASGI application.
_ENDS = frozenset({"django", "wsgi", "asgi"})

#: Set on an error that was reported: what is raised because of it, or logged of it, is no news.
_MARK = "_sentry_app_reported"

#: The hint in which it travels what has ended the same request.
_ENDED_HINT = "sentry_app_ended"

Like = tuple[type, str]


class _Ended:
    """An event processor of a request's scope: tells the event what has ended the request."""

    def __init__(self, like: Like) -> None:
        self.like = like

    def __call__(self, event: Any, hint: dict[str, Any]) -> Any:
        hint[_ENDED_HINT] = self.like
        return event


def is_repeat(event: Any, error: BaseException | None, hint: dict[str, Any]) -> bool:
    """Whether ``error`` ends a request that its like has ended; if not, that is remembered.

    Its like is an error of the same class with the same text. ``event`` says who reports it.
    """
    if error is None:
        return False
    if event.get("logger"):
        return _is_marked(error)  # the server logs what it was told
    kind, like = _end(event), _like(error)
    if kind is None or like is None:
        return False
    mark(error)
    if any(_is_marked(earlier) and _like(earlier) == like for earlier in handled_before(error)):
        return True
    is_remembered = bool(hint.get(_ENDED_HINT) == like)
    if not is_remembered:
        # Imported here: the checks need this file too, and no SDK.
        import sentry_sdk

        sentry_sdk.get_isolation_scope().add_event_processor(_Ended(like))
    return is_remembered and kind == "asgi"


def mark(error: BaseException) -> None:
    """Note that ``error`` was reported: its line in a log is none of its own."""
    try:
        setattr(error, _MARK, True)
    except Exception:  # a class that takes no attributes
        return


def _is_marked(error: BaseException) -> bool:
    return getattr(error, _MARK, False) is True


def _like(error: BaseException) -> Like | None:
    from sentry_app.showing import is_missing, message  # with the first event

    text = message(error)
    return None if is_missing(text) else (type(error), text)


def _end(event: Any) -> str | None:
    """Who reports what ends a request, or None for any other event."""
    values = (event.get("exception") or {}).get("values") or [{}]
    mechanism = values[-1].get("mechanism") or {}
    kind = mechanism.get("type")
    return kind if kind in _ENDS and mechanism.get("handled") is False else None
