"""``manage.py sentry_test``: a reason for what never left the process."""

from __future__ import annotations

from typing import Any

import pytest
from sentry_sdk import get_global_scope

from sentry_app import conf, outcomes
from sentry_app.management import drops
from sentry_app.management.commands import sentry_test as command
from sentry_app.management.sending import Result
from tests.support.commands import Ran, run_command
from tests.support.sentry_server import SentryServer


def sentry_test(*flags: str) -> Ran:
    return run_command("sentry_test", "--json", *flags)


def drop(event: Any, hint: Any) -> None:
    return None


def keep(event: Any, hint: Any) -> Any:
    return event


@pytest.fixture
def silent(sentry: SentryServer) -> Any:
    """A server that must not receive any item but reports of what was dropped."""
    yield sentry
    types = {item.type for envelope in sentry.received for item in envelope.items}
    assert types <= {"client_report"}


@pytest.mark.parametrize(
    ("flag", "changed", "reason", "said"),
    [
        (
            "--exception",
            {"IGNORED_ERRORS": [f"{command.__name__}.SentryTestError"]},
            "dropped_by_filter",
            'IGNORED_ERRORS (SENTRY["IGNORED_ERRORS"])',
        ),
        ("--transaction", {"IGNORED_TRANSACTIONS": ["*"]}, "dropped_by_filter", "IGNORED_TRANS"),
        ("--exception", {"BEFORE_SEND": [keep, drop]}, "dropped_by_hook", f"{__name__}.drop"),
        ("--message", {"BEFORE_SEND": f"{__name__}.drop"}, "dropped_by_hook", f"{__name__}.drop"),
        ("--transaction", {"BEFORE_SEND_TRANSACTION": drop}, "dropped_by_hook", "_TRANSACTION"),
        ("--transaction", {"TRACES_SAMPLE_RATE": 0.0}, "not_sampled", "TRACES_SAMPLE_RATE is 0.0"),
        ("--transaction", {"TRACES_SAMPLE_RATES": {"*": 0}}, "not_sampled", "TRACES_SAMPLE_RATES"),
        (
            "--transaction",
            {"OPTIONS": {"traces_sampler": lambda context: 0}},
            "not_sampled",
            "traces_sampler",
        ),
        ("--exception", {"OPTIONS": {"sample_rate": 0.0}}, "not_sampled", "sample_rate"),
        ("--exception", {"OPTIONS": {"ignore_errors": [Exception]}}, "dropped", "ignore_errors"),
    ],
)
def test_dropped_here(
    flag: str,
    changed: dict[str, Any],
    reason: str,
    said: str,
    settings: Any,
    silent: SentryServer,
) -> None:
    settings.SENTRY = {"DSN": silent.dsn, "TRACES_SAMPLE_RATE": 1.0, **changed}
    ran = sentry_test(flag)
    assert (ran.code, ran.reasons) == (3, [reason])
    assert said in ran.results[0]["detail"] + ran.results[0]["remedy"]


def test_each_item_names_what_dropped_it(settings: Any, silent: SentryServer) -> None:
    settings.SENTRY = {"DSN": silent.dsn, "BEFORE_SEND": drop}
    ran = sentry_test("--exception", "--message")
    assert [result["detail"] for result in ran.results] == [f"{__name__}.drop returned None"] * 2


def test_dropped_by_a_hook_for_logs(settings: Any, silent: SentryServer) -> None:
    own = {"enable_logs": True, "before_send_log": drop}
    settings.SENTRY = {"DSN": silent.dsn, "OPTIONS": own}
    ran = sentry_test("--log")
    # Older SDKs drop it without a word.
    assert (ran.code, ran.reasons[0][:7]) == (3, "dropped")
    assert "before_send_log" in ran.results[0]["remedy"]


def test_dropped_by_an_event_processor(settings: Any, silent: SentryServer) -> None:
    settings.SENTRY = {"DSN": silent.dsn}
    processors = get_global_scope()._event_processors
    processors.append(drop)
    try:
        ran = sentry_test()
    finally:
        processors.remove(drop)
    assert (ran.code, ran.reasons) == (3, ["dropped_by_processor"])


@pytest.mark.parametrize(
    ("reason", "category", "setting"),
    [
        (outcomes.STORM, "error", "STORM_LIMIT (default)"),
        (outcomes.STORM, "transaction", "STORM_TRANSACTION_LIMIT (default)"),
        (outcomes.QUOTA, "error", "STORM_HOURLY_QUOTA (default)"),
    ],
)
def test_held_back_because_the_fleet_has_sent_enough(
    reason: str, category: str, setting: str
) -> None:
    found = drops.of_loss(drops.Loss(category, frozenset({reason})), conf.load({}, {}))
    assert found is not None
    assert (found.reason, found.exit_code) == ("dropped_by_filter", 3)
    assert setting in found.remedy


def test_a_transaction_that_the_sdk_does_not_make(settings: Any, sentry: SentryServer) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "OPTIONS": {"instrumenter": "otel"}}
    ran = sentry_test("--transaction")
    assert (ran.code, ran.reasons) == (3, ["dropped"])


def test_logs_that_are_off_are_a_mistake_only_where_they_were_asked_for() -> None:
    off = Result("log", drops.of_silence("log_item", logs_are_on=False))
    flags = {"all": True, "transaction": False}
    asked = command._skipped(off, {**flags, "log": True}, conf.load({}, {})).verdict
    skipped = command._skipped(off, {**flags, "log": False}, conf.load({}, {})).verdict
    assert (asked.reason, asked.exit_code) == ("logs_off", 2)
    assert (skipped.reason, skipped.exit_code) == ("skipped", 0)
