"""Sends an envelope that is written already, and says what the server answered.

The private parts that are used, and what they have to be:

``HttpTransport._request(method, endpoint_type, body, headers)``
    makes the HTTP request at once and returns urllib3's response, or httpcore's with HTTP/2.
``HttpTransport._auth``
    has a ``client`` and a ``to_header()``, which identify the sender.
``HttpTransport._pool``
    urllib3's pool manager, or httpcore's; the former has ``connection_pool_kw``.
``HttpTransport._fetch_pending_client_report(force, interval)``
    the item that tells Sentry what was dropped, if it is time for one.

Where one is missing, there is no spool: the SDK sends as ever.
"""

import gzip
from inspect import iscoroutinefunction
from typing import Any

from sentry_sdk.consts import EndpointType
from sentry_sdk.envelope import Item
from urllib3 import Retry

from sentry_app.seams.transport import headers_of, text_of
from sentry_app.spool import Answer

#: Once, and on to where it is redirected: whoever calls tries again in good time, and says so once.
_ONCE = Retry(total=3, connect=0, read=0, other=0)

#: How often, in seconds, Sentry is told what was dropped; the SDK's own interval.
_REPORT_INTERVAL = 60


class HttpSender:
    """Sends with one of the SDK's HTTP transports, whose own thread is never started."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport

    def send(self, raw: bytes) -> Answer:
        """Send an envelope and wait for the answer. Raises what urllib3 or httpcore raise."""
        auth = self.transport._auth
        headers = {
            "Content-Type": "application/x-sentry-envelope",
            "Content-Encoding": "gzip",
            "User-Agent": str(auth.client),
            "X-Sentry-Auth": str(auth.to_header()),
        }
        body = gzip.compress(raw, compresslevel=6)
        # A pool of httpcore's has none of it.
        getattr(self.transport._pool, "connection_pool_kw", {}).setdefault("retries", _ONCE)
        response = self.transport._request("POST", EndpointType.ENVELOPE, body, headers)
        try:
            return Answer(response.status, dict(headers_of(response)), text_of(response))
        finally:
            response.close()

    def client_report(self, *, force: bool = False) -> Item | None:
        """What was dropped and not yet told, once in a while or if forced."""
        report: Item | None = self.transport._fetch_pending_client_report(
            force=force, interval=_REPORT_INTERVAL
        )
        return report


def missing_parts(transport: Any) -> list[str]:
    """The private parts that ``transport`` does not have, or not in the shape that is needed."""
    auth = getattr(transport, "_auth", None)
    parts = {
        "_request": getattr(transport, "_request", None),
        "_auth.to_header": getattr(auth, "to_header", None),
        "_fetch_pending_client_report": getattr(transport, "_fetch_pending_client_report", None),
    }
    return [name for name, part in parts.items() if not callable(part) or iscoroutinefunction(part)]
