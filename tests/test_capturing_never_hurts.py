"""Whatever is among the variables or told to Sentry: the site neither waits for it nor sees it.

Each case goes through the real WSGI and ASGI application.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext
from django.utils.log import AdminEmailHandler

from sentry_app import outcomes
from sentry_app.testing import Events, capture_events
from tests import hurting_urls
from tests.hurting_urls import MIB, THINGS
from tests.support.asgi import visit

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.hurting_urls")]

#: What an item may have at most, in bytes.
LIMIT = MIB
Go = Callable[..., Any]

QUERYING = [
    *("queryset", "lazy", "asking", "in-a-dataclass", "lazy-in-a-dataclass"),
    *("in-a-list-of-lists", "lazy-in-lists", "a-key"),
]
WAITING = ["sleeping", "hanging", "mapping"]
#: Milliseconds for whoever is not kept waiting on purpose: a machine may be busy.
PATIENT = 10_000


@pytest.fixture(autouse=True)
def released(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What hangs does so for one test, and not in Django 4.2's own mail to nobody."""
    monkeypatch.setattr(AdminEmailHandler, "emit", lambda self, record: None)
    hurting_urls.released.clear()
    yield
    hurting_urls.released.set()


@pytest.fixture(params=["wsgi", "asgi"])
def go(request: pytest.FixtureRequest, client: httpx.Client) -> Go:
    def visit_wsgi(path: str) -> httpx.Response:
        return client.get(path)

    return (lambda path: visit(path)[0]) if request.param == "asgi" else visit_wsgi


def the_event(events: Events) -> Any:
    """The one event; what it takes must be less than the limit."""
    (event,) = events.events
    assert size(event) < LIMIT
    return event


def size(item: Any) -> int:
    return len(json.dumps(item, separators=(",", ":"), ensure_ascii=False).encode())


def failed(event: Any) -> tuple[str, str]:
    last = event["exception"]["values"][-1]
    return last["type"], last["value"]


def variables(event: Any) -> Any:
    """Those of the innermost frame."""
    return event["exception"]["values"][-1]["stacktrace"]["frames"][-1]["vars"]


@pytest.mark.parametrize("name", THINGS)
def test_a_variable_hurts_nobody(name: str, go: Go) -> None:
    budget = {} if name in WAITING else {"CAPTURE_BUDGET_MS": PATIENT}
    with capture_events(TRACES_SAMPLE_RATE=0.0, **budget) as events:
        assert go(f"/hurts/variable/{name}/").status_code == 500
        event = the_event(events)
        assert failed(event)[0] == "Hurting"
        assert variables(event)["innermost"] == "'shown'"
        assert "thing" in variables(event)


@pytest.mark.parametrize("name", THINGS)
def test_what_is_told_hurts_nobody(name: str, go: Go) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        assert go(f"/hurts/told/{name}/").status_code == 500
        event = the_event(events)
        assert failed(event) == ("Hurting", "told")
        assert event["user"]["id"] == "7"
        assert "thing" in event["extra"]
        assert "thing" in event["contexts"]


@pytest.mark.parametrize("page", ["variable", "told"])
@pytest.mark.parametrize("name", WAITING)
def test_nobody_waits(page: str, name: str, client: httpx.Client) -> None:
    """What hangs is still hanging when the answer is there."""
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        for _ in range(3):
            client.get(f"/hurts/{page}/{name}/")
        assert not hurting_urls.released.is_set()
        assert len(events.events) == 3
        assert "not shown" in json.dumps(events.events[0])
    assert outcomes.left_out()["variables"] >= 3


def test_a_text_that_hangs(client: httpx.Client) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        client.get("/hurts/silent/0/")
        assert failed(the_event(events)) == ("SlowToSay", "<not shown: over the time budget>")


