"""Channels: a message is a transaction, a failure an event, and leaving is neither."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync

pytest.importorskip("channels")

from channels.consumer import AsyncConsumer
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User

from sentry_app import conf, outcomes
from sentry_app.integrations import channels
from sentry_app.testing import Events
from tests.consumers import Chat

pytestmark = pytest.mark.django_db  # leaving closes the connections to the database

ANN = User(pk=7, username="ann", email="ann@shop.com")


@async_to_sync
async def talk(*messages: str, user: Any = None, path: str = "/chat/red/") -> list[str]:
    """The answers of a consumer to ``messages``; then the connection is closed."""
    socket = WebsocketCommunicator(Chat.as_asgi(), path)
    socket.scope["user"] = user
    await socket.connect()
    answers = []
    for message in messages:
        await socket.send_to(text_data=message)
        answers.append(await socket.receive_from())
    await socket.disconnect()
    return answers


def test_each_message_is_a_transaction(sentry_events: Events) -> None:
    talk("hello")
    assert [
        (transaction["transaction"], transaction["contexts"]["trace"].get("status", "ok"))
        for transaction in sentry_events.transactions
    ] == [
        ("tests.consumers.Chat.websocket_connect", "ok"),
        ("tests.consumers.Chat.websocket_receive", "ok"),
        ("tests.consumers.Chat.websocket_disconnect", "ok"),
    ]
    assert {
        transaction["contexts"]["trace"]["op"] for transaction in sentry_events.transactions
    } == {"websocket.server"}


def test_leaving_is_no_event(sentry_events: Events) -> None:
    talk("hello")
    assert sentry_events.events == []


def test_a_failure_is_one_event_with_its_user(sentry_events: Events) -> None:
    with pytest.raises(RuntimeError, match="no such room"):
        talk("fail", user=ANN)
    [event] = sentry_events.events
    assert event["user"] == {"id": "7"}
    assert event["tags"]["view"] == "tests.consumers.Chat"
    [error] = event["exception"]["values"]
    assert error["mechanism"] == {"type": "channels", "handled": False}


@pytest.mark.parametrize("step", ["_request_of", "_handler"])
def test_a_step_that_fails_keeps_nobody_from_talking(
    step: str, sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise RuntimeError("as asked")

    monkeypatch.setattr(channels, step, refuse)
    assert talk("hello") == ["None: hello"]
    assert outcomes.failures()["channels"] >= 1
    assert sentry_events.transactions == []


@pytest.mark.sentry(IGNORED_URLS=["/chat/"])
def test_an_ignored_url_is_ignored_here_too(sentry_events: Events) -> None:
    with pytest.raises(RuntimeError, match="no such room"):
        talk("fail")
    assert (sentry_events.events, sentry_events.transactions) == ([], [])


def test_without_the_sdk_it_answers() -> None:
    channels.connect(conf.load({}))
    assert talk("hello", user=ANN) == ["ann: hello"]


def test_connecting_twice_watches_once(sentry_events: Events) -> None:
    original = AsyncConsumer.__call__._sentry_app_original
    channels.connect(conf.load({}))
    assert AsyncConsumer.__call__._sentry_app_original is original
    talk("hello")
    assert len(sentry_events.transactions) == 3


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ({"type": "websocket.receive"}, "tests.consumers.Chat.websocket_receive"),
        ({"type": "no.such"}, "tests.consumers.Chat"),
        ({}, "tests.consumers.Chat"),
    ],
)
def test_the_name_of_what_handles_a_message(message: Any, name: str) -> None:
    assert channels._handler(Chat(), message) == name


def test_without_the_package_there_is_nothing_to_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    before = AsyncConsumer.__call__
    monkeypatch.setattr(channels, "is_installed", lambda name: False)
    channels.connect(conf.load({}))
    assert AsyncConsumer.__call__ is before


def test_headers_as_text() -> None:
    scope = SimpleNamespace(get={"headers": [(b"Sentry-Trace", b"a-b-1")]}.get)
    assert channels._headers(scope) == {"sentry-trace": "a-b-1"}
    assert channels._headers({}) == {}
