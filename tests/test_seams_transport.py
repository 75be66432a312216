"""The contract with the SDK's private parts. A failure here means: the SDK has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import BaseHttpTransport, HttpTransport

from sentry_app import conf
from sentry_app.seams import transport as seams
from tests.support import answers
from tests.support.sentry_server import SentryServer, refused_dsn

Start = Callable[..., conf.Config]


@pytest.fixture
def watch(start_sdk: Start, sentry: SentryServer) -> seams.Watch:
    start_sdk(DSN=sentry.dsn)
    return seams.Watch(sentry_sdk.get_client().transport)  # type: ignore[arg-type]


def send() -> str | None:
    event_id = sentry_sdk.capture_message("hello")
    sentry_sdk.flush(10)
    return event_id


def test_the_sdk_sends_and_requests_where_it_is_watched() -> None:
    assert issubclass(HttpTransport, BaseHttpTransport)
    assert callable(HttpTransport._send_envelope)
    assert callable(HttpTransport._request)


def test_an_answer_is_seen_with_its_envelope(watch: seams.Watch) -> None:
    event_id = send()
    exchange = watch.exchange("event", event_id)
    assert (watch.is_http, watch.sees_answers, watch.busy) == (True, True, False)
    assert exchange is not None
    assert (exchange.status, exchange.error, exchange.redirects) == (200, None, ())
    assert exchange.body == f'{{"id": "{event_id}"}}'
    assert exchange.headers["content-type"] == "application/json"
    assert exchange.envelope.headers["event_id"] == event_id


def test_only_the_first_kilobyte_of_an_answer_is_kept(
    watch: seams.Watch, sentry: SentryServer
) -> None:
    sentry.answer = answers.status(500, "x" * 5000)
    send()
    assert watch.exchanges[0].body == "x" * seams.BODY_LENGTH


def test_redirects_are_seen(watch: seams.Watch, sentry: SentryServer) -> None:
    place = f"{sentry.url}/elsewhere"
    sentry.answer = answers.redirect(place)
    send()
    assert (watch.exchanges[0].status, watch.exchanges[0].redirects) == (404, (place,))


def test_what_a_request_raises_is_seen(start_sdk: Start) -> None:
    start_sdk(DSN=refused_dsn())
    watch = seams.Watch(sentry_sdk.get_client().transport)  # type: ignore[arg-type]
    send()
    assert type(watch.exchanges[0].error).__name__ == "MaxRetryError"


def test_an_envelope_is_found_by_its_id_and_its_type(watch: seams.Watch) -> None:
    event_id = send()
    assert watch.envelope("event", event_id) is watch.handed[0]
    assert watch.envelope("event", None) is watch.handed[0]
    assert watch.envelope("event", "another") is None
    assert watch.envelope("transaction", event_id) is None


def test_a_transport_that_is_not_http_is_watched_for_envelopes(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem")
    watch = seams.Watch(sentry_sdk.get_client().transport)  # type: ignore[arg-type]
    event_id = send()
    assert (watch.is_http, watch.sees_answers) == (False, False)
    assert watch.envelope("event", event_id) is not None


def test_answers_are_seen_behind_the_sdks_envelope_printer(
    start_sdk: Start, sentry: SentryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_PRINT_ENVELOPES", "1")
    start_sdk(DSN=sentry.dsn)
    watch = seams.Watch(sentry_sdk.get_client().transport)  # type: ignore[arg-type]
    send()
    assert [exchange.status for exchange in watch.exchanges] == [200]


def test_the_proxy_is_told_without_its_password(start_sdk: Start) -> None:
    proxy = "http://user:" + "pass" + "word@127.0.0.1:3128"
    start_sdk(DSN=refused_dsn(), OPTIONS={"http_proxy": proxy})
    transport: Any = sentry_sdk.get_client().transport
    assert seams.proxy_of(transport) == "127.0.0.1:3128"


def test_without_a_proxy_there_is_none(start_sdk: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    start_sdk(DSN=refused_dsn())
    transport: Any = sentry_sdk.get_client().transport
    assert seams.proxy_of(transport) == ""


def test_an_asynchronous_transport_is_not_of_the_known_shape() -> None:
    class Asynchronous:
        async def _send_envelope(self, envelope: Envelope) -> None: ...

        async def _request(self) -> None: ...

    assert not seams._has_known_shape(Asynchronous())
    assert not seams._has_known_shape(object())


def test_an_answer_of_httpcore_is_read_too() -> None:
    class Response:
        status = 200
        headers = ((b"Retry-After", b"7"),)
        content = b"{}"

    exchange = seams._read(Envelope(), Response())
    assert (exchange.headers, exchange.body) == ({"retry-after": "7"}, "{}")
