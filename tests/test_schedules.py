"""sentry_app.schedules: what MONITORED_COMMANDS may say."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentry_app import conf, schedules

KIND = schedules.monitor()


def crontab(value: str) -> dict[str, Any]:
    return {"schedule": {"type": "crontab", "value": value}}


def interval(value: int, unit: str) -> dict[str, Any]:
    return {"schedule": {"type": "interval", "value": value, "unit": unit}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0 3 * * *", crontab("0 3 * * *")),
        (" */5 8-18 1,15 * MON-FRI ", crontab("*/5 8-18 1,15 * MON-FRI")),
        ("@daily", crontab("@daily")),
        ("10 minutes", interval(10, "minute")),
        ("every 1 hour", interval(1, "hour")),
        (timedelta(hours=2), interval(120, "minute")),
        (
            {"schedule": "2 days", "timezone": "Europe/Berlin", "max_runtime": 30},
            {**interval(2, "day"), "timezone": "Europe/Berlin", "max_runtime": 30},
        ),
    ],
)
def test_a_schedule_is_read(given: Any, expected: dict[str, Any]) -> None:
    assert KIND.convert(given) == expected
    assert KIND.convert(expected) == expected  # Sentry's own form


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "0 3 * *",
            "0 3 * * * *",
            "0 3 * * $(x)",
            "@reboot",
            "0 minutes",
            "10 seconds",
            "soon",
        ),
        *(None, 5, timedelta(seconds=90), timedelta(0), timedelta(minutes=-1), ["0 3 * * *"]),
        *({}, {"schedule": None}, {"schedule": "2 days", "colour": "red"}),
        *({"schedule": "2 days", "max_runtime": "30"}, {"schedule": {"schedule": "2 days"}}),
        {"schedule": "2 days", "max_runtime": True},
    ],
)
def test_what_is_no_schedule_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        KIND.convert(given)


ANYTHING = st.recursive(
    st.none() | st.text() | st.integers() | st.sampled_from(["1 day", "@daily"]),
    lambda value: st.dictionaries(st.text() | st.sampled_from(["schedule", "value"]), value),
)


@given(ANYTHING)
def test_anything_is_read_or_refused(given: Any) -> None:
    with suppress(ValueError):
        assert KIND.convert(KIND.convert(given)) == KIND.convert(given)


def test_the_environment_gives_schedules_as_json() -> None:
    environ = {"SENTRY_MONITORED_COMMANDS": '{"nightly": "0 3 * * *", "sync": "10 minutes"}'}
    config = conf.load({}, environ)
    assert config.problems == ()
    monitored = {"nightly": crontab("0 3 * * *"), "sync": interval(10, "minute")}
    assert monitored == config.MONITORED_COMMANDS


def test_a_bad_schedule_is_a_problem() -> None:
    (problem,) = conf.load({"MONITORED_COMMANDS": {"nightly": "at 3"}}, {}).problems
    assert "'at 3' is neither a crontab of five fields nor an interval" in problem.message
    assert "must be a dict" in problem.message
