"""Feature flags of django-waffle and django-flags: an event tells what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import sentry_sdk
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from sentry_app import conf, outcomes
from sentry_app.integrations import evaluations, flags, waffle
from sentry_app.testing import Events


def told(events: Events) -> Any:
    """The flags of an event that is captured now."""
    sentry_sdk.capture_message("hello")
    found = (events.events[-1]["contexts"].get("flags") or {}).get("values", [])
    return {entry["flag"]: entry["result"] for entry in found}


@pytest.mark.django_db
def test_the_flags_switches_and_samples_of_waffle(sentry_events: Events) -> None:
    package = pytest.importorskip("waffle")
    models = pytest.importorskip("waffle.models")
    models.Flag.objects.create(name="cart", everyone=True)
    models.Switch.objects.create(name="pay", active=False)
    models.Sample.objects.create(name="survey", percent=100)
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert package.flag_is_active(request, "cart") is True
    assert package.switch_is_active("pay") is False
    assert package.sample_is_active("survey") is True
    assert package.switch_is_active("no such switch") is False
    assert told(sentry_events) == {
        "cart": True,
        "pay": False,
        "survey": True,
        "no such switch": False,
    }


@pytest.mark.django_db
def test_the_flags_of_django_flags(sentry_events: Events) -> None:
    state = pytest.importorskip("flags.state")
    assert state.flag_enabled("dark") is True
    assert state.flag_disabled("dark") is False
    assert told(sentry_events) == {"dark": True}


class Switch:
    """A flag of the project's own."""

    name = "own"

    def is_on(self, answer: Any) -> Any:
        return answer


class Nameless(Switch):
    @property
    def name(self) -> str:
        raise RuntimeError("as asked")


@pytest.mark.parametrize(("answer", "result"), [(None, False), (1, True)])
def test_the_answer_is_passed_on_as_it_is(answer: Any, result: bool, sentry_events: Events) -> None:
    evaluations.watch(Switch, "is_on")
    evaluations.watch(Switch, "is_on")
    assert Switch().is_on(answer) is answer
    assert told(sentry_events) == {"own": result}


def test_a_flag_without_a_name_is_no_matter_of_the_project(sentry_events: Events) -> None:
    evaluations.watch(Switch, "is_on")
    assert Nameless().is_on(True) is True
    assert told(sentry_events) == {}
    assert outcomes.failures() == {"feature flag": 1}


def test_without_the_sdk_a_flag_is_a_flag() -> None:
    evaluations.watch(Switch, "is_on")
    assert Switch().is_on(True) is True
    assert len(sentry_sdk.get_isolation_scope().flags.get()) == 0


@pytest.mark.parametrize("integration", [flags, waffle])
def test_without_the_app_nothing_is_watched(
    integration: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.apps.apps.is_installed", lambda name: False)
    monkeypatch.setattr(integration, "watch", pytest.fail)
    integration.connect(conf.load({}))
