"""sentry_app.testing: what it offers to the tests of projects."""

from __future__ import annotations

import unittest
from typing import Any

import django.test
import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope

import sentry_app
from sentry_app import sdk
from sentry_app.testing import Events, SentryEventsMixin, capture_events


def captured(events: Events) -> list[str]:
    return [event["message"] for event in events.events]


# the fixture


@pytest.mark.parametrize("test", ["first", "second"])
def test_each_test_begins_with_an_empty_outbox(test: str, sentry_events: Events) -> None:
    assert captured(sentry_events) == []
    sentry_sdk.capture_message(test)
    assert captured(sentry_events) == [test]


@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0, RELEASE="2.0")
def test_the_marker_changes_settings(sentry_events: Events) -> None:
    with sentry_sdk.start_transaction(name="buy"):
        pass
    assert [event["release"] for event in sentry_events.transactions] == ["2.0"]


def test_what_was_sent_before_does_not_count() -> None:
    sentry_app.outbox.append(Envelope())
    with capture_events():
        assert sentry_app.outbox == []


def test_every_item_type_can_be_asked_for() -> None:
    with capture_events(OPTIONS={"enable_logs": True}) as events:
        sentry_sdk.logger.warning("hello")
        [log] = events.items("log")
    assert log["items"][0]["body"] == "hello"


def test_what_was_captured_can_be_forgotten(sentry_events: Events) -> None:
    sentry_sdk.capture_message("first")
    sentry_events.clear()
    sentry_sdk.capture_message("second")
    assert captured(sentry_events) == ["second"]


# the context manager


def test_it_runs_even_where_the_project_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODE", "true")
    monkeypatch.setenv("SENTRY_FORCE_DISABLE", "true")
    with capture_events() as events:
        sentry_sdk.capture_message("hello")
        assert captured(events) == ["hello"]


def test_afterwards_the_sdk_is_off_again() -> None:
    with capture_events():
        sentry_sdk.capture_message("hello")
    assert not sdk.is_configured()
    assert not sentry_sdk.get_client().is_active()
    assert sentry_app.outbox == []


def test_afterwards_the_sdk_runs_as_before(start_sdk: Any) -> None:
    before = start_sdk(TRANSPORT="locmem", RELEASE="1.0")
    with capture_events(RELEASE="2.0"):
        assert sentry_sdk.get_client().options["release"] == "2.0"
    assert sdk.running() == before
    assert sentry_sdk.get_client().options["release"] == "1.0"


def test_an_error_in_the_test_puts_it_back_too() -> None:
    with pytest.raises(ZeroDivisionError), capture_events():
        1 / 0  # noqa: B018
    assert not sdk.is_configured()


def test_user_tags_and_breadcrumbs_end_with_the_test(start_sdk: Any) -> None:
    start_sdk(TRANSPORT="locmem")
    sentry_sdk.add_breadcrumb(message="before")
    with capture_events() as events:
        sentry_sdk.set_user({"id": "7"})
        sentry_sdk.set_tag("shop", "one")
        sentry_sdk.capture_message("inside")
        assert events.events[0]["breadcrumbs"]["values"] == []
    sentry_sdk.capture_message("outside")
    [event] = Events().events
    assert "user" not in event
    assert "tags" not in event


def test_keys_are_checked_as_in_the_settings() -> None:
    with capture_events(BEFORE_SEND="tests.test_hooks.tag") as events:
        sentry_sdk.capture_message("hello")
        assert events.events[0]["tags"] == {"seen_by": "tag"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"RELAESE": "2.0"}, "Did you mean 'RELEASE'"),
        ({"MAX_BREADCRUMBS": -1}, "must be a whole number of at least 0"),
    ],
)
def test_a_mistake_in_a_key_fails_the_test_and_says_why(settings: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said), capture_events(**settings):
        pass
    assert not sdk.is_configured()


def test_the_projects_own_settings_hold(settings: Any) -> None:
    settings.SENTRY = {"RELEASE": "3.0"}
    with capture_events() as events:
        sentry_sdk.capture_message("hello")
        assert events.events[0]["release"] == "3.0"


# the mixin


class MixinCases(SentryEventsMixin):
    """Three tests; whichever comes first, none sees the events of another."""

    sentry_settings = {"RELEASE": "2.0"}

    def check(self) -> None:
        assert captured(self.sentry_events) == []
        sentry_sdk.capture_message("hello")
        assert [event["release"] for event in self.sentry_events.events] == ["2.0"]

    def test_one(self) -> None:
        self.check()

    def test_two(self) -> None:
        self.check()

    async def check_async(self) -> None:
        self.check()


class TestUnittest(MixinCases, unittest.TestCase):
    pass


class TestDjango(MixinCases, django.test.TestCase):
    async def test_three(self) -> None:
        await self.check_async()


class TestAsync(MixinCases, unittest.IsolatedAsyncioTestCase):
    async def test_three(self) -> None:
        await self.check_async()


def test_the_mixin_puts_it_back() -> None:
    class Case(SentryEventsMixin, unittest.TestCase):
        def runTest(self) -> None:  # noqa: N802
            sentry_sdk.capture_message("hello")

    result = unittest.TestResult()
    Case().run(result)
    assert result.wasSuccessful()
    assert not sdk.is_configured()
    assert sentry_app.outbox == []


@pytest.mark.parametrize("run", [1, 2])
def test_the_outbox_is_empty_when_a_test_begins(run: int) -> None:
    assert sentry_app.outbox == []
    sentry_app.outbox.append(Envelope())
