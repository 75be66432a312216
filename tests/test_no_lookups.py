"""No event costs the application a query, whatever it holds and whatever became of the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from sentry_app.testing import capture_events
from tests.support.asgi import visit

PASSWORD = "pa55" + "word"
LOGIN = f"/login/?username=ann&password={PASSWORD}"

pytestmark = pytest.mark.django_db

PAGES = ["/error/", "/cart/", "/whoami/", "/lazy-user/", "/lazy-context/", "/lazy-template/"]


@pytest.fixture(params=["wsgi", "asgi"])
def go(request: pytest.FixtureRequest, client: httpx.Client) -> Callable[..., Any]:
    def visit_wsgi(*paths: str) -> list[httpx.Response]:
        client.cookies.clear()
        return [client.get(path) for path in paths]

    return visit if request.param == "asgi" else visit_wsgi


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "ann@shop.com", PASSWORD)


def queries(go: Callable[..., Any], *paths: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        go(*paths)
    return len(captured)


@pytest.mark.parametrize("pii", [False, True])
@pytest.mark.parametrize("page", PAGES)
def test_an_event_costs_no_query(pii: bool, page: str, go: Callable[..., Any], ann: User) -> None:
    without = queries(go, LOGIN, page)
    with capture_events(SEND_DEFAULT_PII=pii, TRACES_SAMPLE_RATE=1.0) as events:
        assert queries(go, LOGIN, page) == without
        assert len(events.events) == 1
        assert len(events.transactions) == 2


def test_a_broken_transaction_is_no_obstacle(client: httpx.Client, ann: User) -> None:
    client.get(LOGIN)
    with capture_events(SEND_DEFAULT_PII=True) as events:
        connection.set_rollback(True)
        try:
            client.get("/lazy-user/")
        finally:
            connection.set_rollback(False)
        assert [failed(event) for event in events.events] == ["Broken"]


def test_a_database_that_is_down_is_no_obstacle(
    client: httpx.Client, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        attempts.append(args)
        raise OperationalError("connection refused")

    attempts: list[Any] = []
    client.get(LOGIN)
    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", refuse)
    client.get("/lazy-user/")
    without = len(attempts)  # Django 4.2 itself evaluates variables, for a mail to nobody
    with capture_events(SEND_DEFAULT_PII=True) as events:
        client.get("/lazy-user/")
        assert [failed(event) for event in events.events] == ["Broken"]
    assert len(attempts) == 2 * without


def test_a_variable_whose_repr_asks_the_database_does_not_get_there(
    go: Callable[..., Any], ann: User
) -> None:
    without = queries(go, "/curious/")
    with capture_events() as events:
        assert queries(go, "/curious/") == without
        assert [failed(event) for event in events.events] == ["Broken"]


def failed(event: Any) -> str:
    return str(event["exception"]["values"][-1]["type"])
