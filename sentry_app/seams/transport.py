"""What a transport was given, and what the server answered.

The private parts that are used, and what they have to be:

``HttpTransport._send_envelope(envelope)``
    called on the transport itself, in its worker's thread, once for each envelope.
``HttpTransport._request(...)``
    called on the transport itself, by the former; makes the HTTP request and returns urllib3's
    response, or httpcore's with HTTP/2.
``HttpTransport._pool``
    urllib3's pool manager; has a ``proxy`` if it goes through one.
``_EnvelopePrinterTransport._inner``
    the transport behind the one that SENTRY_PRINT_ENVELOPES adds.

Where a part is missing, sending works as ever and :attr:`Watch.sees_answers` is False.
"""

from collections.abc import Callable, Iterator, Mapping
from inspect import iscoroutinefunction
from types import MappingProxyType
from typing import Any, NamedTuple

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import BaseHttpTransport, Transport

from sentry_app.transports import Gate
from sentry_app.transports.wrapper import Wrapper

#: So much of an answer is kept, in characters; Sentry's own have some fifty.
BODY_LENGTH = 1024


class Exchange(NamedTuple):
    """One HTTP request and what came of it: an answer, or the ``error`` that was raised.

    ``headers`` have lower-case names; ``redirects`` are the addresses that the SDK was sent on to.
    """

    envelope: Envelope
    status: int | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    body: str = ""
    redirects: tuple[str, ...] = ()
    error: Exception | None = None


class Watch:
    """What one transport was given, and what the server answered.

    ``sees_answers`` says whether answers can be seen at all, ``is_http`` whether there are any,
    ``busy`` whether a request is under way, ``failure`` what the transport raised.
    """

    def __init__(self, transport: Transport) -> None:
        self.target = target_of(transport)
        self.is_http = isinstance(self.target, BaseHttpTransport)
        self.sees_answers = self.is_http and _has_known_shape(self.target)
        self.handed: list[Envelope] = []
        self.exchanges: list[Exchange] = []
        self.busy = False
        self.failure: Exception | None = None
        self._sending: Envelope | None = None
        self._observe_envelopes(_behind_gate(transport))
        if self.sees_answers:
            self._observe_answers(self.target)

    def envelope(self, item_type: str, event_id: str | None) -> Envelope | None:
        """The envelope with this type of item, and with this event's id unless that is None."""
        return next((e for e in self.handed if _holds(e, item_type, event_id)), None)

    def exchange(self, item_type: str, event_id: str | None) -> Exchange | None:
        """The last request for such an envelope."""
        found = [e for e in self.exchanges if _holds(e.envelope, item_type, event_id)]
        return found[-1] if found else None

    def _observe_envelopes(self, transport: Any) -> None:
        capture = transport.capture_envelope

        def observed(envelope: Envelope) -> None:
            self.handed.append(envelope)
            try:
                capture(envelope)
            except Exception as error:
                self.failure = error
                raise

        transport.capture_envelope = observed

    def _observe_answers(self, transport: Any) -> None:
        transport._send_envelope = self._observed_sending(transport._send_envelope)
        transport._request = self._observed_request(transport._request)

    def _observed_sending(self, send: Callable[[Envelope], None]) -> Callable[[Envelope], None]:
        def observed(envelope: Envelope) -> None:
            self._sending, self.busy = envelope, True
            try:
                send(envelope)
            finally:
                self._sending, self.busy = None, False

        return observed

    def _observed_request(self, request: Callable[..., Any]) -> Callable[..., Any]:
        def observed(*args: Any, **kwargs: Any) -> Any:
            envelope = self._sending or Envelope()
            try:
                response = request(*args, **kwargs)
            except Exception as error:
                self.exchanges.append(Exchange(envelope, error=error))
                raise
            self.exchanges.append(_read(envelope, response))
            return response

        return observed


def is_ours() -> bool:
    """Whether the client in force was made here: its transport is a gate."""
    transport = sentry_sdk.get_client().transport
    return transport is not None and isinstance(_unprinted(transport), Gate)


def target_of(transport: Any) -> Any:
    """The transport at the end: behind the gate, the spool, and SENTRY_PRINT_ENVELOPES."""
    target = _unprinted(_behind_gate(transport))
    while isinstance(target, Wrapper):
        target = _unprinted(target.inner)
    return target


def proxy_of(transport: Transport) -> str:
    """Host and port of the proxy that ``transport`` uses, without its password, or empty."""
    proxy = getattr(getattr(target_of(transport), "_pool", None), "proxy", None)
    host = getattr(proxy, "host", None)
    return f"{host}:{getattr(proxy, 'port', None)}" if host else ""


def _behind_gate(transport: Any) -> Any:
    return _unprinted(transport).inner


def _unprinted(transport: Any) -> Any:
    inner = vars(transport).get("_inner")
    return inner if isinstance(inner, Transport) else transport


def _has_known_shape(transport: Any) -> bool:
    parts = [getattr(transport, name, None) for name in ("_send_envelope", "_request")]
    return all(callable(part) and not iscoroutinefunction(part) for part in parts)


def _holds(envelope: Envelope, item_type: str, event_id: str | None) -> bool:
    if event_id is not None and envelope.headers.get("event_id") != event_id:
        return False
    return any(item.type == item_type for item in envelope.items)


def _read(envelope: Envelope, response: Any) -> Exchange:
    return Exchange(
        envelope,
        status=response.status,
        headers=dict(headers_of(response)),
        body=text_of(response),
        redirects=_redirects(response),
    )


def text_of(response: Any) -> str:
    """The beginning of what urllib3's response or httpcore's says."""
    body = getattr(response, "data", None) or getattr(response, "content", None) or b""
    return str(body[:BODY_LENGTH].decode("utf-8", "replace"))


def headers_of(response: Any) -> Iterator[tuple[str, str]]:
    """The headers of urllib3's response or httpcore's, with lower-case names."""
    headers = response.headers
    for name, value in headers.items() if hasattr(headers, "items") else headers:
        yield _text(name).lower(), _text(value)


def _redirects(response: Any) -> tuple[str, ...]:
    history = getattr(getattr(response, "retries", None), "history", ())
    return tuple(step.redirect_location for step in history if step.redirect_location)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
