"""sentry_app.storms: an error storm, by the real SDK and real requests."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import sentry_sdk
from django.http import Http404
from sentry_sdk.crons import capture_checkin
from sentry_sdk.integrations.logging import EventHandler

from sentry_app import outcomes, storms
from sentry_app.budgets import Budget
from sentry_app.seams import sessions
from sentry_app.storms import Storms
from sentry_app.testing import Events, capture_events
from tests.support.sentry_server import SentryServer

LOGGER = logging.getLogger("shop")

two = pytest.mark.sentry(STORM_LIMIT=2, TRACES_SAMPLE_RATE=0.0)


class OutOfStock(Exception):
    """What happens too often."""


def fail(text: str = "sold out") -> None:
    raise OutOfStock(text)


def fail_elsewhere() -> None:
    raise OutOfStock


def caught(work: Callable[[], Any] = fail) -> Exception:
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def capture(number: int) -> None:
    for _ in range(number):
        sentry_sdk.capture_exception(caught())


def held(reason: str = outcomes.STORM, category: str = "error") -> int:
    return outcomes.snapshot().get((reason, category), 0)


def wait(seconds: float) -> None:
    """Let the running client's budgets believe that so much time has passed."""
    client: Any = sentry_sdk.get_client()
    limits = client.options["before_send"]._storms
    for budget in (limits._events, limits._transactions, limits._quota):
        budget._monotonic = lambda: time.monotonic() + seconds


def drop(event: Any, hint: Any) -> None:
    return None


@two
def test_so_many_are_sent_and_the_rest_is_counted(sentry_events: Events) -> None:
    capture(5)
    assert len(sentry_events.events) == 2
    assert outcomes.snapshot() == {(outcomes.STORM, "error"): 3}


def test_by_default_sixty_are_sent(start_sdk: Any) -> None:
    start_sdk(TRANSPORT="locmem")
    capture(70)
    assert held() == 10


@pytest.mark.sentry
def test_without_a_limit_and_in_tests_all_are_sent(sentry_events: Events) -> None:
    capture(70)
    assert (len(sentry_events.events), held()) == (70, 0)


