"""What a hook of the project's logs or captures while it runs makes no event."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sentry_sdk
from django.contrib.auth.models import User

from sentry_app import hooks, outcomes
from sentry_app.testing import Events, capture_events

LOGGER = logging.getLogger("shop.hooks")


@pytest.fixture(autouse=True)
def said_anew() -> None:
    hooks._warn_within_hook.cache_clear()


def logs(value: Any, hint: Any) -> Any:
    LOGGER.error("a hook says something")
    return value


def logs_an_exception(value: Any, hint: Any) -> Any:
    try:
        raise RuntimeError("as asked")
    except RuntimeError:
        LOGGER.exception("a hook failed")
    return value


def captures(value: Any, hint: Any) -> Any:
    sentry_sdk.capture_message("a hook says something")
    sentry_sdk.capture_exception(RuntimeError("as asked"))
    return value


def logs_and_raises(value: Any, hint: Any) -> Any:
    LOGGER.error("a hook says something")
    raise RuntimeError("as asked")


def works(value: Any, hint: Any) -> Any:
    """A transaction of its own, for each transaction."""
    with sentry_sdk.start_transaction(name="hook"):
        pass
    return value


HOOKS: list[Callable[[Any, Any], Any]] = [logs, logs_an_exception, captures, logs_and_raises]


def within(category: str = "error") -> int:
    return outcomes.snapshot().get((outcomes.WITHIN_HOOK, category), 0)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_for_errors(hook: Any, client: httpx.Client) -> None:
    with capture_events(BEFORE_SEND=hook, TRACES_SAMPLE_RATE=0.0) as events:
        client.get("/error/")
        assert [event["exception"]["values"][-1]["type"] for event in events.events] == ["Broken"]
        assert within() == (2 if hook is captures else 1)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_for_transactions(hook: Any, client: httpx.Client) -> None:
    with capture_events(BEFORE_SEND_TRANSACTION=hook) as events:
        client.get("/ok/")
        assert (events.events, len(events.transactions)) == ([], 1)
        assert within() == (2 if hook is captures else 1)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_for_breadcrumbs(hook: Any) -> None:
    with capture_events(BEFORE_BREADCRUMB=hook) as events:
        sentry_sdk.add_breadcrumb(message="one")
        sentry_sdk.capture_message("now")
        (event,) = events.events
        assert event["message"] == "now"
        assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["one"]
        assert within() == (2 if hook is captures else 1)


def test_a_hook_that_is_a_transaction_itself() -> None:
    with capture_events(BEFORE_SEND_TRANSACTION=works) as events:
        with sentry_sdk.start_transaction(name="buy"):
            pass
        assert [one["transaction"] for one in events.transactions] == ["buy"]
        assert within("transaction") == 1


@pytest.mark.django_db
def test_a_callable_that_describes_the_user(client: httpx.Client) -> None:
    def fields(user: Any) -> dict[str, Any]:
        LOGGER.error("who is %s", user)
        return {"name": "ann"}

    password = "pa55" + "word"
    User.objects.create_user("ann", "ann@shop.example", password)
    with capture_events(USER_FIELDS=fields, SEND_DEFAULT_PII=True) as events:
        client.get("/login/", params={"username": "ann", "password": password})
        events.clear()
        client.get("/whoami/")
        sentry_sdk.capture_message("now")
        assert len(events.events) == 2  # the view's own error, and the message
        assert within() >= 1


@pytest.mark.sentry(BEFORE_SEND=logs)
def test_the_log_says_so_once(sentry_events: Events, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "sentry_app")
    for _ in range(3):
        sentry_sdk.capture_exception(ValueError())
    assert len(sentry_events.events) == 3
    assert within() == 3
    assert caplog.text.count("a hook logs or captures something while it runs") == 1
    assert "dropped error shop.hooks: within_hook" in caplog.text


@pytest.mark.sentry(BEFORE_SEND=logs)
def test_after_the_hook_events_are_sent_again(sentry_events: Events) -> None:
    sentry_sdk.capture_message("one")
    LOGGER.error("two")
    assert len(sentry_events.events) == 2


@pytest.mark.sentry(BEFORE_SEND=logs)
def test_without_the_seam_it_feeds_itself_neither(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = sentry_sdk.Scope.capture_event.__wrapped__  # type: ignore[attr-defined]
    monkeypatch.setattr(sentry_sdk.Scope, "capture_event", capture)
    sentry_sdk.capture_message("one")
    assert len(sentry_events.events) == 1
    assert within() == 1
