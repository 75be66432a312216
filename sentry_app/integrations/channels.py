"""Channels: each message that a consumer handles is a transaction, and each failure an event.

Not the whole connection, which may last for days: its transaction would come when it is over.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial, wraps
from types import SimpleNamespace
from typing import Any

from sentry_app import outcomes
from sentry_app.conf import Config
from sentry_app.integrations.installed import is_installed
from sentry_app.integrations.report import report
from sentry_app.repeats import mark
from sentry_app.user_fields import user_fields

logger = logging.getLogger("sentry_app")

Dispatch = Callable[[Any], Awaitable[None]]


def connect(config: Config) -> None:
    """Watch every consumer; without Channels do nothing. A later call changes ``config`` only."""
    if not is_installed("channels"):
        return
    from channels.consumer import AsyncConsumer

    original = getattr(AsyncConsumer.__call__, "_sentry_app_original", AsyncConsumer.__call__)
    AsyncConsumer.__call__ = _watching(original, config)


def _watching(original: Any, config: Config) -> Any:
    """``AsyncConsumer.__call__``, which serves one connection from its beginning to its end."""

    @wraps(original)
    async def serve(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        import sentry_sdk

        if not sentry_sdk.get_client().is_active():
            return await original(self, scope, receive, send)
        with sentry_sdk.isolation_scope() as isolation:
            try:
                _tell(isolation, type(self), scope, config)
                self.dispatch = _traced(self, scope, self.dispatch)
            except Exception:
                _passed_over()
            return await original(self, scope, receive, send)

    serve._sentry_app_original = original  # type: ignore[attr-defined]
    return serve


def _tell(isolation: Any, consumer: type, scope: Any, config: Config) -> None:
    """Have the events of a connection say whose it is, and which consumer serves it."""
    from sentry_app.context import current_actor

    isolation.clear_breadcrumbs()
    isolation.add_event_processor(_request_of(scope))
    actor = current_actor(user_fields(config), send_pii=config.SEND_DEFAULT_PII)
    actor.begin(SimpleNamespace(user=scope.get("user"), session=scope.get("session")))
    isolation.set_tag("view", _name(consumer))


def _request_of(scope: Any) -> Callable[..., Any]:
    """What tells an event the connection's URL and headers, as the SDK does for ASGI."""
    from sentry_sdk.integrations.asgi import SentryAsgiMiddleware

    middleware = SentryAsgiMiddleware(_request_of, unsafe_context_data=True)  # it serves nothing
    return partial(middleware.event_processor, asgi_scope=scope)


def _traced(consumer: Any, scope: Any, dispatch: Dispatch) -> Dispatch:
    """``dispatch``, with a transaction around each message."""
    from channels.exceptions import StopConsumer

    async def traced(message: Any) -> None:
        stopped = None
        with _transaction(consumer, scope, message):
            try:
                await dispatch(message)
            except StopConsumer as stop:  # the way a connection ends
                stopped = stop
            except Exception as error:
                report(error, "channels")
                mark(error)
                raise
        if stopped is not None:
            raise stopped

    return traced


def _transaction(consumer: Any, scope: Any, message: Any) -> AbstractContextManager[Any]:
    """That of one message, in one trace with the client's. Never raises."""
    import sentry_sdk

    try:
        name = _handler(consumer, message)
        sentry_sdk.add_breadcrumb(category=scope["type"], message=name, level="info")
        transaction = sentry_sdk.continue_trace(
            _headers(scope), op=f"{scope['type']}.server", name=name, source="component"
        )
        return sentry_sdk.start_transaction(
            transaction, custom_sampling_context={"asgi_scope": scope}
        )
    except Exception:
        _passed_over()
        return nullcontext()


def _passed_over() -> None:
    outcomes.record_failure("channels")
    logger.warning("a consumer is not watched", exc_info=True)


def _headers(scope: Any) -> dict[str, str]:
    pairs = scope.get("headers") or ()
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def _handler(consumer: Any, message: Any) -> str:
    """The dotted path of the method that handles ``message``, or of the consumer without one."""
    method = str(message.get("type", "")).replace(".", "_")
    path = _name(type(consumer))
    return f"{path}.{method}" if hasattr(consumer, method or " ") else path


def _name(consumer: type) -> str:
    return f"{consumer.__module__}.{consumer.__qualname__}"