@two
def test_of_what_is_held_back_nothing_is_read(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture(2)
    read: list[Any] = []
    monkeypatch.setattr("sentry_sdk.utils.serialize_frame", lambda *args, **kw: read.append(args))
    capture(2)
    LOGGER.exception("failed", exc_info=caught())
    assert (read, held()) == ([], 3)


@two
def test_a_log_line_that_is_held_back_is_not_even_formatted(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    formatted: list[Any] = []
    monkeypatch.setattr(EventHandler, "format", lambda self, record: formatted.append(record))
    for number in range(5):
        LOGGER.error("order %d failed", number)
    assert (len(sentry_events.events), held(), len(formatted)) == (2, 3, 2)


@two
def test_the_next_one_tells_how_many_were_held_back_and_since_when(sentry_events: Events) -> None:
    capture(5)
    wait(61)
    capture(2)
    first, second = sentry_events.events[-2:]
    assert first["tags"]["storm.held_back"] == "3"
    assert first["contexts"]["storm"]["held_back"] == 3
    since = datetime.fromisoformat(first["contexts"]["storm"]["since"])
    assert abs(datetime.now(timezone.utc) - since) < timedelta(minutes=1)
    assert "storm" not in second["contexts"]
    assert "storm.held_back" not in second.get("tags", {})


@two
def test_what_the_project_says_itself_stays(sentry_events: Events) -> None:
    capture(3)
    wait(61)
    sentry_sdk.set_tag("shop", "berlin")
    with sentry_sdk.new_scope() as scope:
        scope.set_context("order", {"number": 1})
        capture(1)
    event = sentry_events.events[-1]
    assert event["tags"] == {"shop": "berlin", "storm.held_back": "1"}
    assert event["contexts"]["order"] == {"number": 1}


@pytest.mark.sentry(STORM_LIMIT=2, TRACES_SAMPLE_RATE=0.0)
def test_a_view_that_fails_again_and_again(client: httpx.Client, sentry_events: Events) -> None:
    for _ in range(5):
        assert client.get("/error/").status_code == 500
    assert (len(sentry_events.events), held()) == (2, 3)


@two
def test_another_error_is_not_held_back(sentry_events: Events) -> None:
    capture(5)
    sentry_sdk.capture_exception(caught(fail_elsewhere))
    sentry_sdk.capture_message("hello")
    assert len(sentry_events.events) == 4


@two
def test_check_ins_are_no_errors(sentry_events: Events) -> None:
    for _ in range(5):
        capture_checkin(monitor_slug="nightly", status="ok")
    assert len(sentry_events.items("check_in")) == 5


@two
def test_logs_and_messages_have_a_budget_too(sentry_events: Events) -> None:
    for number in range(5):
        LOGGER.error("order %d failed", number)
        sentry_sdk.capture_message(f"order {number} failed")
    assert (len(sentry_events.events), held()) == (4, 6)


@two
def test_an_event_of_the_projects_own_making_passes(sentry_events: Events) -> None:
    for _ in range(5):
        sentry_sdk.capture_event({"exception": {"values": [{"type": "Own", "value": "made"}]}})
    assert len(sentry_events.events) == 5


@two
def test_the_log_says_that_a_storm_has_begun(
    sentry_events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sentry_app")
    capture(6)
    assert caplog.messages == ["storm: more of OutOfStock than 2: the rest is counted"]


def test_sentry_is_told_of_what_was_held_back(start_sdk: Any, sentry: SentryServer) -> None:
    start_sdk(DSN=sentry.dsn, STORM_LIMIT=2)
    capture(5)
    sentry_sdk.get_client().close()
    (report,) = sentry.items("client_report")
    assert report["discarded_events"] == [
        {"reason": "before_send", "category": "error", "quantity": 3}
    ]


@pytest.mark.sentry(STORM_LIMIT=2, TRACES_SAMPLE_RATE=0.0, RELEASE="1.0")
def test_release_health_counts_what_is_held_back(
    client: httpx.Client, sentry_events: Events
) -> None:
    for _ in range(5):
        client.get("/error/")
    aggregates = [one for item in sentry_events.items("sessions") for one in item["aggregates"]]
    assert sum(one.get("crashed", 0) for one in aggregates) == 5
    with sentry_sdk.isolation_scope() as scope:
        scope.start_session()
        capture(5)
        LOGGER.exception("failed", exc_info=caught())
        assert scope._session is not None
        assert (scope._session.errors, scope._session.status) == (6, "ok")
        scope._session = None


def test_an_sdk_without_sessions_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentry_sdk, "get_isolation_scope", object)
    sessions.note_error(is_handled=False)
    monkeypatch.setattr(sentry_sdk, "get_isolation_scope", lambda: 1 / 0)
    sessions.note_error(is_handled=False)


@two
def test_every_way_to_capture_an_exception(sentry_events: Events) -> None:
    error = caught()
    info = type(error), error, error.__traceback__
    ways: list[Callable[[], Any]] = [
        lambda: sentry_sdk.capture_exception(caught()),
        lambda: sentry_sdk.capture_exception(info),
        lambda: LOGGER.exception("failed", exc_info=caught()),
        lambda: LOGGER.error("failed", exc_info=caught()),
        while_handling,
    ]
    for way in (ways[0], *ways):
        way()
    assert (len(sentry_events.events), held()) == (2, 4)


def while_handling() -> None:
    try:
        fail()
    except OutOfStock:
        sentry_sdk.capture_exception()


# One error takes one of the budget


@two
def test_an_error_that_is_logged_and_captured_is_counted_once(sentry_events: Events) -> None:
    for _ in range(6):
        try:
            fail()
        except OutOfStock as error:
            LOGGER.exception("failed")
            sentry_sdk.capture_exception(error)
    assert (len(sentry_events.events), held()) == (2, 4)
    assert held(outcomes.REPEATED) >= 4


@pytest.mark.sentry(STORM_LIMIT=2, TRACES_SAMPLE_RATE=0.0, IGNORED_LOGGERS=["shop"])
def test_what_an_ignored_logger_says_takes_nothing(sentry_events: Events) -> None:
    for _ in range(6):
        LOGGER.exception("failed", exc_info=caught())
    capture(5)
    assert (len(sentry_events.events), held()) == (2, 3)


@pytest.mark.parametrize(
    "settings",
    [
        {"BEFORE_SEND": drop},
        {"OPTIONS": {"sample_rate": 0.0}},
        {"TEST_USER_EMAILS": ["ann@shop.example"]},
    ],
)
def test_what_is_dropped_later_takes_nothing(settings: Any) -> None:
    with capture_events(STORM_LIMIT=2, **settings) as events:
        sentry_sdk.set_user({"email": "ann@shop.example"})
        capture(5)
        assert (events.events, held()) == ([], 0)


@two
def test_what_a_dropped_event_would_have_told_the_next_one_tells(sentry_events: Events) -> None:
    capture(5)
    wait(61)
    with sentry_sdk.new_scope() as scope:
        scope.add_event_processor(drop)
        capture(1)
    capture(1)
    assert sentry_events.events[-1]["contexts"]["storm"]["held_back"] == 3


@two
def test_what_is_not_built_takes_nothing(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    capture(5)
    wait(61)
    with monkeypatch.context() as patch:
        patch.setattr("sentry_sdk.utils.serialize_frame", interrupted)
        for _ in range(2):
            with suppress(KeyboardInterrupt):
                capture(1)
    capture(1)
    assert sentry_events.events[-1]["contexts"]["storm"]["held_back"] == 3


@two
def test_a_processor_may_copy_the_event(sentry_events: Events) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.add_event_processor(lambda event, hint: {**deepcopy(event), "dist": "copied"})
        capture(3)
    assert [event["dist"] for event in sentry_events.events] == ["copied"] * 2
    assert held() == 1


@two
def test_an_error_raised_while_its_like_is_handled_is_counted_once(sentry_events: Events) -> None:
    def layers(depth: int) -> None:
        try:
            layers(depth - 1) if depth else fail()
        except OutOfStock as error:
            sentry_sdk.capture_exception(error)
            fail()  # the same again

    for _ in range(4):
        with suppress(OutOfStock):
            layers(1)
    assert (len(sentry_events.events), held(), held(outcomes.REPEATED)) == (2, 3, 3)


# A client that cannot be asked early


@two
def test_without_the_seam_the_last_hook_decides(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    for owner, name in (
        (sentry_sdk.utils, "exceptions_from_error_tuple"),
        (sentry_sdk.Scope, "capture_event"),
        (sentry_sdk.Scope, "capture_exception"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name).__wrapped__)
    capture(5)
    assert (len(sentry_events.events), held()) == (2, 3)
    wait(61)
    with sentry_sdk.new_scope() as scope:
        scope.set_user({"email": "ann@test.com"})  # a test user
        capture(5)
    capture(1)
    assert sentry_events.events[-1]["tags"]["storm.held_back"] == "3"


# Threads


@pytest.mark.sentry(STORM_LIMIT=10)
def test_threads_share_the_budget(sentry_events: Events) -> None:
    threads = [threading.Thread(target=capture, args=[20]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(sentry_events.events), held()) == (10, 90)


# Transactions


def work(name: str, number: int) -> None:
    for _ in range(number):
        with sentry_sdk.start_transaction(name=name):
            sentry_sdk.start_span(op="db").finish()


@pytest.mark.sentry
def test_transactions_have_no_limit_by_default(sentry_events: Events) -> None:
    work("buy", 70)
    assert len(sentry_events.transactions) == 70


@pytest.mark.sentry(STORM_TRANSACTION_LIMIT=2)
def test_transactions_of_one_name(sentry_events: Events) -> None:
    work("buy", 5)
    work("sell", 1)
    assert [one["transaction"] for one in sentry_events.transactions] == ["buy", "buy", "sell"]
    assert (held(category="transaction"), held(category="span")) == (3, 6)
    wait(61)
    work("buy", 2)
    first, second = sentry_events.transactions[-2:]
    assert first["tags"]["storm.held_back"] == "3"
    assert first["contexts"]["storm"]["held_back"] == 3
    assert "storm" not in second["contexts"]


@pytest.mark.sentry(STORM_TRANSACTION_LIMIT=2, BEFORE_SEND_TRANSACTION=drop)
def test_a_transaction_that_is_dropped_later_takes_nothing(sentry_events: Events) -> None:
    work("buy", 5)
    assert held(category="transaction") == 0
    assert held(outcomes.HOOK, "transaction") == 5


# The quota of an hour


@pytest.mark.sentry(STORM_LIMIT=2, STORM_HOURLY_QUOTA=3)
def test_all_events_together_have_a_quota(sentry_events: Events) -> None:
    capture(5)
    for number in range(4):
        LOGGER.error("order %d", number)
    assert (len(sentry_events.events), held(), held(outcomes.QUOTA)) == (3, 3, 3)
    wait(61)  # the minute's budget is new, the hour's is not
    capture(1)
    assert (len(sentry_events.events), held(outcomes.QUOTA)) == (3, 4)
    wait(3601)
    capture(1)
    event = sentry_events.events[-1]
    assert event["tags"] == {"storm.held_back": "3", "quota.held_back": "4"}
    assert event["contexts"]["quota"]["held_back"] == 4


@pytest.mark.sentry(STORM_LIMIT=0, STORM_HOURLY_QUOTA=3)
def test_the_quota_works_alone(sentry_events: Events) -> None:
    capture(5)
    sentry_sdk.capture_event({"exception": {"values": [{"type": "Own", "value": "made"}]}})
    assert (len(sentry_events.events), held(outcomes.QUOTA)) == (3, 3)


@pytest.mark.sentry(STORM_HOURLY_QUOTA=3, BEFORE_SEND=drop)
def test_the_quota_counts_what_is_sent(sentry_events: Events) -> None:
    capture(9)
    assert held(outcomes.QUOTA) == 0


@pytest.mark.sentry(STORM_HOURLY_QUOTA=1, IGNORED_LOGGERS=["noisy"])
def test_what_is_ignored_is_not_held_back_by_the_quota(sentry_events: Events) -> None:
    capture(2)
    logging.getLogger("noisy").error("no")
    sentry_sdk.capture_exception(Http404())
    LOGGER.error("another")
    assert outcomes.snapshot() == {
        (outcomes.QUOTA, "error"): 2,
        (outcomes.IGNORED_LOGGER, "error"): 1,
        (outcomes.IGNORED_ERROR, "error"): 1,
    }


class Exhausted:
    """A shared counter that knows of many others."""

    def ends_in(self, seconds: int) -> float:
        return seconds

    def number(self, kind: Any, seconds: int) -> int:
        return 10**6

    def renew(self) -> None: ...


def test_what_the_quota_refuses_leaves_the_budget_of_its_kind() -> None:
    events = Budget(2)
    limits = Storms(events, Budget(), Budget(5, 3600, Exhausted()))
    assert limits.admit({"message": "hello"}, {}).reason == outcomes.QUOTA
    assert [kind.left for kind in events._kinds.values()] == [2]
    assert limits.over_reason(caught()) == outcomes.QUOTA


# Never an exception


@two
def test_a_budget_that_fails_lets_everything_through(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sentry_app.fingerprints._one", lambda error: 1 / 0)
    capture(3)
    assert len(sentry_events.events) == 3
    assert outcomes.failures()["storms"] >= 3
    assert caplog.text.count("the storm budget failed") == 1


def test_a_transaction_budget_that_fails_lets_everything_through() -> None:
    broken: Any = None
    leave = Storms(Budget(1), broken, Budget(1)).admit_transaction("buy")
    assert leave == storms.Leave()
    assert outcomes.failures() == {"storms": 1}


def test_a_leave_tells_only_events_that_can_be_told() -> None:
    budget = Budget(1)
    assert budget.admit("a")
    budget.hold("a")
    budget._kinds["a"].end = 0.0
    ticket = budget.admit("a")
    assert ticket is not None
    event: dict[str, Any] = {"tags": [["shop", "berlin"]]}
    storms.Leave(tickets=(("storm", ticket),)).tell(event)
    assert event["tags"] == [["shop", "berlin"]]
    assert event["contexts"]["storm"]["held_back"] == 1
