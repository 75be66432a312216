"""The scripted Sentry server answers as the other tests trust it to do."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import urllib3

from tests.support import answers
from tests.support.envelopes import decompress
from tests.support.sender import envelope, post, post_event, send_error
from tests.support.sentry_server import SentryServer, refused_dsn, unresolvable_dsn

if TYPE_CHECKING:
    from tests.support.answers import Answer

EVENT_ID = uuid.uuid4().hex


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
def test_an_envelope_is_answered_with_its_event_id_and_kept(encoding: str) -> None:
    with SentryServer() as server:
        response = post_event(server.dsn, {"event_id": EVENT_ID, "a": "é"}, encoding=encoding)
    assert (response.status, response.json()) == (200, {"id": EVENT_ID})
    assert server.events == [{"event_id": EVENT_ID, "a": "é"}]
    assert server.key in server.received[0].http_headers["X-Sentry-Auth"]


def test_what_the_sdk_sends_is_understood() -> None:
    with SentryServer() as server:
        event_id = send_error(server.dsn)
    assert [event["event_id"] for event in server.events] == [event_id]
    assert server.events[0]["exception"]["values"][0]["type"] == "ValueError"


def test_a_batch_of_logs_counts_as_its_members() -> None:
    batch = {"items": [{"body": "one"}, {"body": "two"}]}
    with SentryServer() as server:
        response = post(server.dsn, envelope({}, {"type": "log", "item_count": 2}, batch))
    assert response.json() == {}
    assert [log["body"] for log in server.items("log")] == ["one", "two"]


def test_brotli_is_understood_where_it_is_installed() -> None:
    brotli = pytest.importorskip("brotli")
    assert decompress(brotli.compress(b"an envelope"), "br") == b"an envelope"


def test_an_attachment_stays_bytes() -> None:
    with SentryServer() as server:
        post(server.dsn, envelope({}, {"type": "attachment"}, {"json": "not parsed"}))
    assert server.items("attachment") == [b'{"json": "not parsed"}']


def test_transactions_are_listed_apart_from_events() -> None:
    with SentryServer() as server:
        post_event(server.dsn, {"transaction": "/shop"}, item_type="transaction")
    assert [event["transaction"] for event in server.transactions] == ["/shop"]
    assert server.events == []


@pytest.mark.parametrize(
    ("answer", "code", "text", "header"),
    [
        (answers.status(403), 403, "", ("Content-Length", "0")),
        (answers.status(429, headers={"Retry-After": "30"}), 429, "", ("Retry-After", "30")),
        (answers.html(), 200, "<html>", ("Content-Type", "text/html")),
        (answers.json_without_id(ok=True), 200, '{"ok": true}', None),
        (answers.redirect("http://localhost/"), 302, "", ("Location", "http://localhost/")),
        (answers.ok_with_limits("9:error:key"), 200, "id", ("X-Sentry-Rate-Limits", "9:error:key")),
    ],
)
def test_scripted_answers(
    answer: Answer, code: int, text: str, header: tuple[str, str] | None
) -> None:
    with SentryServer(answer) as server:
        response = post_event(server.dsn)
    assert response.status == code
    assert text in response.text
    assert header is None or response.headers[header[0]] == header[1]


def test_an_answer_may_name_another_event() -> None:
    with SentryServer(answers.json_with_other_id()) as server:
        assert post_event(server.dsn, {"event_id": EVENT_ID}).json()["id"] != EVENT_ID


def test_the_answer_can_change_on_the_way() -> None:
    with SentryServer(answers.status(500)) as server:
        first = post_event(server.dsn)
        server.answer = answers.ok
        assert (first.status, post_event(server.dsn).status) == (500, 200)


def test_a_dropped_connection_gives_no_response() -> None:
    with SentryServer(answers.drop) as server, pytest.raises(urllib3.exceptions.ProtocolError):
        post_event(server.dsn)
    assert len(server.received) == 1


@pytest.mark.parametrize("answer", [answers.hang, answers.slow(3600)])
def test_a_server_that_keeps_the_client_waiting_still_closes(answer: Answer) -> None:
    with SentryServer(answer) as server, pytest.raises(urllib3.exceptions.ReadTimeoutError):
        post_event(server.dsn, timeout=0.2)


def test_closing_releases_a_slow_answer() -> None:
    statuses: list[int] = []
    with SentryServer(answers.slow(3600)) as server:
        sender = threading.Thread(target=lambda: statuses.append(post_event(server.dsn).status))
        sender.start()
        server.wait_for(1)
    sender.join(10)
    assert statuses == [200]


def test_closing_does_not_wait_for_an_idle_client() -> None:
    with SentryServer() as server, urllib3.PoolManager() as pool:
        assert pool.request("POST", f"{server.url}/elsewhere").status == 404
        threads = threading.active_count()
        server.__exit__(None)
        assert threading.active_count() < threads


def test_waiting_in_vain_says_what_arrived() -> None:
    with SentryServer() as server:
        post_event(server.dsn, {"event_id": EVENT_ID, "message": "hello"})
        with pytest.raises(AssertionError, match=f"(?s)2 envelopes.*event 'hello'.*{EVENT_ID}"):
            server.wait_for(2, timeout=0.01)


def test_waiting_returns_what_the_test_looks_for() -> None:
    with SentryServer() as server:
        threading.Thread(target=post_event, args=(server.dsn, {"message": "hello"})).start()
        assert server.wait_for(lambda s: s.events)[0]["message"] == "hello"


def test_what_is_no_envelope_is_refused_and_raised_at_the_end() -> None:
    with pytest.raises(ValueError, match="Expecting value"), SentryServer() as server:
        assert post(server.dsn, b"no envelope").status == 400


def test_tls_is_trusted_with_the_ca_file_only() -> None:
    with SentryServer(tls=True) as server:
        assert post_event(server.dsn, ca_file=server.ca_file).status == 200
        with pytest.raises(urllib3.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            post_event(server.dsn)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("dsn", "error"),
    [
        (refused_dsn, urllib3.exceptions.NewConnectionError),
        (unresolvable_dsn, urllib3.exceptions.NewConnectionError),
    ],
)
def test_dsns_of_nobody(dsn: Callable[[], str], error: type[Exception]) -> None:
    with pytest.raises(error):
        post_event(dsn())


def test_an_envelope_that_is_cut_off_is_none() -> None:
    with SentryServer() as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            head = "POST /api/1/envelope/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
            connection.sendall(head.encode() + b"{")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        assert server.received == []


def test_what_was_accepted_is_told_apart_from_what_came() -> None:
    with SentryServer(answers.in_turn(answers.status(500), answers.ok)) as server:
        assert [post_event(server.dsn, {"event_id": EVENT_ID}).status for _ in range(2)] == [
            500,
            200,
        ]
    assert len(server.received) == 2
    assert server.accepted_ids == [EVENT_ID]


def test_it_may_be_taken_without_an_answer() -> None:
    with SentryServer(answers.take_and_drop) as server:
        with pytest.raises(urllib3.exceptions.ProtocolError):
            post_event(server.dsn, {"event_id": EVENT_ID})
        assert server.accepted_ids == [EVENT_ID]


@pytest.mark.parametrize("answer", [answers.garbage, answers.DropMidBody(10)])
def test_a_broken_answer_accepts_nothing(answer: Answer) -> None:
    with SentryServer(answer) as server:
        with pytest.raises((urllib3.exceptions.ProtocolError, urllib3.exceptions.HTTPError)):
            post_event(server.dsn, {"event_id": EVENT_ID, "text": EVENT_ID * 10_000})
        assert server.accepted_ids == []


def test_one_that_hangs_can_be_released() -> None:
    released = threading.Event()
    with SentryServer(answers.hang_until(released)) as server:
        threading.Timer(0.1, released.set).start()
        with pytest.raises(urllib3.exceptions.ProtocolError):
            post_event(server.dsn)
        assert server.accepted_ids == []


def test_it_goes_away_and_comes_back_on_the_same_port() -> None:
    with SentryServer() as server:
        post_event(server.dsn, {"event_id": EVENT_ID})
        server.go_away()
        with pytest.raises(urllib3.exceptions.NewConnectionError):
            post_event(server.dsn)
        server.come_back()
        post_event(server.dsn, {"event_id": EVENT_ID})
        assert server.accepted_ids == [EVENT_ID, EVENT_ID]
