"""Sentry for Django: one entry in INSTALLED_APPS and one SENTRY dict."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentry_sdk.envelope import Envelope

    from sentry_app.api import (
        sentry_add_breadcrumb,
        sentry_capture_exception,
        sentry_capture_message,
        sentry_set_user_context,
        sentry_start_span,
        sentry_start_transaction,
    )

__version__ = "0.1.0"

__all__ = [
    "outbox",
    "sentry_add_breadcrumb",
    "sentry_capture_exception",
    "sentry_capture_message",
    "sentry_set_user_context",
    "sentry_start_span",
    "sentry_start_transaction",
]

#: What the ``locmem`` transport was given, the oldest first.
outbox: list["Envelope"] = []


def __getattr__(name: str) -> Any:
    # Imported when first used: naming the app in INSTALLED_APPS must not import the SDK.
    if name in __all__:
        from sentry_app import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
