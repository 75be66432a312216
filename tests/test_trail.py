"""sentry_app.trail: the trail begins with the request, at no cost without an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest
import sentry_sdk
from django.http import HttpRequest

from sentry_app import context, defaults
from sentry_app.testing import Events, capture_events
from tests.support.asgi import visit

pytestmark = pytest.mark.django_db

Visit = Callable[..., Any]


@pytest.fixture(params=["wsgi", "asgi"])
def go(request: pytest.FixtureRequest, client: httpx.Client) -> Visit:
    return client.get if request.param == "wsgi" else visit


def trail(events: Events) -> list[str]:
    return [crumb["message"] for crumb in events.events[-1]["breadcrumbs"]["values"]]


def test_the_request_comes_first(go: Visit, sentry_events: Events) -> None:
    go("/error/")
    crumb = sentry_events.events[-1]["breadcrumbs"]["values"][0]
    assert (crumb["type"], crumb["category"], crumb["level"]) == ("default", "request", "info")
    assert crumb["message"] == "GET /error/"


def test_a_request_without_an_event_leaves_no_breadcrumb(
    go: Visit, sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Any] = []
    monkeypatch.setattr(sentry_sdk.Scope, "add_breadcrumb", lambda *a, **kw: left.append(kw))
    go("/ok/")
    assert [crumb for crumb in left if crumb.get("category") == "request"] == []


@pytest.mark.sentry(MAX_BREADCRUMBS=2)
def test_what_came_later_pushes_it_out(sentry_events: Events) -> None:
    with at_work():
        sentry_sdk.add_breadcrumb(message="one")
        sentry_sdk.capture_message("with room")
        assert trail(sentry_events) == ["GET /", "one"]
        sentry_sdk.add_breadcrumb(message="two")
        sentry_sdk.capture_message("without")
        assert trail(sentry_events) == ["one", "two"]


def test_what_was_left_before_the_middleware_stays_before(sentry_events: Events) -> None:
    with at_work():
        sentry_sdk.add_breadcrumb(message="earlier", timestamp=moment(10))
        sentry_sdk.add_breadcrumb(message="later", timestamp=moment(30))
        sentry_sdk.capture_message("m")
    assert trail(sentry_events) == ["earlier", "GET /", "later"]


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        (lambda crumb, hint: None, []),
        (lambda crumb, hint: {**crumb, "message": "changed"}, ["changed"]),
        (lambda crumb, hint: {"message": "bare"}, ["bare"]),
        (lambda crumb, hint: 1 / 0, ["GET /"]),
    ],
)
def test_the_hook_is_asked(hook: Any, expected: list[str]) -> None:
    with capture_events(BEFORE_BREADCRUMB=hook) as events, at_work():
        sentry_sdk.capture_message("m")
        assert trail(events) == expected


@contextmanager
def at_work() -> Iterator[None]:
    """A scope whose actor answers a request since the 20th second of a minute."""
    with sentry_sdk.isolation_scope() as scope:
        scope.clear_breadcrumbs()
        request = HttpRequest()
        request.method, request.path = "GET", "/"
        actor = context.current_actor(defaults.USER_FIELDS, send_pii=False)
        actor.begin(request, start=moment(20).timestamp())
        yield


def moment(second: int) -> datetime:
    return datetime(2026, 1, 1, 12, 0, second, tzinfo=timezone.utc)
