"""REST framework: an exception that it answers itself with a 5xx is an event all the same.

The SDK hears of an exception only if it gets as far as Django. REST framework makes an answer of
each ``APIException``: with status 500 of the class itself, with 503 and the like of its subclasses.
"""

from functools import wraps
from typing import Any

from django.core.signals import request_started

from sentry_app.conf import Config
from sentry_app.integrations.installed import is_installed
from sentry_app.integrations.report import report

_UID = "sentry_app.rest_framework"


def connect(config: Config) -> None:
    """Watch REST framework's views from the first request on; without the package do nothing.

    Not earlier, because its modules read the project's settings when they are imported.
    """
    if is_installed("rest_framework"):
        request_started.connect(_watch_views, dispatch_uid=_UID)


def _watch_views(**kwargs: Any) -> None:
    request_started.disconnect(dispatch_uid=_UID)
    try:
        from rest_framework.views import APIView
    except Exception:  # the package is there, but the project is not set up for it
        return
    if not hasattr(APIView.handle_exception, "_sentry_app_original"):
        APIView.handle_exception = _reporting(APIView.handle_exception)


def _reporting(original: Any) -> Any:
    """``APIView.handle_exception``, which returns the answer or raises."""

    @wraps(original)
    def handle_exception(self: Any, exc: Exception) -> Any:
        response = original(self, exc)
        if getattr(response, "status_code", 0) >= 500:
            report(exc, "rest_framework", handled=True)
        return response

    handle_exception._sentry_app_original = original  # type: ignore[attr-defined]
    return handle_exception
