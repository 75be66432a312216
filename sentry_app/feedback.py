"""The crash-report dialog: where its script comes from, and what it is told.

https://docs.sentry.io/platforms/javascript/user-feedback/ (``showReportDialog``); the script is the
one that Sentry's browser SDK loads for it, from the server of the DSN.
"""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import sentry_sdk


def event_id() -> str:
    """The id of the request's last event that was not dropped, or empty."""
    return sentry_sdk.last_event_id() or ""


def script_url(dsn: str, event_id: str, options: Mapping[str, str]) -> str:
    """The URL of the dialog's script; ``options`` are those of ``showReportDialog``.

    >>> script_url("https://key@sentry.example/2", "abc", {"lang": "de"})
    'https://sentry.example/api/embed/error-page/?dsn=https%3A%2F%2Fkey%40sentry.example%2F2&eventId=abc&lang=de'
    """
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    prefix, _, project = parts.path.rpartition("/")
    # An old DSN has a second, secret part of the key, which is not for a browser.
    public = f"{parts.scheme}://{parts.username}@{host}{prefix}/{project}"
    query = urlencode({"dsn": public, "eventId": event_id, **options})
    return f"{parts.scheme}://{host}{prefix}/api/embed/error-page/?{query}"
