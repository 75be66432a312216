"""sentry_app.transports.gate: scrubbed on the way out, counted when lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope, Item, PayloadRef
from sentry_sdk.transport import Transport

import sentry_app
from sentry_app import conf, outcomes, sdk
from sentry_app.scrubbing import FILTERED, Scrubber
from sentry_app.transports import Gate
from tests.support import answers
from tests.support.sentry_server import SentryServer, refused_dsn

Start = Callable[..., conf.Config]

SECRET = "s3" + "cret-value"


class Own(Transport):
    """Keeps what it is given."""

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.sent: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope)


class Broken(Own):
    """One that takes nothing."""

    def capture_envelope(self, envelope: Envelope) -> None:
        raise RuntimeError("as asked")


def gate_before(inner: Transport) -> Gate:
    return Gate(inner, Scrubber(["password"]).scrub, outcomes.record_sdk)


def through_a_gate(*items: Item, **headers: Any) -> Envelope:
    """What a transport is given when the SDK sends ``items``."""
    inner = Own(None)
    gate_before(inner).capture_envelope(Envelope(headers, list(items)))
    return inner.sent[0]


def lost(reason: str) -> int:
    """How many errors and logs were lost for ``reason``."""
    return sum(
        count
        for (why, category), count in outcomes.snapshot().items()
        if why == reason and category in ("error", "log", "log_item")
    )


# the gate: scrubbing


@pytest.mark.parametrize("type", ["event", "transaction", "log", "check_in", "session", "new"])
@pytest.mark.parametrize("as_bytes", [True, False])
def test_the_gate_scrubs_items_of_every_type(type: str, as_bytes: bool) -> None:
    payload = PayloadRef(json={"items": [{"password": SECRET}]})
    if as_bytes:
        payload = PayloadRef(bytes=payload.get_bytes())
    sent = through_a_gate(Item(payload, {"item_count": 1}, type=type))
    assert sent.items[0].payload.json == {"items": [{"password": FILTERED}]}
    assert sent.items[0].headers["item_count"] == 1


def test_client_reports_pass_as_they_are() -> None:
    item = Item(PayloadRef(json={"password": "a report of Sentry's own"}), type="client_report")
    assert through_a_gate(item).items == [item]


def test_what_is_no_json_passes_as_it_is() -> None:
    assert through_a_gate(Item(b"\xff\x00", type="statsd")).items[0].get_bytes() == b"\xff\x00"


def test_the_gate_changes_a_copy() -> None:
    given = Item(PayloadRef(json={"password": SECRET}), type="event")
    through_a_gate(given)
    assert given.payload.json == {"password": SECRET}


def test_the_attributes_of_a_log_keep_their_form(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem", OPTIONS={"enable_logs": True})
    sentry_sdk.logger.warning("hello", attributes={"password": SECRET})
    sdk.stop()
    [log] = sentry_app.outbox[0].items[0].payload.json["items"]
    assert log["attributes"]["password"] == {"value": FILTERED, "type": "string"}


def test_the_sdk_does_not_scrub_beside_the_gate(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem", SCRUB_ALLOW=["token"])
    sentry_sdk.set_extra("token", "harmless")
    sentry_sdk.capture_message("hello")
    assert sentry_app.outbox[0].items[0].payload.json["extra"]["token"] == "harmless"


def test_a_transactions_name_is_scrubbed_in_the_header_too(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem", TRACES_SAMPLE_RATE=1.0, SCRUB_PATTERNS=[r"order \d+"])
    with sentry_sdk.start_transaction(name="order 12"):
        pass
    envelope = sentry_app.outbox[0]
    assert envelope.headers["trace"]["transaction"] == FILTERED
    assert envelope.items[-1].payload.json["transaction"] == FILTERED


def test_ids_in_the_header_stay() -> None:
    headers = {"event_id": "a" * 32, "trace": {"trace_id": "b" * 32, "password": SECRET}}
    expected = {"event_id": "a" * 32, "trace": {"trace_id": "b" * 32, "password": FILTERED}}
    assert through_a_gate(**headers).headers == expected


# the gate: losses


def test_a_transport_that_fails_does_not_reach_the_site(
    start_sdk: Start, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    start_sdk(TRANSPORT="tests.test_gate.Broken", TRACES_SAMPLE_RATE=1.0)
    assert client.get("/ok/").status_code == 200
    assert client.get("/logged/?logger=shop").status_code == 200
    assert sentry_sdk.capture_message("hello") is not None
    assert lost("internal_error") == 2
    assert caplog.text.count("Broken failed") == 1


def test_every_member_of_a_lost_batch_is_counted(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="tests.test_gate.Broken", OPTIONS={"enable_logs": True})
    for _ in range(3):
        sentry_sdk.logger.warning("hello")
    sdk.stop()
    assert lost("internal_error") == 3


def test_a_scrubber_that_fails_lets_nothing_through() -> None:
    inner = Own(None)
    gate = Gate(inner, lambda data: 1 / 0, outcomes.record_sdk)
    gate.capture_envelope(Envelope(items=[Item(PayloadRef(json={}), type="event")]))
    assert inner.sent == []
    assert lost("internal_error") == 1


def test_a_server_that_is_away_is_counted(start_sdk: Start) -> None:
    start_sdk(DSN=refused_dsn())
    sentry_sdk.capture_message("hello")
    sentry_sdk.flush()
    assert lost("network") == 1


def test_a_full_queue_is_counted(start_sdk: Start, sentry: SentryServer) -> None:
    sentry.answer = answers.hang
    start_sdk(DSN=sentry.dsn, SHUTDOWN_TIMEOUT=0, OPTIONS={"transport_queue_size": 1})
    sentry_sdk.capture_message("the worker takes it")
    sentry.wait_for(1)
    sentry_sdk.capture_message("waits")
    sentry_sdk.capture_message("finds no room")
    assert lost("queue_full") == 1


def test_what_a_hook_dropped_is_reported_to_sentry(start_sdk: Start, sentry: SentryServer) -> None:
    start_sdk(DSN=sentry.dsn, BEFORE_SEND=lambda event, hint: None)
    sentry_sdk.capture_message("hello")
    sentry_sdk.flush()
    [report] = sentry.wait_for(lambda server: server.items("client_report"))
    [discarded] = report["discarded_events"]
    assert (discarded["reason"], discarded["category"]) == ("before_send", "error")


class Asked(Own):
    """Notes what it is asked."""

    def __init__(self) -> None:
        super().__init__(None)
        self.asked: list[Any] = []

    def flush(self, timeout: float, callback: Any = None) -> Any:
        self.asked.append(("flush", timeout, callback))

    def kill(self) -> None:
        self.asked.append("kill")

    def is_healthy(self) -> bool:
        return False


def test_the_gate_passes_on_what_it_is_asked() -> None:
    inner = Asked()
    gate = gate_before(inner)
    gate.flush(2.0, print)
    gate.kill()
    assert inner.asked == [("flush", 2.0, print), "kill"]
    assert gate.is_healthy() is False