@pytest.mark.parametrize("page", ["variable", "told"])
@pytest.mark.parametrize("name", QUERYING)
def test_no_query(page: str, name: str, go: Go) -> None:
    with capture_events(TRACES_SAMPLE_RATE=1.0, SEND_DEFAULT_PII=True) as events:
        with CaptureQueriesContext(connection) as captured:
            go(f"/hurts/{page}/{name}/")
        assert len(captured) == 0
        assert the_event(events)


@pytest.mark.parametrize("name", QUERYING)
def test_no_query_without_a_thread(name: str) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        with CaptureQueriesContext(connection) as captured:
            visit(f"/hurts/async_variable/{name}/")
        assert len(captured) == 0
        assert the_event(events)


@pytest.mark.parametrize("page", ["variable", "told"])
@pytest.mark.parametrize("name", QUERYING)
def test_no_attempt_at_a_database_that_is_down(
    page: str, name: str, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[Any] = []
    for door in ("cursor", "connect"):
        monkeypatch.setattr(BaseDatabaseWrapper, door, lambda *args: attempts.append(args) or 1 / 0)
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        client.get(f"/hurts/{page}/{name}/")
        assert the_event(events)
    assert attempts == []


def test_a_request_of_many_slow_variables_takes_the_budget(client: httpx.Client) -> None:
    """Twenty frames with 90 ms each; whoever was not asked did not run at all."""
    hurting_urls.asked.clear()
    with capture_events(TRACES_SAMPLE_RATE=0.0, CAPTURE_BUDGET_MS=100) as events:
        client.get("/hurts/slow_variables/20/")
        event = the_event(events)
    assert len(hurting_urls.asked) < 20
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert all(frame["function"] and frame["lineno"] and frame["filename"] for frame in frames)
    assert event["contexts"]["left_out"]["variables"] >= 50
    assert outcomes.left_out()["variables"] >= 50


def test_breadcrumbs_of_a_megabyte_each(go: Go) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        go(f"/hurts/breadcrumbs/{MIB}/")
        event = the_event(events)
    assert len(event["breadcrumbs"]["values"]) == 100
    assert event["contexts"]["left_out"]["texts"] == 100


def test_a_huge_message_keeps_its_start(go: Go) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        go("/hurts/huge_message/0/")
        type, text = failed(the_event(events))
    assert (type, text[:11]) == ("Hurting", "the start x")
    assert f"<{20 * MIB + 10:,} characters>" in text


@pytest.mark.parametrize("depth", [300, 2500])
def test_thousands_of_frames(depth: int, client: httpx.Client) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    try:
        with capture_events(TRACES_SAMPLE_RATE=0.0, CAPTURE_BUDGET_MS=PATIENT) as events:
            client.get(f"/hurts/recursion/{depth}/")
            event = the_event(events)
    finally:
        sys.setrecursionlimit(limit)
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert len(frames) == 250
    assert {"recursion", "_recurse"} <= {frame["function"] for frame in frames}
    assert frames[-1]["vars"]["left"] == "0"
    assert event["contexts"]["left_out"]["frames"] > depth - 250


def test_a_recursion_error(client: httpx.Client) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        client.get("/hurts/recursion/100000/")
        assert failed(the_event(events))[0] == "RecursionError"


def test_a_long_chain_of_exceptions(client: httpx.Client) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        client.get("/hurts/chain/3000/")
        event = the_event(events)
    values = event["exception"]["values"]
    assert len(values) == 50
    assert (values[-1]["value"], values[-2]["value"]) == ("the last", "number 2999")
    assert event["contexts"]["left_out"]["exceptions"] == 2952


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with Python 3.11")
def test_a_large_group(client: httpx.Client) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        client.get("/hurts/group/3000/")
        event = the_event(events)
    values = event["exception"]["values"]
    assert len(values) == 50
    assert values[-1]["type"] == "ExceptionGroup"
    assert event["contexts"]["left_out"]["exceptions"] == 2951


def test_much_of_all(client: httpx.Client) -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        client.get("/hurts/many_things/0/")
        assert failed(the_event(events)) == ("Hurting", "many")
