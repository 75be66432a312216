"""The middleware that tells events which user and request they belong to."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from sentry_app import sdk
from sentry_app.conf import Config

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class SentryContextMiddleware:
    """Stands after AuthenticationMiddleware; works under WSGI and, without a thread, under ASGI.

    Costs no query: the user is read when an event is made, and only if the view has loaded it.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Note the request, and let the next middleware answer."""
        config = sdk.running()
        if config is not None:
            note_request(request, config)
        return self.get_response(request)


def note_request(request: HttpRequest, config: Config) -> None:
    """Make the events of this isolation scope belong to ``request``."""
    import sentry_sdk

    from sentry_app import context

    actor = context.current_actor(config.USER_FIELDS, send_pii=config.SEND_DEFAULT_PII)
    actor.request, actor.user = request, context.UNKNOWN
    sentry_sdk.add_breadcrumb(
        message=f"{request.method} {request.path}", category="request", level="info"
    )
