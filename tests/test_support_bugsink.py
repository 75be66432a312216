"""Servers and code that others wrote: Bugsink takes what the SDK sends, and Relay approves it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.bugsink import BugsinkProject, bugsink_server
from tests.support.relay import normalize_errors
from tests.support.sender import post_event, send_error
from tests.support.sentry_server import SentryServer

EVENT_ID = uuid.uuid4().hex


@pytest.fixture(scope="module")
def limited_bugsink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BugsinkProject]:
    directory = tmp_path_factory.mktemp("bugsink")
    with bugsink_server(directory, max_events_per_project=2, max_envelope_size=50_000) as project:
        yield project


@pytest.fixture
def bugsink(limited_bugsink: BugsinkProject) -> BugsinkProject:
    return limited_bugsink.new_project()


@pytest.mark.bugsink
def test_bugsink_shows_what_a_plain_client_sent(bugsink: BugsinkProject) -> None:
    event = bugsink.wait_for_event(send_error(bugsink.dsn))
    assert event["data"]["exception"]["values"][0]["value"] == "no such item"
    assert [issue["calculated_type"] for issue in bugsink.issues()] == ["ValueError"]


@pytest.mark.bugsink
def test_waiting_for_an_event_outlasts_the_first_look(bugsink: BugsinkProject) -> None:
    sender = threading.Thread(target=post_event, args=(bugsink.dsn, {"event_id": EVENT_ID}))
    sender.start()
    assert bugsink.wait_for_event(EVENT_ID)["project"] == bugsink.project_id
    sender.join()


@pytest.mark.bugsink
def test_waiting_in_vain_for_an_event_shows_the_servers_log(bugsink: BugsinkProject) -> None:
    with pytest.raises(AssertionError, match="Booting worker"):
        bugsink.wait_for_event(uuid.uuid4().hex, timeout=0.01)


@pytest.mark.bugsink
def test_bugsink_refuses_a_wrong_key(bugsink: BugsinkProject) -> None:
    key, _, rest = bugsink.dsn.partition("@")
    wrong = key[:-32] + uuid.uuid4().hex + "@" + rest
    assert post_event(wrong).status == 403


@pytest.mark.bugsink
def test_bugsink_refuses_what_is_too_large(bugsink: BugsinkProject) -> None:
    response = post_event(bugsink.dsn, {"extra": {"blob": "x" * 60_000}})
    assert (response.status, "max length" in response.text.lower()) == (413, True)


@pytest.mark.bugsink
def test_bugsink_limits_the_rate(bugsink: BugsinkProject) -> None:
    responses = [post_event(bugsink.dsn) for _ in range(3)]
    assert [response.status for response in responses] == [200, 200, 429]
    assert responses[2].headers["X-Sentry-Rate-Limits"].startswith("60::key")


@pytest.mark.bugsink
def test_bugsink_says_that_it_takes_no_transactions(bugsink: BugsinkProject) -> None:
    response = post_event(bugsink.dsn, {"transaction": "/"}, item_type="transaction")
    assert (response.status, bugsink.events()) == (200, [])
    assert "transaction" in response.headers["X-Sentry-Rate-Limits"]


def test_without_its_environment_bugsink_is_skipped_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BUGSINK_ENV", raising=False)
    skipped = pytest.raises(pytest.skip.Exception, match="pip install bugsink")
    with skipped, bugsink_server(tmp_path):
        pytest.fail("started without an environment")


def test_relay_finds_nothing_wrong_with_an_event_of_the_sdk() -> None:
    with SentryServer() as server:
        send_error(server.dsn)
    assert normalize_errors(server.events[0]) == []


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        ({"level": "huhu"}, "level"),
        ({"release": "a/b"}, "release"),
        ({"user": {"ip_address": "nonsense"}}, "user.ip_address"),
        ({"exception": {"values": [{"type": 3}]}}, "exception.values.0"),
        ({"shop": 1}, "shop"),
    ],
)
def test_relay_names_what_is_wrong(broken: dict[str, Any], path: str) -> None:
    assert [where for where, _ in normalize_errors(broken)] == [path]


def test_relay_refuses_a_transaction_without_a_trace() -> None:
    transaction = {"type": "transaction", "start_timestamp": 1, "timestamp": time.time()}
    [(path, error)] = normalize_errors(transaction)
    assert (path, "InvalidTransaction" in error) == ("", True)
