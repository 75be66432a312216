"""sentry_app.seams.lookups: what the SDK has to be for it, and what happens where it is not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sentry_sdk
from django.contrib.auth.models import User
from django.utils.functional import SimpleLazyObject
from sentry_sdk import serializer
from sentry_sdk.integrations import django

from sentry_app import conf, seams
from sentry_app.seams import lookups
from sentry_app.testing import capture_events

PARTS = [(django, "_set_user_info"), (serializer, "serialize")]


@pytest.mark.parametrize(("module", "name"), PARTS)
def test_the_sdk_has_what_is_replaced(module: Any, name: str) -> None:
    with capture_events():
        assert lookups.is_installed(module, name)


def told_by_the_sdk() -> Any:
    event: dict[str, Any] = {}
    django._set_user_info(SimpleNamespace(user=User(pk=7, username="ann")), event)
    return event


def test_only_a_client_of_ours_looks_nothing_up() -> None:
    with capture_events():
        assert told_by_the_sdk() == {}
    with sentry_sdk.new_scope() as scope:
        scope.set_client(sentry_sdk.Client(default_integrations=False))
        assert told_by_the_sdk()["user"]["id"] == "7"


def test_a_variable_is_shown_and_not_evaluated() -> None:
    user = SimpleLazyObject(lambda: pytest.fail("it was evaluated"))
    with capture_events() as events:
        try:
            raise ValueError(type(user).__name__)
        except ValueError:
            sentry_sdk.capture_exception()
        frame = events.events[0]["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert frame["vars"]["user"] == "<SimpleLazyObject: not loaded>"


def test_installing_twice_wraps_once() -> None:
    seams.adjust(conf.load({}))
    before = [getattr(module, name) for module, name in PARTS]
    seams.adjust(conf.load({}))
    assert [getattr(module, name) for module, name in PARTS] == before


def test_a_part_that_is_missing_is_left_alone() -> None:
    module = SimpleNamespace()
    lookups.replace(module, "_set_user_info", lambda original: original)
    assert vars(module) == {}


def test_an_sdk_that_is_made_differently_runs_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise ImportError("as asked")

    monkeypatch.setattr(lookups, "install", refuse)
    with capture_events() as events:
        sentry_sdk.capture_message("hello")
        assert len(events.events) == 1
    assert "made differently" in caplog.text
