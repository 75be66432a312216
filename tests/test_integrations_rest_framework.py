"""REST framework: what it answers with a 5xx is an event, and its user is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.core.signals import request_started

from sentry_app import conf
from sentry_app.integrations import rest_framework
from sentry_app.testing import Events

pytest.importorskip("rest_framework")

from rest_framework.views import APIView

pytestmark = pytest.mark.django_db


def test_an_exception_that_ends_in_a_5xx_is_an_event(
    client: httpx.Client, sentry_events: Events
) -> None:
    assert client.get("/api/503/").status_code == 503
    [event] = sentry_events.events
    [error] = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("Unavailable", "no stock")
    assert error["mechanism"] == {"type": "rest_framework", "handled": True}
    assert event["transaction"] == "/api/{status}/"
    assert event["tags"]["view"] == "tests.drf.answer"


@pytest.mark.parametrize("status", ["200", "404"])
def test_any_other_answer_is_none(status: str, client: httpx.Client, sentry_events: Events) -> None:
    assert client.get(f"/api/{status}/").status_code == int(status)
    assert sentry_events.events == []


def test_what_django_answers_is_one_event(client: httpx.Client, sentry_events: Events) -> None:
    assert client.get("/api/crash/").status_code == 500
    [event] = sentry_events.events
    assert event["exception"]["values"][0]["mechanism"]["type"] == "django"


def test_the_user_of_a_token(client: httpx.Client, sentry_events: Events) -> None:
    ann = User.objects.create_user("ann")
    client.get("/api/503/", headers={"Authorization": "Token ann"})
    assert sentry_events.events[0]["user"] == {"id": str(ann.pk)}


@pytest.mark.sentry(IGNORED_ERRORS=["tests.drf.Unavailable"])
def test_it_may_be_ignored(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/api/503/")
    assert sentry_events.events == []


def test_without_the_sdk_it_answers(client: httpx.Client) -> None:
    assert client.get("/api/503/").status_code == 503


def test_it_is_watched_once_and_from_the_first_request_on(
    client: httpx.Client, sentry_events: Events
) -> None:
    client.get("/api/200/")
    watched = APIView.handle_exception
    rest_framework.connect(conf.load({}))
    client.get("/api/200/")
    assert APIView.handle_exception is watched
    assert not request_started.disconnect(dispatch_uid=rest_framework._UID)


def test_a_project_that_is_not_set_up_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rest_framework.views", None)
    before: Any = APIView.handle_exception
    rest_framework._watch_views()
    assert APIView.handle_exception is before
