"""sentry_app.api: the functions that projects call, with the SDK off and on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sentry_sdk
from django.contrib.auth.models import User
from sentry_sdk.tracing import NoOpSpan

import sentry_app
from sentry_app import (
    outcomes,
    sentry_add_breadcrumb,
    sentry_capture_exception,
    sentry_capture_message,
    sentry_set_user_context,
    sentry_start_span,
    sentry_start_transaction,
)
from sentry_app.testing import Events

ANN = User(pk=7, username="ann", email="ann@shop.com")

sampled = pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0)


# with the SDK off


@pytest.mark.parametrize(
    "call",
    [
        lambda: sentry_capture_exception(ValueError("off")),
        lambda: sentry_capture_exception(),
        lambda: sentry_capture_message("off", level="error", tags={"a": "b"}),
        lambda: sentry_add_breadcrumb("off", category="shop", data={"a": 1}),
        lambda: sentry_set_user_context(ANN),
        lambda: sentry_set_user_context(None),
    ],
)
def test_off_they_return_nothing(call: Callable[[], Any]) -> None:
    assert call() is None


def test_off_what_is_captured_is_counted() -> None:
    sentry_capture_exception(ValueError("off"))
    sentry_capture_message("off")
    with sentry_start_transaction(name="buy"):
        pass
    assert outcomes.snapshot() == {
        (outcomes.DISABLED, "error"): 2,
        (outcomes.DISABLED, "transaction"): 1,
    }


@pytest.mark.parametrize(
    "start",
    [
        lambda: sentry_start_transaction(name="buy", op="task"),
        lambda: sentry_start_span(op="http.client", description="payment"),
    ],
)
def test_off_the_body_runs_and_may_use_what_it_is_given(start: Callable[[], Any]) -> None:
    ran = []
    with start() as span:
        span.set_tag("shop", "one")
        span.set_data("size", 1)
        ran.append(span)
    assert [type(span) for span in ran] == [NoOpSpan]


def test_off_an_error_in_the_body_passes_through() -> None:
    with pytest.raises(ValueError, match="mine"), sentry_start_transaction(name="buy"):
        raise ValueError("mine")


def test_what_was_said_while_off_is_not_sent_later(start_sdk: Any) -> None:
    sentry_set_user_context(ANN)
    sentry_add_breadcrumb("off")
    start_sdk(TRANSPORT="locmem")
    sentry_capture_message("on")
    [event] = Events().events
    assert "user" not in event
    assert event["breadcrumbs"]["values"] == []


# with the SDK on


def test_an_exception_is_sent_with_what_belongs_to_it(sentry_events: Events) -> None:
    event_id = sentry_capture_exception(ValueError("given"), tags={"shop": "one"})
    [event] = sentry_events.events
    assert event["event_id"] == event_id
    assert event["exception"]["values"][0]["value"] == "given"
    assert event["tags"] == {"shop": "one"}


def test_the_exception_being_handled_is_sent(sentry_events: Events) -> None:
    try:
        raise ValueError("handled")
    except ValueError:
        sentry_capture_exception()
    assert sentry_events.events[0]["exception"]["values"][0]["value"] == "handled"


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "fatal"])
def test_a_message_is_sent_with_its_level(level: str, sentry_events: Events) -> None:
    event_id = sentry_capture_message("hello", level=level, extras={"size": 1})
    [event] = sentry_events.events
    assert (event["event_id"], event["message"], event["level"]) == (event_id, "hello", level)
    assert event["extra"]["size"] == 1


def test_a_breadcrumb_is_carried_by_the_next_event(sentry_events: Events) -> None:
    sentry_add_breadcrumb("first", category="shop", level="warning", data={"a": 1}, type="query")
    sentry_capture_message("now")
    [crumb] = sentry_events.events[0]["breadcrumbs"]["values"]
    del crumb["timestamp"]
    assert crumb == {
        "message": "first",
        "category": "shop",
        "level": "warning",
        "data": {"a": 1},
        "type": "query",
    }


def test_the_user_is_told_by_id(sentry_events: Events) -> None:
    sentry_set_user_context(ANN)
    sentry_capture_message("now")
    assert sentry_events.events[0]["user"] == {"id": "7"}


@pytest.mark.sentry(SEND_DEFAULT_PII=True)
def test_with_pii_the_user_is_told_by_name(sentry_events: Events) -> None:
    sentry_set_user_context(ANN)
    sentry_capture_message("now")
    expected = {"id": "7", "username": "ann", "email": "ann@shop.com"}
    assert sentry_events.events[0]["user"] == expected


def test_the_user_may_be_taken_back(sentry_events: Events) -> None:
    sentry_set_user_context(ANN)
    sentry_set_user_context(None)
    sentry_capture_message("now")
    assert not sentry_events.events[0].get("user")


@sampled
def test_a_transaction_with_a_span(sentry_events: Events) -> None:
    with sentry_start_transaction(name="buy", op="task") as transaction:
        transaction.set_tag("shop", "one")
        with sentry_start_span(op="http.client", description="payment"):
            pass
    [event] = sentry_events.transactions
    assert (event["transaction"], event["contexts"]["trace"]["op"]) == ("buy", "task")
    assert event["tags"]["shop"] == "one"
    assert [(span["op"], span["description"]) for span in event["spans"]] == [
        ("http.client", "payment")
    ]


@sampled
@pytest.mark.parametrize("names", [{"name": "n"}, {"name": "n", "description": "d"}])
def test_a_span_may_be_named_in_either_way(names: dict[str, str], sentry_events: Events) -> None:
    with sentry_start_transaction(name="buy"), sentry_start_span(op="db", **names):
        pass
    assert sentry_events.transactions[0]["spans"][0]["description"] == "n"


# beside the SDK's own functions


def test_the_sdks_own_functions_keep_working(sentry_events: Events) -> None:
    sentry_sdk.set_tag("shop", "one")
    sentry_add_breadcrumb("ours")
    sentry_sdk.add_breadcrumb(message="theirs")
    sentry_sdk.capture_message("now")
    [event] = sentry_events.events
    assert event["tags"] == {"shop": "one"}
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["ours", "theirs"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_configure_scope_and_hub_keep_working(sentry_events: Events) -> None:
    with sentry_sdk.configure_scope() as scope:
        scope.set_tag("shop", "one")
    sentry_sdk.Hub.current.capture_message("now")
    assert sentry_events.events[0]["tags"] == {"shop": "one"}


def test_a_client_that_the_project_started_itself_is_served_too(start_sdk: Any) -> None:
    start_sdk(TRANSPORT="locmem")
    transport = sentry_sdk.get_client().transport
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(sentry_sdk.Client(transport=transport))
        sentry_set_user_context(ANN)
        sentry_capture_message("now")
    assert Events().events[0]["user"] == {"id": "7"}


def test_the_package_offers_just_these_names() -> None:
    assert all(hasattr(sentry_app, name) for name in sentry_app.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sentry_capture'"):
        sentry_app.sentry_capture  # noqa: B018
