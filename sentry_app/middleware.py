"""The middleware that tells events which user and request they belong to."""

import logging
from collections.abc import Awaitable, Callable
from time import time
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from sentry_app import sdk
from sentry_app.conf import Config

logger = logging.getLogger("sentry_app")

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class SentryContextMiddleware:
    """Stands after AuthenticationMiddleware; works under WSGI and, without a thread, under ASGI.

    Costs no query: the user is read when an event is made, and only if the view has loaded it.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response: Any = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Note the request, and let the next middleware answer."""
        config = sdk.running()
        if config is None:
            return self.get_response(request)
        try:
            note_request(request, config)
        except Exception as error:  # not the request's fault
            _failed(error)
        header = config.TRACE_RESPONSE_HEADER
        if header is None:
            return self.get_response(request)
        if self.is_async:
            return self._answer(request, header)
        return with_trace(self.get_response(request), header)

    async def _answer(self, request: HttpRequest, header: str) -> HttpResponseBase:
        return with_trace(await self.get_response(request), header)


def with_trace(response: HttpResponseBase, header: str) -> HttpResponseBase:
    """``response`` with the running trace's id, 32 hexadecimal digits, as ``header``."""
    from sentry_app import propagation

    trace_id = propagation.trace_id()
    if trace_id:
        response.headers.setdefault(header, trace_id)
    return response


def _failed(error: Exception) -> None:
    # Imported here: without a DSN nothing fails, and nothing is counted.
    from sentry_app import outcomes
    from sentry_app.interrupts import let_through

    let_through(error)
    outcomes.record_failure("SentryContextMiddleware")
    logger.warning("the request cannot be noted", exc_info=True)


def note_request(request: HttpRequest, config: Config) -> None:
    """Make the events of this isolation scope belong to ``request``."""
    from sentry_app import context
    from sentry_app.user_fields import user_fields

    actor = context.current_actor(user_fields(config), send_pii=config.SEND_DEFAULT_PII)
    actor.begin(request, start=time())
