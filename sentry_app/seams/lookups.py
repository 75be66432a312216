"""What the SDK would look up while it builds an event: the user, and what lazy objects stand for.

The private parts that are used, and what they have to be:

``sentry_sdk.integrations.django._set_user_info(request, event)``
    called by that name for each event of a request with ``send_default_pii``; evaluates
    ``request.user``, which costs two queries.
``sentry_sdk.serializer.serialize(value, is_vars=True, custom_repr=None, ...)``
    looked up in its module, by that name, for the local variables of each frame. Its type checks
    evaluate a lazy object, and a ``repr`` may query.
``sentry_sdk.client.serialize(event, ...)``
    the same, looked up there for each event.

Where a part is missing, the SDK goes on looking up.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from sentry_app import interrupts, outcomes
from sentry_app.lazy import no_queries
from sentry_app.seams.transport import is_ours


def install() -> None:
    """Make the SDK look up nothing on its own; once for a process, for clients of ours."""
    from sentry_sdk import client, serializer
    from sentry_sdk.integrations import django

    replace(django, "_set_user_info", _without_looking_up)
    replace(serializer, "serialize", _without_evaluating)
    replace(client, "serialize", _without_evaluating)


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
        __tracebackhide__ = True
        if not is_ours():
            return original(value, **kwargs)
        custom = kwargs.get("custom_repr")
        from sentry_app.seams import shown  # only an event needs it

        show = shown.variables if kwargs.get("is_vars") else shown.event
        with no_queries():
            value = _shown(show, value, custom)
            if custom is not None:
                kwargs["custom_repr"] = partial(_custom, custom)
            return original(value, **kwargs)

    return serialize


def _shown(show: Callable[..., Any], value: Any, custom: Any) -> Any:
    try:
        return show(value, custom)
    except Exception as error:
        interrupts.let_through(error)
        outcomes.record_failure("showing")
        return value


def _custom(custom: Callable[[Any], Any], value: Any) -> Any:
    """The project's own ``custom_repr``, which was asked already where there is a :class:`Told`."""
    from sentry_app.showing import Told

    return value.text if type(value) is Told else custom(value)
