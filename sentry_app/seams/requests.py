"""A request of an ignored URL goes past the SDK.

The private parts that are used, and what they have to be:

``WSGIHandler.__call__``, ``ASGIHandler.__call__``
    replaced by the SDK's Django integration when it is set up, once in a process.

Where the SDK has replaced them before this project starts it, the request passes the SDK, whose
sampler gives it the rate 0.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sentry_sdk

from sentry_app import context, outcomes
from sentry_app.seams.patching import wrap

#: What Django's handlers did before the SDK replaced it.
_bare: dict[type, Any] = {}


def remember() -> None:
    """Note what the handlers do; to be called before the SDK starts."""
    for handler in _handlers():
        module = getattr(handler.__call__, "__globals__", {}).get("__name__", "")
        if handler not in _bare and not module.startswith("sentry_sdk."):
            _bare[handler] = handler.__call__


def install() -> None:
    """Put the seam in, after the SDK's own."""
    for handler, past in zip(_handlers(), (_past_wsgi, _past_asgi), strict=True):
        if handler in _bare:
            wrap(handler, "__call__", partial(past, _bare[handler]))


def _handlers() -> tuple[Any, Any]:
    # Imported here: without a destination the SDK does not start, and neither is needed.
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler, ASGIHandler


def _past_wsgi(bare: Any, call: Any) -> Callable[..., Any]:
    def call_or_pass(self: Any, environ: Any, start_response: Any) -> Any:
        __tracebackhide__ = True
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        if not _is_ignored(path):
            return call(self, environ, start_response)
        with _unseen():
            response = bare(self, environ, start_response)
            # What is streamed is made later, when the server asks for it.
            if getattr(response, "streaming", False) and not response.is_async:
                response.streaming_content = _unseen_parts(response.streaming_content)
            return response

    return call_or_pass


def _past_asgi(bare: Any, call: Any) -> Callable[..., Any]:
    async def call_or_pass(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        __tracebackhide__ = True
        if not _is_ignored(scope.get("path", "")):
            return await call(self, scope, receive, send)
        with _unseen():
            return await bare(self, scope, receive, send)

    return call_or_pass


def _is_ignored(path: str) -> bool:
    client: Any = sentry_sdk.get_client()
    ignores = getattr(client.options.get("traces_sampler"), "ignores_path", None)
    if ignores is None or not path or not ignores(path):
        return False
    if client.transport:
        with outcomes.sampled_out_as(outcomes.IGNORED_URL, path):
            client.transport.record_lost_event("sample_rate", data_category="transaction")
    return True


@contextmanager
def _unseen() -> Iterator[None]:
    """No event is sent, and nothing that is set on the scope outlives the request."""
    token = context.request_is_ignored.set(True)
    try:
        with sentry_sdk.isolation_scope():
            yield
    finally:
        context.request_is_ignored.reset(token)


def _unseen_parts(parts: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        with _unseen():
            part = next(parts, None)
        if part is None:
            return
        yield part
