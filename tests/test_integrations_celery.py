"""sentry_app.integrations.celery: what needs no worker; tests/test_real_celery_tasks.py has one."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("celery")

import sentry_sdk
from celery import Celery
from celery._state import _task_stack
from celery.app.task import Context
from celery.exceptions import Retry
from celery.signals import task_retry
from hypothesis import given
from hypothesis import strategies as st
from kombu import Exchange, Queue
from sentry_sdk.integrations.celery import CeleryIntegration

from sentry_app import conf
from sentry_app.integrations import celery as package
from sentry_app.integrations.celery import attempts, base, context, losses
from sentry_app.testing import capture_events

Start = Callable[..., conf.Config]

app = Celery("unit", set_as_current=False, broker="memory://")
app.conf.task_queues = [Queue("mail", Exchange("letters"), routing_key="letters.mail")]


@app.task(bind=True, max_retries=None)
def task(self: Any) -> dict[str, Any]:
    """Says what its events would say."""
    return context.describe(self, self.request)


@app.task(bind=True, max_retries=3)
def retried(self: Any, times: int) -> None:
    """Is retried so many times, with an exception."""
    if self.request.retries < times:
        raise self.retry(exc=ValueError(f"attempt {self.request.retries}"), countdown=0)


@app.task(throws=(KeyError,))
def raising(error: Exception) -> None:
    """Raises what it is given, one class of which is expected."""
    raise error


def attempt(**more: Any) -> dict[str, Any]:
    return {"retries": 0, "error": "ValueError: no", **more}


# The transaction


@pytest.mark.parametrize(
    ("error", "status"), [(KeyError("gone"), "aborted"), (ValueError("no"), "internal_error")]
)
def test_what_a_task_throws_is_expected_and_no_failure(error: Exception, status: str) -> None:
    with capture_events(TRACES_SAMPLE_RATE=1.0) as events:
        raising.apply((error,))
        (transaction,) = events.transactions
    assert transaction["contexts"]["trace"]["status"] == status
    assert transaction["tags"]["status"] == status


def test_the_tail_does_not_keep_what_is_expected() -> None:
    with capture_events(TRACES_SAMPLE_RATE=1e-9) as events:
        raising.apply((KeyError("gone"),))
        assert events.transactions == []
        raising.apply((ValueError("no"),))
        assert len(events.transactions) == 1


# The context


@pytest.mark.parametrize(
    ("delivery", "queue"),
    [
        ({"exchange": "", "routing_key": "celery"}, "celery"),
        ({"exchange": "letters", "routing_key": "letters.mail"}, "mail"),
        ({"exchange": "letters", "routing_key": "unknown"}, None),
        (None, None),
    ],
)
def test_the_queue_is_told(delivery: dict[str, str] | None, queue: str | None) -> None:
    told = context.describe(task, Context(id="1", delivery_info=delivery))
    assert told.get("queue") == queue


def test_only_what_is_known_is_told() -> None:
    told = context.describe(task, Context(id="1", eta="2030-01-01T00:00:00+00:00"))
    assert told == {
        "id": "1",
        "name": "tests.test_integrations_celery.task",
        "retries": 0,
        "eta": "2030-01-01T00:00:00+00:00",
    }


def test_each_event_of_a_task_has_the_context() -> None:
    with capture_events() as events:
        task_id = task.apply().id
        assert events.transactions[0]["contexts"]["celery"]["id"] == task_id


def test_a_task_within_a_task_keeps_its_own_context() -> None:
    told = {"contexts": {"celery": {"id": "inner"}}}
    processor = context.TaskContext(task, Context(id="outer"))
    assert processor(told, {}) == {"contexts": {"celery": {"id": "inner"}}}


def test_without_the_sdk_a_task_is_left_alone() -> None:
    assert base.running() is None
    assert task.apply().get()["name"] == "tests.test_integrations_celery.task"
    context.on_prerun(task=None)


def test_a_task_that_cannot_be_described_still_runs(caplog: pytest.LogCaptureFixture) -> None:
    with capture_events():
        context.on_prerun(task=object())
    assert "nothing is said about a Celery task" in caplog.text


def test_an_integration_of_the_projects_own_has_our_additions() -> None:
    own = CeleryIntegration(monitor_beat_tasks=True)
    with capture_events(OPTIONS={"integrations": [own]}) as events:
        task_id = task.apply().id
        assert events.transactions[0]["contexts"]["celery"]["id"] == task_id
    assert base.running() is None


# Earlier attempts


def published(message: dict[str, Any], **request: Any) -> dict[str, Any]:
    """The headers of ``message``, which is published while an attempt of ``task`` runs."""
    task.push_request(id="7", **request)
    _task_stack.push(task)
    try:
        with capture_events():
            attempts.on_publish(headers=message)
    finally:
        _task_stack.pop()
        task.pop_request()
    return message


def refuse() -> None:
    raise ValueError("no")


def test_a_retry_carries_what_failed() -> None:
    try:
        refuse()
    except ValueError:
        headers = published({"id": "7", "retries": 1, "headers": {"other": 1}})
    (carried,) = headers["headers"].pop(attempts.HEADER)
    assert headers["headers"] == {"other": 1}
    assert (carried["retries"], carried["error"]) == (0, "ValueError: no")
    assert re.fullmatch(r".*test_integrations_celery.py:\d+ in refuse", carried["where"])


def test_a_retry_without_a_failure_says_so() -> None:
    carried = published({"id": "7", "retries": 1})["headers"][attempts.HEADER]
    assert [set(entry) for entry in carried] == [{"at", "retries"}]


@pytest.mark.parametrize("headers", [{"id": "8", "retries": 1}, {"id": "7", "retries": 0}, {}])
def test_other_messages_carry_nothing(headers: dict[str, Any]) -> None:
    assert published(dict(headers)) == headers


def test_outside_of_a_task_nothing_is_carried() -> None:
    headers = {"id": "7", "retries": 1}
    with capture_events():
        attempts.on_publish(headers=headers)
    assert headers == {"id": "7", "retries": 1}


def test_only_the_latest_attempts_are_carried() -> None:
    so_far = [attempt(retries=n) for n in range(10)]
    headers = {attempts.HEADER: so_far}
    carried = published({"id": "7", "retries": 11}, retries=10, headers=headers)["headers"]
    assert [entry["retries"] for entry in carried[attempts.HEADER]] == list(range(1, 11))


@given(st.text())
def test_what_is_carried_of_an_attempt_is_short(text: str) -> None:
    assert len(attempts._text(ValueError(text))) <= attempts.MAX_TEXT


def test_a_failure_that_cannot_be_shown_is_named() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert attempts._text(Silent()) == "Silent"


@pytest.mark.parametrize("found", [None, "text", 7, [1, "a", None], {}])
def test_a_header_of_another_form_is_no_attempt(found: Any) -> None:
    assert attempts.earlier(Context(retries=1, headers={attempts.HEADER: found})) == []
    assert attempts.earlier(Context(retries=1)) == []


def test_a_first_attempt_has_no_earlier_ones() -> None:
    headers = {attempts.HEADER: [attempt()]}
    assert attempts.earlier(Context(retries=0, headers=headers)) == []
    assert attempts.earlier(Context(retries=1, headers=headers)) == [attempt()]


def test_each_earlier_attempt_is_a_breadcrumb() -> None:
    headers = {attempts.HEADER: [attempt(at="2030-01-01T00:00:00+00:00"), {"retries": 1}]}
    with capture_events() as events:
        attempts.recall(Context(retries=2, headers=headers))
        sentry_sdk.capture_message("here")
        crumbs = events.events[0]["breadcrumbs"]["values"]
    assert {crumb["message"] for crumb in crumbs} == {
        "Retried after ValueError: no",
        "Retried after no failure",
    }


def test_the_secrets_of_an_earlier_attempt_stay_here() -> None:
    password = secrets.token_urlsafe(18)
    headers = {attempts.HEADER: [attempt(error=f"ValueError: login with password={password}")]}
    with capture_events() as events:
        task.apply(headers=headers, retries=1)
        transaction = json.dumps(events.transactions)
    assert "ValueError: login with" in transaction
    assert password not in transaction


# CELERY_REPORT_RETRIES


@pytest.mark.parametrize(
    ("wanted", "reported"),
    [("never", []), ("first", ["attempt 0"]), ("every", ["attempt 0", "attempt 1"])],
)
def test_which_retries_are_reported(wanted: str, reported: list[str]) -> None:
    with capture_events(CELERY_REPORT_RETRIES=wanted) as events:
        retried.apply(args=[2])
        values = [event["exception"]["values"][-1]["value"] for event in events.events]
        levels = {event["level"] for event in events.events}
    assert (values, levels) == (reported, {"warning"} if reported else set())


@pytest.mark.parametrize("more", [{}, {"reason": Retry("cancelled by Celery")}])
def test_a_retry_without_an_exception_is_not_reported(more: dict[str, Any]) -> None:
    with capture_events(CELERY_REPORT_RETRIES="every") as events:
        answers = task_retry.send(sender=task, request=Context(id="7"), einfo=None, **more)
        assert [answer for _, answer in answers if isinstance(answer, Exception)] == []
        assert events.events == []


# What the main process sees


def lost(error: BaseException, **task_: Any) -> Any:
    request = SimpleNamespace(task=task, request_dict={"id": "7", **task_})
    losses.on_loss(request, SimpleNamespace(exception=error))
    return request


def test_a_lost_task_is_an_event_without_the_trail_of_the_worker() -> None:
    with capture_events() as events:
        sentry_sdk.add_breadcrumb(message="the worker's own")
        lost(MemoryError("none left"))
        (event,) = events.events
    assert event["exception"]["values"][0]["mechanism"]["handled"] is False
    assert event["fingerprint"] == ["celery", "MemoryError", "tests.test_integrations_celery.task"]
    assert event["breadcrumbs"]["values"] == []
    assert event["contexts"]["celery"]["id"] == "7"


def test_a_worker_that_is_told_to_stop_at_once_reports_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(losses.state, "should_terminate", 1)
    with capture_events() as events:
        lost(MemoryError("none left"))
        assert events.events == []


def test_a_lost_task_is_no_event_without_the_sdk() -> None:
    lost(MemoryError("none left"))
    losses.on_process_shutdown()
    assert base.running() is None


def test_a_failure_of_its_own_does_not_reach_the_worker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: Any) -> None:
        raise RuntimeError("as asked")

    monkeypatch.setattr(sentry_sdk, "flush", refuse)
    with capture_events() as events:
        lost(MemoryError("none left"))
        assert len(events.events) == 1
    assert "a lost Celery task is not reported" in caplog.text


def test_a_lost_task_that_cannot_be_described_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with capture_events() as events:
        losses.on_revoked(sender=object(), request=Context(id="7"))
        assert events.events == []
    assert "a lost Celery task is not reported" in caplog.text


def test_listening_twice_changes_nothing() -> None:
    from celery.worker.request import Request

    package.integration(conf.load({}))
    wrapped, receivers = Request.on_failure, len(task_retry.receivers)
    package.integration(conf.load({}))
    assert (Request.on_failure, len(task_retry.receivers)) == (wrapped, receivers)


# Beat


@pytest.mark.parametrize(
    ("globs", "name", "excluded"),
    [
        (["noisy-*"], "noisy-poll", True),
        (["noisy-*"], "not-noisy-poll", False),
        (["poll"], "poll", True),
        (["poll"], "poll-all", False),
        (["po?l", "x"], "x", True),
        ([], "poll", False),
    ],
)
def test_beat_entries_are_excluded_by_globs(globs: list[str], name: str, excluded: bool) -> None:
    from sentry_sdk.utils import match_regex_list

    config = conf.load({"CELERY_MONITOR_BEAT": True, "CELERY_MONITOR_EXCLUDE": globs})
    patterns = package.integration(config).exclude_beat_tasks
    assert match_regex_list(name, patterns) is excluded
