"""Read a Sentry envelope as it came over the wire."""

from __future__ import annotations

import contextlib
import gzip
import importlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from sentry_sdk.envelope import Envelope

DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}
with contextlib.suppress(ImportError):
    DECODERS["br"] = importlib.import_module("brotli").decompress

BINARY_ITEMS = frozenset({"attachment", "replay_recording"})


@dataclass(frozen=True)
class Item:
    """One item of an envelope: its header, and its payload as parsed JSON or as bytes."""

    headers: Mapping[str, Any]
    payload: Any

    @property
    def type(self) -> str:
        return str(self.headers["type"])

    @property
    def entries(self) -> list[Any]:
        """The payload, or the members of a batch (logs, metrics, spans)."""
        if isinstance(self.payload, dict) and "item_count" in self.headers:
            return list(self.payload["items"])
        return [self.payload]


@dataclass(frozen=True)
class Received:
    """One envelope: the HTTP request's parts, the envelope's header and its items."""

    path: str
    http_headers: Message
    raw: bytes
    body: bytes
    headers: Mapping[str, Any]
    items: tuple[Item, ...]

    def __str__(self) -> str:
        contents = ", ".join(_summary(item) for item in self.items)
        return f"{contents or 'an empty envelope'} (event_id {self.headers.get('event_id')})"


def parse(raw: bytes, http_headers: Message, path: str = "") -> Received:
    """Decompress and parse an envelope; whatever the parser raises comes through."""
    body = decompress(raw, http_headers.get("Content-Encoding", "identity"))
    envelope = Envelope.deserialize(body)
    items = tuple(Item(item.headers, _payload(item.type, item.get_bytes())) for item in envelope)
    return Received(path, http_headers, raw, body, envelope.headers, items)


def decompress(raw: bytes, encoding: str) -> bytes:
    """Undo a Content-Encoding; KeyError for one that is not known (br needs brotli)."""
    return DECODERS[encoding](raw)


def _payload(item_type: str | None, payload: bytes) -> Any:
    if item_type in BINARY_ITEMS:
        return payload
    try:
        return json.loads(payload)
    except ValueError:
        return payload


def _summary(item: Item) -> str:
    if len(item.entries) > 1:
        return f"{len(item.entries)} x {item.type}"
    return f"{item.type} {_title(item.payload)}".rstrip()


def _title(payload: Any) -> str:
    """What a person would call this event, transaction or check-in."""
    if not isinstance(payload, dict):
        return ""
    exceptions = (payload.get("exception") or {}).get("values") or []
    if exceptions:
        return f"{exceptions[-1].get('type')}: {exceptions[-1].get('value')}"
    message = payload.get("message") or (payload.get("logentry") or {}).get("message")
    return repr(message or payload.get("transaction") or payload.get("monitor_slug") or "")
