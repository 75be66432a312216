"""What must not be evaluated or looked up because of an event: lazy objects and queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connections
from django.utils.functional import LazyObject, empty

_DOORS = ("cursor", "chunked_cursor", "connect")


class LookupRefused(Exception):
    """Raised instead of a query that nobody but the monitoring would have made."""


class Unloaded:
    """Stands for a lazy object that nobody has evaluated."""

    def __init__(self, lazy: Any) -> None:
        self._name = type(lazy).__name__

    def __repr__(self) -> str:
        return f"<{self._name}: not loaded>"


def is_unloaded(value: Any) -> bool:
    """Whether ``value`` is a lazy object that is not evaluated, or that wraps such a one."""
    # Not isinstance(), which asks a lazy object for its class and so evaluates it.
    while issubclass(type(value), LazyObject):
        value = vars(value).get("_wrapped", empty)
        if value is empty:
            return True
    return False


@contextmanager
def no_queries() -> Iterator[None]:
    """Refuse this thread's queries while the body runs, before they reach a database."""
    closed = [(vars(connection), _own(vars(connection))) for connection in _connections()]
    for attributes, _ in closed:
        attributes.update(dict.fromkeys(_DOORS, _refuse))
    try:
        yield
    finally:
        for attributes, own in closed:
            for name in _DOORS:
                attributes.pop(name, None)
            attributes.update(own)


def _connections() -> list[Any]:
    """This thread's connections; not those that a live test server shares with other threads."""
    try:
        # Not to make a connection's object while the apps are loaded.
        found = connections.all(initialized_only=not apps.models_ready)
    except Exception:  # DATABASES is wrong, which Django says itself
        return []
    return [connection for connection in found if not connection.allow_thread_sharing]


def _own(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: attributes[name] for name in _DOORS if name in attributes}


def _refuse(*args: Any, **kwargs: Any) -> Any:
    raise LookupRefused("no queries for an event")
