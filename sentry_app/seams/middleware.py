"""Middleware stands alone where it is no span.

The SDK puts a wrapper around each middleware to make a span of it. With MIDDLEWARE_SPANS off, as it
is by default, the wrapper asks for each request whether to make one, which is 8 % of what a small
view costs (SDK 2.75).

The private part that is used, and what it has to be:

``sentry_sdk.integrations.django.middleware._wrap_middleware(middleware, middleware_name)``
    looked up in its module for each middleware that a handler loads; returns a class or a function
    that does the same.

Where it is missing, middleware is wrapped as ever.
"""

from collections.abc import Callable
from typing import Any

import sentry_sdk

from sentry_app.seams.patching import parameters, wrap
from sentry_app.seams.transport import is_ours


def install() -> None:
    """Put the seam in; it asks the client in force when an application is made."""
    from sentry_sdk.integrations.django import middleware

    part = getattr(middleware, "_wrap_middleware", None)
    if parameters(part) == ("middleware", "middleware_name"):
        wrap(middleware, "_wrap_middleware", _for_spans)


def _for_spans(wrap_middleware: Callable[..., Any]) -> Callable[..., Any]:
    def wrap_for_spans(middleware: Any, middleware_name: str) -> Any:
        if is_ours() and not _are_spans():
            return middleware
        return wrap_middleware(middleware, middleware_name)

    return wrap_for_spans


def _are_spans() -> bool:
    integration = sentry_sdk.get_client().get_integration("django")
    return bool(getattr(integration, "middleware_spans", True))
