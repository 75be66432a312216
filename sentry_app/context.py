"""Who is at work: the user of a request or task, found without asking the database."""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any
from weakref import ref

import sentry_sdk
from django.utils.functional import LazyObject, empty

#: The hint in which the user's e-mail address travels to the TEST_USER_EMAILS filter: it is
#: compared there even when SEND_DEFAULT_PII withholds it from the event.
EMAIL_HINT = "sentry_app_user_email"

#: The hint in which the user travels that the project itself set on the scope.
_SAID_HINT = "sentry_app_user_said"

#: Distinguishes "nobody said who" from "nobody", which is None.
UNKNOWN: Any = object()

#: Whether this request is one of IGNORED_URLS, and nothing is sent of it.
request_is_ignored: ContextVar[bool] = ContextVar("request_is_ignored", default=False)


class Actor:
    """Tells each event of one isolation scope (one request, one task) who was at work.

    Added to the scope as an event processor, so that it is asked only when there is an event, and
    sees the user that the view has loaded since.
    """

    def __init__(self, scope: sentry_sdk.Scope, fields: Iterable[str], send_pii: bool) -> None:
        self.scope = scope
        self.fields = tuple(fields)
        self.send_pii = send_pii
        self.request: Any = None
        self.user: Any = UNKNOWN

    def __call__(self, event: Any, hint: dict[str, Any]) -> Any:
        """Add the user to ``event`` and the user's e-mail address to ``hint``.

        A scope may have several actors (a task that runs within a request): the last one counts.
        """
        said = hint.setdefault(_SAID_HINT, event.pop("user", None))
        user = loaded_user(self.request) if self.user is UNKNOWN else self.user
        hint[EMAIL_HINT] = _text(attribute(user, "email"))
        told = describe_user(user, self.fields, send_pii=self.send_pii)
        if user is None and self.user is UNKNOWN and (user_id := session_user_id(self.request)):
            told = {"id": user_id}
        if told or said:
            event["user"] = {**(told or {}), **(said or {})}
        return event


#: A weak reference, so that a thread does not keep its last request alive.
_actor: ContextVar["ref[Actor] | None"] = ContextVar("actor", default=None)


def current_actor(fields: Iterable[str], *, send_pii: bool) -> Actor:
    """The actor of the current isolation scope, made and added to the scope if there is none."""
    scope = sentry_sdk.get_isolation_scope()
    reference = _actor.get()
    actor = reference() if reference is not None else None
    if actor is None or actor.scope is not scope:
        actor = Actor(scope, fields, send_pii)
        scope.add_event_processor(actor)
        _actor.set(ref(actor))
    return actor


def describe_user(user: Any, fields: Iterable[str], *, send_pii: bool) -> dict[str, Any] | None:
    """What an event says about ``user``, or None for nobody.

    ``fields`` are ``id``, ``username``, ``email`` or names of attributes; without ``send_pii``
    only the id is told. Custom user models and users without e-mail are fine.
    """
    if not attribute(user, "is_authenticated"):
        return None
    told = {"id": _text(attribute(user, "pk"))}
    if send_pii:
        told.update((field, _text(attribute(user, field))) for field in fields if field != "id")
    return {field: value for field, value in told.items() if value}


def loaded_user(request: Any) -> Any:
    """The request's user if it was loaded already, else None: an event costs no query."""
    if request is None:
        return None
    user = vars(request).get("user")
    if isinstance(user, LazyObject) and user._wrapped is empty:
        user = None
    return user if user is not None else vars(request).get("_acached_user")


def session_user_id(request: Any) -> str:
    """The id of the logged-in user if the session was loaded already, else the empty text."""
    session = getattr(request, "session", None)
    loaded = getattr(session, "_session_cache", None) or {}
    return _text(loaded.get("_auth_user_id"))


def attribute(user: Any, field: str) -> Any:
    """One attribute of a user; ``username`` and ``email`` wherever the model keeps them."""
    try:
        if field == "username":
            field = getattr(user, "USERNAME_FIELD", field)
        if field == "email":
            field = getattr(user, "EMAIL_FIELD", field)
        if field in getattr(user, "get_deferred_fields", set)():
            return None
        return getattr(user, field, None)
    except Exception:  # a property of the project's own
        return None


def _text(value: Any) -> str:
    try:
        return "" if value is None else str(value)
    except Exception:  # a __str__ of the project's own, which may need the database
        return ""
