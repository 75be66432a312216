"""Send things: with a plain SDK client, or without the SDK, to see what a server answers."""

from __future__ import annotations

import gzip
import json
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import sentry_sdk
import urllib3
from sentry_sdk.utils import event_from_exception

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


@dataclass(frozen=True)
class Response:
    """An HTTP response, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def send_error(dsn: str) -> str:
    """Send an exception with a plain SDK client and return its id."""
    client = sentry_sdk.Client(dsn=dsn, default_integrations=False, release="shop@1.0")
    try:
        raise ValueError("no such item")
    except ValueError as error:
        event, hint = event_from_exception(error)
    event_id = client.capture_event(event, hint)
    client.close()
    assert event_id
    return event_id


def post_event(
    dsn: str,
    event: Mapping[str, Any] | None = None,
    *,
    item_type: str = "event",
    encoding: str = "gzip",
    ca_file: str | None = None,
    timeout: float = 10,
) -> Response:
    """Post one event, or another item, to a DSN; what urllib3 raises comes through."""
    event = {"event_id": uuid.uuid4().hex, **(event or {})}
    content = envelope({"event_id": event["event_id"]}, {"type": item_type}, event)
    return post(dsn, content, encoding=encoding, ca_file=ca_file, timeout=timeout)


def post(
    dsn: str,
    content: bytes,
    *,
    encoding: str = "gzip",
    ca_file: str | None = None,
    timeout: float = 10,
) -> Response:
    """Post these bytes to where a DSN's envelopes go."""
    headers = {"X-Sentry-Auth": _auth_header(dsn), "Content-Encoding": encoding}
    body = COMPRESS[encoding](content)
    with urllib3.PoolManager(ca_certs=ca_file, retries=False, timeout=timeout) as pool:
        answer = pool.request("POST", envelope_url(dsn), body=body, headers=headers)
        return Response(answer.status, answer.headers, answer.data.decode())


def envelope(*lines: Mapping[str, Any]) -> bytes:
    """The bytes of an envelope: its header, then the header and the payload of each item."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def envelope_url(dsn: str) -> str:
    """Where a DSN's envelopes go."""
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    prefix, _, project_id = parts.path.rpartition("/")
    return f"{parts.scheme}://{host}{prefix}/api/{project_id}/envelope/"


def _auth_header(dsn: str) -> str:
    return f"Sentry sentry_version=7, sentry_client=tests/1.0, sentry_key={urlsplit(dsn).username}"
