"""sentry_app.integrations.report: an event for an error, and never an error of its own."""

from __future__ import annotations

from typing import Any

import pytest
from sentry_sdk import utils

from sentry_app import outcomes
from sentry_app.integrations.report import report
from sentry_app.testing import Events


def test_an_error_is_an_event(sentry_events: Events) -> None:
    report(ValueError("no"), "shop", handled=True, level="warning")
    [event] = sentry_events.events
    assert event["level"] == "warning"
    [told] = event["exception"]["values"]
    assert (told["type"], told["value"]) == ("ValueError", "no")
    assert told["mechanism"] == {"type": "shop", "handled": True}


def test_a_failure_of_its_own_is_counted(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("as asked")

    monkeypatch.setattr(utils, "event_from_exception", refuse)
    report(ValueError("no"), "shop")
    assert outcomes.failures()["shop"] == 1
    assert sentry_events.events == []


def test_while_the_sdk_is_off_nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utils, "event_from_exception", None)
    report(ValueError("no"), "shop")
    assert "shop" not in outcomes.failures()
