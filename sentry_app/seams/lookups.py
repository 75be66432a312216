"""What the SDK would look up while it builds an event: the user, and what lazy objects stand for.

The private parts that are used, and what they have to be:

``sentry_sdk.integrations.django._set_user_info(request, event)``
    called by that name for each event of a request with ``send_default_pii``; evaluates
    ``request.user``, which costs two queries.
``sentry_sdk.serializer.serialize(value, is_vars=True, ...)``
    looked up in its module, by that name, for the local variables of each frame. Its type checks
    evaluate a lazy object, and a ``repr`` may query.

Where a part is missing, the SDK goes on looking up.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from sentry_app.lazy import no_queries, without_lazy
from sentry_app.seams.transport import is_ours


def install() -> None:
    """Make the SDK look up nothing on its own; once for a process, for clients of ours."""
    from sentry_sdk import serializer
    from sentry_sdk.integrations import django

    replace(django, "_set_user_info", _without_looking_up)
    replace(serializer, "serialize", _without_evaluating)


def is_installed(module: Any, name: str) -> bool:
    """Whether ``name`` of ``module`` is what :func:`replace` made of it."""
    return hasattr(getattr(module, name, None), "_sentry_app_original")


def replace(module: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    """Put ``wrap(original)`` in the place of a function, unless that is done or there is none."""
    original = getattr(module, name, None)
    if callable(original) and not is_installed(module, name):
        replacement = wraps(original)(wrap(original))
        replacement._sentry_app_original = original  # type: ignore[attr-defined]
        setattr(module, name, replacement)


def _without_looking_up(original: Callable[..., None]) -> Callable[..., None]:
    def set_user_info(request: Any, event: Any) -> None:
        if not is_ours():
            original(request, event)

    return set_user_info


def _without_evaluating(original: Callable[..., Any]) -> Callable[..., Any]:
    def serialize(value: Any, **kwargs: Any) -> Any:
        if not (kwargs.get("is_vars") and is_ours()):
            return original(value, **kwargs)
        with no_queries():
            return original(without_lazy(value), **kwargs)

    return serialize
