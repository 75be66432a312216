"""sentry_app.seams.requests: a request of an ignored URL goes past the SDK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import sentry_sdk
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started

from sentry_app import context, outcomes
from sentry_app.seams import requests
from sentry_app.testing import Events
from tests.support.asgi import visit
from tests.support.project import Project

pytestmark = [pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0), pytest.mark.django_db]


def test_djangos_own_handlers_are_known(sentry_events: Events) -> None:
    for handler in (WSGIHandler, ASGIHandler):
        bare: Any = requests._bare[handler]
        assert bare.__globals__["__name__"] == handler.__module__


@pytest.mark.parametrize("via", ["wsgi", "asgi"])
def test_an_ignored_request_starts_no_transaction(
    via: str, client: httpx.Client, sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    monkeypatch.setattr(sentry_sdk.Scope, "start_transaction", lambda *a, **k: started.append(a))
    response = client.get("/health/") if via == "wsgi" else visit("/health/")[0]
    assert response.status_code == 500
    assert (started, sentry_events.events) == ([], [])
    assert outcomes.snapshot() == {
        (outcomes.IGNORED_URL, "transaction"): 1,
        (outcomes.IGNORED_URL, "error"): 1,
    }


def test_what_an_ignored_request_captures_by_hand_is_dropped(
    client: httpx.Client, sentry_events: Events
) -> None:
    client.get("/health/reported/", params={"error": "builtins.ValueError"})
    assert sentry_events.events == []
    assert not context.request_is_ignored.get()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("via", ["wsgi", "asgi"])
@pytest.mark.parametrize(("path", "sent"), [("/health/streamed/", 0), ("/streamed/", 1)])
def test_what_an_ignored_request_streams_captures_nothing(
    path: str, sent: int, via: str, client: httpx.Client, sentry_events: Events
) -> None:
    response = client.get(path) if via == "wsgi" else visit(path)[0]
    assert response.content == b"ok"
    assert [event["message"] for event in sentry_events.events] == ["in between"] * sent
    assert not context.request_is_ignored.get()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "feedback"}, {"feedback": 1}),
        ({"type": "transaction", "spans": [{}, {}]}, {"transaction": 1, "span": 3}),
        ({"message": "hello"}, {"error": 1}),
    ],
)
def test_what_an_ignored_request_captures_is_counted_once(
    event: Any, expected: dict[str, int], sentry_events: Events
) -> None:
    with requests._unseen():
        sentry_sdk.capture_event(event, hint={"exc_info": True})
    assert outcomes.snapshot() == {
        (outcomes.IGNORED_URL, category): quantity for category, quantity in expected.items()
    }


def test_nothing_that_is_set_outlives_an_ignored_request(
    client: httpx.Client, sentry_events: Events
) -> None:
    def tag(**kwargs: Any) -> None:
        sentry_sdk.set_tag("health", "yes")

    request_started.connect(tag)
    try:
        client.get("/health/reported/", params={"error": "builtins.ValueError"})
    finally:
        request_started.disconnect(tag)
    sentry_sdk.capture_message("later")
    assert "health" not in sentry_events.events[0].get("tags", {})


def test_where_the_sdk_was_there_before_the_sampler_drops_the_request(tmp_path: Path) -> None:
    ran = Project(tmp_path).run(
        """
        import sentry_sdk
        from sentry_sdk.integrations.django import DjangoIntegration
        sentry_sdk.init("http://key@127.0.0.1:9/1", integrations=[DjangoIntegration()])
        import django
        django.setup()
        import httpx, sentry_app
        from django.core.wsgi import get_wsgi_application
        from sentry_app import outcomes
        transport = httpx.WSGITransport(app=get_wsgi_application(), raise_app_exceptions=False)
        httpx.Client(transport=transport).get("http://testserver/health/")
        print(sorted(outcomes.snapshot().items()), len(sentry_app.outbox))
        """,
        SENTRY_TRANSPORT="locmem",
        SENTRY_TRACES_SAMPLE_RATE="1.0",
    )
    assert "(('ignored_url', 'transaction'), 1)] 0" in ran.stdout, ran.stderr
