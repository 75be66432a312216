"""sentry_app.receivers: login, logout and failed login, by real requests."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from django.contrib.auth import signals
from django.contrib.auth.models import User

from sentry_app import context, outcomes, receivers
from sentry_app.testing import Events, capture_events
from tests.support.asgi import visit

PASSWORD = "pa55" + "word"
NAME = "an" + ".na"  # not as it stands in this file, whose lines an event shows

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "ann@shop.com", PASSWORD)


def log_in(client: httpx.Client, page: str = "/login/", password: str = PASSWORD) -> None:
    client.get(page, params={"username": "ann", "password": password})


@pytest.mark.parametrize(
    ("receive", "told"),
    [
        (receivers.on_login, {"user": None}),
        (receivers.on_logout, {"user": None}),
        (receivers.on_failed_login, {"credentials": {"username": NAME}}),
    ],
)
def test_a_receiver_that_fails_keeps_nobody_from_logging_in(
    receive: Any, told: Any, sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("as asked")

    monkeypatch.setattr(context, "current_actor", refuse)
    receive(sender=User, **told)
    assert outcomes.failures()[receive.__name__] == 1


def crumbs(events: Events) -> list[Any]:
    """The breadcrumbs about logins, without their timestamps."""
    found = events.events[-1]["breadcrumbs"]["values"]
    return [
        {key: value for key, value in crumb.items() if key != "timestamp"}
        for crumb in found
        if crumb["category"] == "auth"
    ]


def crumb(message: str, level: str = "info") -> dict[str, Any]:
    return {"type": "default", "category": "auth", "data": {}, "message": message, "level": level}


def test_a_login_is_a_breadcrumb_and_says_who(
    client: httpx.Client, ann: User, sentry_events: Events
) -> None:
    log_in(client, "/login/fail/")
    assert crumbs(sentry_events) == [crumb("User logged in")]
    assert sentry_events.events[0]["user"] == {"id": str(ann.pk)}


def test_a_logout_is_a_breadcrumb_and_leaves_nobody(
    client: httpx.Client, ann: User, sentry_events: Events
) -> None:
    log_in(client)
    client.get("/logout/fail/")
    assert crumbs(sentry_events) == [crumb("User logged out")]
    assert not sentry_events.events[0].get("user")


@pytest.mark.sentry(SEND_DEFAULT_PII=True)
def test_a_failed_login_carries_neither_name_nor_password(
    client: httpx.Client, ann: User, sentry_events: Events
) -> None:
    log_in(client, "/login/fail/", password="wr" + "ong")
    assert crumbs(sentry_events) == [crumb("Login failed", "warning")]


@pytest.mark.parametrize("pii", [False, True])
def test_the_name_that_was_typed_is_personal(pii: bool, client: httpx.Client, ann: User) -> None:
    with capture_events(SEND_DEFAULT_PII=pii) as events:
        client.post("/login/post/", data={"username": NAME, "password": "wr" + "ong"})
        told = [json.dumps(item) for item in [*events.events, *events.transactions]]
    assert len(told) == 3
    assert {NAME in item for item in told} == {pii}


def test_a_login_that_works_hides_no_name(
    client: httpx.Client, ann: User, sentry_events: Events
) -> None:
    client.post("/login/post/", data={"username": "ann", "password": PASSWORD})
    assert sentry_events.events[-1]["request"]["data"]["username"] == "ann"


def test_under_asgi_as_well(ann: User, sentry_events: Events) -> None:
    query = f"?username=ann&password={PASSWORD}"
    visit(f"/login/fail/{query}", "/logout/fail/")
    first, second = sentry_events.events
    assert (first["user"], second.get("user") or None) == ({"id": str(ann.pk)}, None)
    assert crumbs(sentry_events) == [crumb("User logged out")]


def test_the_next_request_knows_nothing_of_it(
    client: httpx.Client, ann: User, sentry_events: Events
) -> None:
    log_in(client)
    client.cookies.clear()
    client.get("/error/")
    assert crumbs(sentry_events) == []
    assert not sentry_events.events[0].get("user")


def test_without_the_sdk_logins_work(client: httpx.Client, ann: User) -> None:
    log_in(client, password="wr" + "ong")
    log_in(client)
    assert client.get("/logout/").text == "out"


def test_connecting_twice_connects_once() -> None:
    def connected() -> list[int]:
        sent = (signals.user_logged_in, signals.user_logged_out, signals.user_login_failed)
        return [len(signal.receivers) for signal in sent]

    before = connected()
    receivers.connect()
    assert connected() == before
