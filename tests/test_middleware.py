"""sentry_app.middleware: which user and request an event belongs to, by real requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import django
import httpx
import pytest
import sentry_sdk
from asgiref.sync import iscoroutinefunction
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext

from sentry_app import context, outcomes
from sentry_app.middleware import SentryContextMiddleware
from sentry_app.testing import Events, capture_events
from tests.support.asgi import visit

PASSWORD = "pa55" + "word"
LOGIN = f"/login/?username=ann&password={PASSWORD}"

has_auser = pytest.mark.skipif(django.VERSION < (5,), reason="Django 4.2 has no request.auser()")
pytestmark = pytest.mark.django_db

Visit = Callable[..., Any]


@pytest.fixture(params=["wsgi", "asgi"])
def go(request: pytest.FixtureRequest, client: httpx.Client) -> Visit:
    """Visits paths one after another, with cookies from one to the next, by WSGI and by ASGI."""

    def visit_wsgi(*paths: str) -> list[httpx.Response]:
        client.cookies.clear()
        return [client.get(path) for path in paths]

    return visit if request.param == "asgi" else visit_wsgi


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "ann@shop.com", PASSWORD)


def users(events: Events) -> list[Any]:
    return [event.get("user") for event in events.events]


def queries(go: Visit, *paths: str) -> int:
    """How many queries it takes to visit ``paths``."""
    with CaptureQueriesContext(connection) as captured:
        go(*paths)
    return len(captured)


@pytest.mark.parametrize("page", ["/whoami/", pytest.param("/async-whoami/", marks=has_auser)])
def test_a_user_that_the_view_has_loaded_is_told(
    page: str, go: Visit, ann: User, sentry_events: Events
) -> None:
    go(LOGIN, page)
    assert users(sentry_events) == [{"id": str(ann.pk)}]


@pytest.mark.sentry(SEND_DEFAULT_PII=True)
def test_with_pii_the_name_and_address_are_told(
    go: Visit, ann: User, sentry_events: Events
) -> None:
    go(LOGIN, "/whoami/")
    [told] = users(sentry_events)
    told.pop("ip_address", None)
    assert told == {"id": str(ann.pk), "username": "ann", "email": "ann@shop.com"}


@pytest.mark.sentry(SEND_DEFAULT_PII=True, USER_FIELDS=("first_name",))
def test_the_fields_are_a_setting(go: Visit, ann: User, sentry_events: Events) -> None:
    User.objects.update(first_name="Ann")
    go(LOGIN, "/whoami/")
    assert users(sentry_events)[0]["first_name"] == "Ann"


@pytest.mark.parametrize(("page", "told"), [("/error/", False), ("/cart/", True)])
def test_who_it_was_costs_no_query(page: str, told: bool, go: Visit, ann: User) -> None:
    # The second page loads the session, which knows the id, but not the user.
    without = queries(go, LOGIN, page)
    with capture_events() as events:
        assert queries(go, LOGIN, page) == without
        assert users(events) == [{"id": str(ann.pk)} if told else None]


def test_nobody_is_told_in_the_next_request_of_somebody_else(
    go: Visit, ann: User, sentry_events: Events
) -> None:
    go(LOGIN, "/whoami/", "/logout/", "/whoami/")
    assert users(sentry_events) == [{"id": str(ann.pk)}, None]


def test_the_request_is_a_breadcrumb(go: Visit, sentry_events: Events) -> None:
    go("/ok/", "/error/?page=2")
    crumbs = sentry_events.events[0]["breadcrumbs"]["values"]
    assert [crumb["message"] for crumb in crumbs if crumb["category"] == "request"] == [
        "GET /error/"
    ]


def test_the_view_is_told(go: Visit, sentry_events: Events) -> None:
    go("/error/", "/named/")
    assert [event.get("tags") for event in sentry_events.events] == [
        {"view": "tests.views.error"},
        {"view": "tests.views.error", "url_name": "shop:named", "app": "shop"},
    ]
    assert [transaction["tags"]["view"] for transaction in sentry_events.transactions] == [
        "tests.views.error",
        "tests.views.error",
    ]


@pytest.mark.sentry(TRACE_RESPONSE_HEADER="X-Trace-Id")
def test_the_answer_names_its_trace_if_wanted(go: Visit, sentry_events: Events) -> None:
    [answer] = go("/ok/")
    [transaction] = sentry_events.transactions
    assert answer.headers["X-Trace-Id"] == transaction["contexts"]["trace"]["trace_id"]


def test_by_default_it_does_not(go: Visit, sentry_events: Events) -> None:
    [answer] = go("/ok/")
    assert "X-Trace-Id" not in answer.headers


@pytest.mark.sentry(TRACE_RESPONSE_HEADER="X-Trace-Id")
def test_without_a_trace_the_answer_is_as_it_was(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recurse() -> None:  # as SDK 2.35 does outside of a request
        raise RecursionError

    for get_traceparent in (recurse, lambda: None):
        monkeypatch.setattr(sentry_sdk, "get_traceparent", get_traceparent)
        answer = SentryContextMiddleware(lambda request: HttpResponse())(HttpRequest())
        assert "X-Trace-Id" not in answer.headers


def test_what_fails_here_is_no_matter_of_the_request(
    go: Visit, sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "current_actor", None)
    assert [answer.status_code for answer in go("/ok/")] == [200]
    assert outcomes.failures() == {"SentryContextMiddleware": 1}


def test_without_the_sdk_the_site_works(go: Visit) -> None:
    assert [answer.status_code for answer in go("/ok/", "/error/")] == [200, 500]


def test_the_sdk_may_start_while_the_site_runs(go: Visit, ann: User) -> None:
    go("/error/")
    with capture_events() as events:
        go(LOGIN, "/whoami/")
        assert users(events) == [{"id": str(ann.pk)}]


def test_a_request_begins_with_nobody() -> None:
    # Django's test client makes its requests in one isolation scope.
    with capture_events():
        actor = context.current_actor(["id"], send_pii=False)
        actor.user = AnonymousUser()
        SentryContextMiddleware(lambda request: HttpResponse())(HttpRequest())
        assert actor.user is context.UNKNOWN


def test_an_async_site_is_answered_in_its_own_thread() -> None:
    async def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(threading.get_ident()))

    async def ask() -> tuple[HttpResponse, int]:
        with sentry_sdk.start_transaction(name="shop"):
            return await SentryContextMiddleware(answer)(HttpRequest()), threading.get_ident()

    with capture_events(TRACE_RESPONSE_HEADER="X-Trace-Id"):
        response, thread = asyncio.run(ask())
    assert response.content == str(thread).encode()
    assert response["X-Trace-Id"]


def test_an_async_site_needs_no_thread_for_it() -> None:
    async def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(SentryContextMiddleware(answer))
    assert not iscoroutinefunction(SentryContextMiddleware(lambda request: HttpResponse()))
