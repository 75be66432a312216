"""Who is at work: the user of a request or task, found without asking the database."""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any
from weakref import ref

import sentry_sdk

from sentry_app.interrupts import let_through
from sentry_app.lazy import is_unloaded, no_queries

#: What is said about a user: names of attributes (dotted ones too), or a callable that says it.
Fields = Iterable[str] | Callable[[Any], Mapping[str, Any]]

#: The hint in which the user's e-mail address travels to the TEST_USER_EMAILS filter: it is
#: compared there even when SEND_DEFAULT_PII withholds it from the event.
EMAIL_HINT = "sentry_app_user_email"

#: The hint in which the names travel that were typed at a failed login.
TYPED_HINT = "sentry_app_typed"

#: The hint in which the user travels that the project itself set on the scope.
_SAID_HINT = "sentry_app_user_said"

#: Distinguishes "nobody said who" from "nobody", which is None.
UNKNOWN: Any = object()

#: Whether this request is one of IGNORED_URLS, and nothing is sent of it.
request_is_ignored: ContextVar[bool] = ContextVar("request_is_ignored", default=False)

#: Whether a hook of the project's runs: what it logs or captures would run it again.
hook_runs: ContextVar[bool] = ContextVar("hook_runs", default=False)


class Actor:
    """Tells each event of one isolation scope (one request, one task) who was at work.

    Added to the scope as an event processor, so that it is asked only when there is an event, and
    sees the user that the view has loaded since.
    """

    def __init__(self, scope: sentry_sdk.Scope, fields: Fields, send_pii: bool) -> None:
        self.scope = scope
        self.fields = fields if callable(fields) else tuple(fields)
        self.send_pii = send_pii
        self.request: Any = None
        self.user: Any = UNKNOWN
        self.start: float | None = None
        self.typed: frozenset[str] = frozenset()

    def begin(self, request: Any, start: float | None = None) -> None:
        """Belong to ``request`` from here on, of which nothing is known yet.

        With ``start``, in seconds since 1970, each event's trail tells of the request.
        """
        self.request, self.start = request, start
        self.user, self.typed = UNKNOWN, frozenset()

    def __call__(self, event: Any, hint: dict[str, Any]) -> Any:
        """Add user, view and request to ``event``, and the user's e-mail address to ``hint``.

        A scope may have several actors (a task that runs within a request): the last one counts.
        """
        hint[TYPED_HINT] = self.typed
        with no_queries():
            self._tell_user(event, hint)
            self._tell_tags(event)
        if self.start is not None:
            from sentry_app.trail import begin_with_request  # only an event needs it

            begin_with_request(event, self.request, self.start)
        return event

    def _tell_user(self, event: Any, hint: dict[str, Any]) -> None:
        said = hint.setdefault(_SAID_HINT, event.pop("user", None))
        user = loaded_user(self.request) if self.user is UNKNOWN else self.user
        hint[EMAIL_HINT] = _text(attribute(user, "email"))
        told = describe_user(user, self.fields, send_pii=self.send_pii)
        if user is None and self.user is UNKNOWN and (user_id := session_user_id(self.request)):
            told = {"id": user_id}
        if told or said:
            event["user"] = {**(told or {}), **(said or {})}

    def _tell_tags(self, event: Any) -> None:
        from sentry_app.routes import route_tags

        tags = route_tags(self.request)
        if impersonator := impersonator_id(self.request):
            tags["impersonator"] = impersonator
        said = event.get("tags") or {}
        if tags and isinstance(said, dict):
            event["tags"] = {**tags, **said}


#: A weak reference, so that a thread does not keep its last request alive.
_actor: ContextVar["ref[Actor] | None"] = ContextVar("actor", default=None)


def current_actor(fields: Fields, *, send_pii: bool) -> Actor:
    """The actor of the current isolation scope, made and added to the scope if there is none."""
    scope = sentry_sdk.get_isolation_scope()
    reference = _actor.get()
    actor = reference() if reference is not None else None
    if actor is None or actor.scope is not scope:
        actor = Actor(scope, fields, send_pii)
        scope.add_event_processor(actor)
        _actor.set(ref(actor))
    return actor


def describe_user(user: Any, fields: Fields, *, send_pii: bool) -> dict[str, Any] | None:
    """What an event says about ``user``, or None for nobody.

    ``fields`` are ``id``, ``username``, ``email``, names of attributes or dotted ones, or a
    callable; without ``send_pii`` only the id is told. Custom user models and users without
    e-mail are fine. What could be told only with a query is left out.
    """
    with no_queries():
        if not attribute(user, "is_authenticated"):
            return None
        told = {"id": _text(attribute(user, "pk"))}
        if send_pii:
            told.update(_chosen(user, fields))
    return {field: value for field, value in told.items() if value}


def _chosen(user: Any, fields: Fields) -> dict[str, str]:
    if callable(fields):
        token = hook_runs.set(True)
        try:
            return {str(field): _text(value) for field, value in fields(user).items()}
        finally:
            hook_runs.reset(token)
    return {field: _text(attribute(user, field)) for field in fields if field != "id"}


def loaded_user(request: Any) -> Any:
    """The request's user if it was loaded already, else None: an event costs no query.

    REST framework sets the user that it found on Django's request as well.
    """
    if request is None:
        return None
    user = vars(request).get("user")
    if is_unloaded(user):
        user = None
    return user if user is not None else vars(request).get("_acached_user")


def session_user_id(request: Any) -> str:
    """The id of the logged-in user if the session was loaded already, else the empty text."""
    return _text(_loaded_session(request).get("_auth_user_id"))


def impersonator_id(request: Any) -> str:
    """The id of the user who acts as the request's user, else the empty text.

    django-impersonate sets ``request.impersonator``; django-hijack keeps the ids of those who
    hijacked one another in the session, the first of whom is at work.
    """
    user = getattr(request, "impersonator", None)
    if user is not None and not is_unloaded(user):
        return _text(attribute(user, "pk"))
    history = _loaded_session(request).get("hijack_history")
    return _text(history[0]) if isinstance(history, list) and history else ""


def _loaded_session(request: Any) -> Mapping[str, Any]:
    session = getattr(request, "session", None)
    loaded = None if is_unloaded(session) else getattr(session, "_session_cache", None)
    return loaded if isinstance(loaded, dict) else {}


def attribute(user: Any, field: str) -> Any:
    """One attribute of a user; ``username`` and ``email`` wherever the model keeps them.

    ``profile.plan`` is the plan of the user's profile. Methods and managers say nothing.
    """
    try:
        if field == "username":
            field = getattr(user, "USERNAME_FIELD", field)
        if field == "email":
            field = getattr(user, "EMAIL_FIELD", field)
        for part in field.split("."):
            user = _step(user, part)
        return user if _says_something(user) else None
    except Exception as error:  # a property of the project's own, or one that needs a query
        let_through(error)
        return None


def _step(value: Any, name: str) -> Any:
    if is_unloaded(value) or name in getattr(value, "get_deferred_fields", set)():
        return None
    return getattr(value, name, None)


def _says_something(value: Any) -> bool:
    return not (is_unloaded(value) or callable(value) or hasattr(value, "get_queryset"))


def _text(value: Any) -> str:
    try:
        return "" if value is None else str(value)
    except Exception as error:  # a __str__ of the project's own, which may need the database
        let_through(error)
        return ""
