"""sentry_app.transports: http, console, file, locmem and one of the project."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.crons import capture_checkin
from sentry_sdk.envelope import Envelope, Item, PayloadRef
from sentry_sdk.transport import Transport

import sentry_app
from sentry_app import check_ids, conf
from sentry_app.transports.file import FileTransport, read_envelopes
from tests.support.sentry_server import SentryServer, refused_dsn

Start = Callable[..., conf.Config]

SECRET = "s3" + "cret-value"
EVERYTHING = {
    "RELEASE": "1.0",
    "TRACES_SAMPLE_RATE": 1.0,
    "PROFILES_SAMPLE_RATE": 1.0,
    "OPTIONS": {"enable_logs": True},
}
TYPES = {"event", "attachment", "transaction", "profile", "log", "check_in", "session"}
#: The SDK has them since 2.44; older ones have a module of this name for something else.
count = getattr(sentry_sdk.metrics, "count", None)
if count is not None:
    TYPES.add("trace_metric")


class Own(Transport):
    """A project's own transport."""

    instances: list[Own] = []

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.sent: list[Envelope] = []
        self.instances.append(self)

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope)


class WithoutSuper(Transport):
    """One that does not call ``Transport.__init__``."""

    def __init__(self, options: Any) -> None:
        pass

    def capture_envelope(self, envelope: Envelope) -> None:
        sentry_app.outbox.append(envelope)


class WillNotStart(Own):
    """One that needs something it does not get."""

    def __init__(self, options: Any) -> None:
        raise RuntimeError("as asked")


@pytest.fixture(autouse=True)
def no_instances() -> Iterator[None]:
    yield
    Own.instances.clear()


def send_everything() -> None:
    """One item of every type; returns when all were handed over."""
    with sentry_sdk.isolation_scope() as scope:
        scope.add_attachment(bytes=b"\x00\x01", filename="a.bin")
        scope.start_session()
        sentry_sdk.capture_message("message")
        scope.end_session()
    with sentry_sdk.start_transaction(name="buy"):
        time.sleep(0.1)  # the profiler wants some samples of it
    if count is not None:
        count("bought", 1)
    sentry_sdk.logger.warning("log")
    capture_checkin(monitor_slug="nightly", status="ok")
    sentry_sdk.get_client().flush()


def types(envelopes: list[Envelope]) -> set[str | None]:
    return {item.type for envelope in envelopes for item in envelope.items}


@pytest.mark.parametrize("with_dsn", [True, False])
def test_locmem_gets_every_item_type(with_dsn: bool, start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem", DSN=refused_dsn() if with_dsn else "", **EVERYTHING)
    send_everything()
    assert types(sentry_app.outbox) == TYPES


def test_console_shows_every_item_type(
    start_sdk: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    start_sdk(TRANSPORT="console", **EVERYTHING)
    send_everything()
    shown = capsys.readouterr()
    assert {f"{type}:" for type in TYPES} <= set(shown.err.splitlines())
    assert '"message": "message"' in shown.err
    assert "<2 bytes>" in shown.err
    assert shown.out == ""


def test_file_gets_every_item_type_and_can_be_read_back(start_sdk: Start, tmp_path: Path) -> None:
    start_sdk(TRANSPORT="file", TRANSPORT_DIR=str(tmp_path / "deep" / "sent"), **EVERYTHING)
    send_everything()
    envelopes = list(read_envelopes(tmp_path / "deep" / "sent"))
    assert types(envelopes) == TYPES
    [attachment] = [item for e in envelopes for item in e.items if item.type == "attachment"]
    assert attachment.get_bytes() == b"\x00\x01"


def test_files_are_for_their_owner_only(start_sdk: Start, tmp_path: Path) -> None:
    directory = tmp_path / "sent"
    start_sdk(TRANSPORT="file", TRANSPORT_DIR=str(directory))
    sentry_sdk.capture_message("hello")
    [path] = directory.iterdir()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_are_read_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    transport = FileTransport(tmp_path)
    for number in range(20):
        transport.capture_envelope(Envelope({"number": number}))
    read = [envelope.headers["number"] for envelope in read_envelopes(tmp_path)]
    assert read == list(range(20))


def test_a_file_that_was_not_finished_is_not_read(tmp_path: Path) -> None:
    envelope = Envelope(items=[Item(PayloadRef(json=float("nan")), type="event")])
    with pytest.raises(ValueError, match="JSON"):
        FileTransport(tmp_path).capture_envelope(envelope)
    assert list(read_envelopes(tmp_path)) == []


@pytest.mark.parametrize("with_dsn", [True, False])
def test_a_transport_of_the_projects_own_gets_every_item_type_scrubbed(
    with_dsn: bool, start_sdk: Start
) -> None:
    own = "tests.test_transports.Own"
    start_sdk(TRANSPORT=own, DSN=refused_dsn() if with_dsn else "", **EVERYTHING)
    sentry_sdk.set_extra("password", SECRET)
    send_everything()
    [transport] = Own.instances
    assert types(transport.sent) == TYPES
    assert SECRET not in str([envelope.serialize() for envelope in transport.sent])


def test_a_transport_need_not_call_super(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="tests.test_transports.WithoutSuper")
    sentry_sdk.capture_message("hello")
    assert types(sentry_app.outbox) == {"event"}


@pytest.mark.parametrize(
    "path",
    [
        "tests.no_such.Transport",
        "tests.test_transports.Missing",
        "tests.test_transports.send_everything",
        "tests.test_transports.PayloadRef",
        "tests.test_transports.WillNotStart",
    ],
)
def test_a_transport_that_cannot_be_used_falls_back_to_http(
    path: str, start_sdk: Start, sentry: SentryServer, caplog: pytest.LogCaptureFixture
) -> None:
    start_sdk(TRANSPORT=path, DSN=sentry.dsn)
    sentry_sdk.capture_message("hello")
    sentry.wait_for(lambda server: server.events)
    assert check_ids.BAD_DOTTED_PATH in caplog.text


def test_http_sends_every_item_type(start_sdk: Start, sentry: SentryServer) -> None:
    start_sdk(DSN=sentry.dsn, **EVERYTHING)
    send_everything()
    sentry.wait_for(
        lambda server: {item.type for e in server.received for item in e.items} >= TYPES
    )
