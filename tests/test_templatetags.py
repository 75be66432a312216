"""The template tags, the dialog's address and the error page, without a browser."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sentry_sdk
from django.template import Context, Template
from django.test import RequestFactory, override_settings

from sentry_app import feedback, propagation
from sentry_app.testing import Events, capture_events
from sentry_app.views import server_error

DSN = "https://" + "public@sentry.example:8443/under/2"


def rendered(tag: str, **context: Any) -> str:
    return Template("{% load sentry %}{% " + tag + " %}").render(Context(context))


def test_without_the_sdk_the_tags_are_empty() -> None:
    assert rendered("sentry_trace_meta") == rendered("sentry_feedback", sentry_event_id="a") == ""


def test_the_trace_in_two_elements(sentry_events: Events) -> None:
    with sentry_sdk.start_transaction(name="shop") as transaction:
        shown = rendered("sentry_trace_meta")
    assert f'<meta name="sentry-trace" content="{transaction.trace_id}-' in shown
    assert f'<meta name="baggage" content="sentry-trace_id={transaction.trace_id},' in shown


def test_what_a_browser_said_cannot_break_out(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentry_sdk, "get_baggage", lambda: '"><script>')
    assert "<script>" not in rendered("sentry_trace_meta")


def test_without_a_trace_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def recurse() -> None:  # as SDK 2.35 does
        raise RecursionError

    for answer in (recurse, lambda: None):
        monkeypatch.setattr(sentry_sdk, "get_traceparent", answer)
        monkeypatch.setattr(sentry_sdk, "get_baggage", answer)
        assert propagation.traceparent() == propagation.trace_id() == propagation.baggage() == ""


def test_the_dialog_is_that_of_the_event() -> None:
    with capture_events(DSN=DSN):
        event_id = sentry_sdk.capture_message("hello")
        shown = rendered('sentry_feedback title="a & b"')
    assert shown.startswith('<script src="https://sentry.example:8443/under/api/embed/error-page/?')
    assert f"eventId={event_id}&amp;title=a+%26+b" in shown
    assert "nonce" not in shown


def test_nothing_was_sent_so_there_is_nothing_to_report() -> None:
    with capture_events(DSN=DSN):
        assert rendered("sentry_feedback") == ""


def test_without_a_dsn_there_is_no_dialog(sentry_events: Events) -> None:
    assert rendered("sentry_feedback", sentry_event_id="a") == ""


@pytest.mark.parametrize(
    "context",
    [
        {"csp_nonce": "n-1"},
        {"request": SimpleNamespace(csp_nonce="n-1")},
        {"request": SimpleNamespace(_csp_nonce="n-1")},
    ],
    ids=["context processor", "django-csp", "django"],
)
def test_the_nonce(context: Any) -> None:
    with capture_events(DSN=DSN):
        assert ' nonce="n-1" async' in rendered("sentry_feedback", sentry_event_id="a", **context)


def test_the_secret_half_of_an_old_dsn_stays_here() -> None:
    secret = "5ec" + "2e7"
    url = feedback.script_url(f"http://public:{secret}@localhost/2", "a", {})
    assert parse_qs(urlsplit(url).query) == {"dsn": ["http://public@localhost/2"], "eventId": ["a"]}


@pytest.mark.django_db
@override_settings(ROOT_URLCONF="tests.browser_urls")
def test_the_error_page_of_the_project(client: httpx.Client, sentry_events: Events) -> None:
    answer = client.get("/error/")
    assert answer.status_code == 500
    assert f'<p id="event">{sentry_events.events[0]["event_id"]}</p>' in answer.text


def error_page(template: str = "500.html") -> str:
    response = server_error(RequestFactory().get("/"), template)
    assert response.status_code == 500
    return response.content.decode()


@pytest.mark.parametrize("template", ["500.html", "broken.html", "unreadable.html"])
def test_without_a_template_that_works_the_page_is_ours(
    template: str, sentry_events: Events
) -> None:
    event_id = sentry_sdk.capture_message("hello")
    assert f"<code>{event_id}</code>" in error_page(template)


def test_without_an_event_the_page_shows_none(sentry_events: Events) -> None:
    assert "Event:" not in error_page()


def test_without_the_sdk_there_is_a_page() -> None:
    assert "<h1>Server Error (500)</h1>" in error_page()
