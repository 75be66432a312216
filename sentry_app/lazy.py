"""What must not be evaluated or looked up because of an event: lazy objects and queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connections
from django.template.context import BaseContext
from django.utils.functional import LazyObject, empty

#: No deeper than the SDK shows variables (its ``MAX_DATABAG_DEPTH``).
_DEPTH = 5

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


def without_lazy(value: Any, depth: int = _DEPTH) -> Any:
    """``value``, or a copy in which :class:`Unloaded` stands for each unevaluated lazy object."""
    kind = type(value)
    if issubclass(kind, LazyObject):
        return Unloaded(value) if is_unloaded(value) else value
    if depth and issubclass(kind, BaseContext):
        return without_lazy(list(reversed(value.dicts)), depth)
    if depth and issubclass(kind, dict) and kind.items is dict.items:
        changed = {key: without_lazy(entry, depth - 1) for key, entry in value.copy().items()}
        return value if _same(changed.values(), value.values()) else changed
    if depth and kind in (list, tuple):
        entries = [without_lazy(entry, depth - 1) for entry in value]
        return value if _same(entries, value) else entries
    return value


def _same(new: Any, old: Any) -> bool:
    return all(a is b for a, b in zip(new, old, strict=False))


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
