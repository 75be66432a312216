"""What each event of a task says: real prefork and threads workers, to the bytes that arrive."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("celery")
pytest.importorskip("redis")

import httpx
import redis
import sentry_sdk
from celery import Celery
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.support import answers
from tests.support.processes import clean_environment, run_server, unmeasured
from tests.support.redis_server import redis_server
from tests.support.relay import normalize_errors
from tests.support.sentry_server import SentryServer

pytestmark = pytest.mark.e2e

CELERY = (sys.executable, "-m", "celery", "--app=tests.celery_app")


class Worker:
    """A running worker and the Sentry that its events arrive at."""

    def __init__(self, app: Celery, sentry: SentryServer) -> None:
        self.app = app
        self.sentry = sentry

    def send(self, task: str, *args: Any, **options: Any) -> str:
        """Enqueue a task of ``tests.celery_app``; returns its id."""
        return str(self.app.send_task(f"tests.celery_app.{task}", args, **options).id)

    def event(self, task_id: str) -> dict[str, Any]:
        """The one event of a task, waited for."""
        (event,) = self.wait_for(lambda sentry: self.events(task_id))
        return dict(event)

    def events(self, task_id: str) -> list[dict[str, Any]]:
        return [e for e in self.sentry.events if context(e).get("id") == task_id]

    def transaction(self, task_id: str) -> dict[str, Any]:
        """The transaction of a task, waited for."""
        return dict(self.wait_for(lambda sentry: self._transaction(task_id)))

    def wait_for(self, wanted: Callable[[SentryServer], Any]) -> Any:
        """What ``wanted(sentry)`` returns once it is true; a process has to start for some."""
        return self.sentry.wait_for(wanted, timeout=30)

    def _transaction(self, task_id: str) -> dict[str, Any] | None:
        found = (t for t in self.sentry.transactions if context(t).get("id") == task_id)
        return next(found, None)


def context(event: dict[str, Any]) -> dict[str, Any]:
    return dict(event["contexts"].get("celery", {}))


def error(event: dict[str, Any]) -> tuple[str, str]:
    last = event["exception"]["values"][-1]
    return last["type"], last["value"]


def crumbs(event: dict[str, Any]) -> list[str]:
    return [crumb["message"] for crumb in event["breadcrumbs"]["values"]]


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[str]]:
    """The databases of one Redis."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield (f"{url.removesuffix('0')}{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def start(brokers: Iterator[str]) -> Callable[..., Any]:
    """``start("--pool=threads")`` runs a worker with a broker and a Sentry of its own."""

    @contextmanager
    def run(*arguments: str, measured: bool = True, **extra: str) -> Iterator[Worker]:
        broker = next(brokers)
        with SentryServer() as sentry:
            argv = [*CELERY, "worker", *arguments]
            environment = clean_environment(
                DJANGO_SETTINGS_MODULE="tests.settings", BROKER_URL=broker, SENTRY_DSN=sentry.dsn
            )
            environment |= {"SENTRY_TRACES_SAMPLE_RATE": "1.0", **extra}
            argv += ["--loglevel=info", "--without-mingle", "--hostname=w1@tests"]
            environment = environment if measured else unmeasured(environment)
            with run_server(argv, r"w1@tests ready", env=environment):
                yield Worker(Celery(broker=broker), sentry)
            if find_spec("sentry_relay"):
                for event in [*sentry.events, *sentry.transactions]:
                    assert normalize_errors(event) == []

    return run


@pytest.fixture(scope="module")
def prefork(start: Callable[..., Any]) -> Iterator[Worker]:
    with start("--pool=prefork", "--concurrency=2") as worker:
        yield worker


@pytest.fixture(scope="module")
def threads(start: Callable[..., Any]) -> Iterator[Worker]:
    with start("--pool=threads", "--concurrency=2") as worker:
        yield worker


@pytest.fixture(scope="module", params=["prefork", "threads"])
def worker(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def test_an_event_tells_user_task_trail_and_trace(worker: Worker) -> None:
    task_id = worker.send("order", 7)
    event, transaction = worker.event(task_id), worker.transaction(task_id)
    assert error(event) == ("ValueError", "order 7 cannot be paid")
    assert event["user"] == {"id": "7"}
    assert crumbs(event) == ["payment asked for"]
    assert event["contexts"]["trace"]["trace_id"] == transaction["contexts"]["trace"]["trace_id"]
    assert context(event) == {
        "id": task_id,
        "name": "tests.celery_app.order",
        "queue": "celery",
        "routing_key": "celery",
        "retries": 0,
        "max_retries": 3,
        "worker": "w1@tests",
        "root_id": task_id,
    }
    assert context(transaction) == context(event)


def test_the_last_event_tells_what_the_earlier_attempts_failed_with(worker: Worker) -> None:
    task_id = worker.send("flaky")
    event = worker.event(task_id)
    assert error(event) == ("ConnectionError", "no answer to call 3")
    earlier = context(event)["failed_attempts"]
    assert [(attempt["retries"], attempt["error"]) for attempt in earlier] == [
        (0, "ConnectionError: no answer to call 1"),
        (1, "ConnectionError: no answer to call 2"),
    ]
    assert all("celery_app.py:" in attempt["where"] for attempt in earlier)
    assert crumbs(event) == [
        "Retried after ConnectionError: no answer to call 1",
        "Retried after ConnectionError: no answer to call 2",
    ]


@pytest.mark.parametrize("task", ["ignored", "rejected", "expected"])
def test_what_is_no_failure_is_no_event(task: str, worker: Worker) -> None:
    task_id = worker.send(task)
    worker.transaction(task_id)
    worker.event(worker.send("order", 1))  # sent by the same route after it
    assert worker.events(task_id) == []


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("soft", "SoftTimeLimitExceeded"),
        ("hard", "TimeLimitExceeded"),
        ("crash", "WorkerLostError"),
    ],
)
def test_a_task_that_cannot_go_on_is_one_event(task: str, name: str, prefork: Worker) -> None:
    task_id = prefork.send(task)
    event = prefork.event(task_id)
    assert error(event)[0] == name
    assert event["transaction"] == context(event)["name"] == f"tests.celery_app.{task}"
    assert event["tags"]["celery_task_id"] == task_id
    prefork.event(prefork.send("order", 1))
    assert len(prefork.events(task_id)) == 1
    loggers = {e.get("logger") for e in prefork.sentry.events}
    assert loggers == {None}, "the worker's log says it again"


def test_a_soft_time_limit_is_seen_while_an_event_is_built(start: Callable[..., Any]) -> None:
    with start("--pool=prefork", "--concurrency=2", measured=False) as worker:
        broker = redis.Redis.from_url(worker.app.conf.broker_url, socket_timeout=60)

        def is_seen() -> bool:
            worker.send("soft_while_capturing", "seen")
            return broker.blpop(["seen"], timeout=20) is not None

        # Python itself loses what a handler raises while a finaliser runs; hardly twice in a row.
        assert is_seen() or is_seen()


def test_what_is_not_evaluated_stays_so(worker: Worker) -> None:
    event = worker.event(worker.send("unevaluated"))
    frame = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert frame["vars"]["users"] == "<QuerySet of User: not evaluated>"
    assert frame["vars"]["basket"] == "<not shown: Basket.__repr__ raised LookupRefused>"
    assert event["contexts"]["basket"]["users"] == "<QuerySet of User: not evaluated>"


def test_the_processes_that_replace_lost_ones_report_as_well(prefork: Worker) -> None:
    sent = [prefork.send(task, *args) for _ in range(8) for task, args in TASKS.items()]
    assert [error(prefork.event(task_id))[0] for task_id in sent] == [
        *("WorkerLostError", "ValueError") * 8
    ]


TASKS: dict[str, tuple[int, ...]] = {"crash": (), "order": (1,)}


def test_a_task_that_expired_is_an_event(worker: Worker) -> None:
    event = worker.event(worker.send("inner", expires=-1))
    assert (error(event), event["level"]) == (("TaskRevokedError", "expired"), "warning")


def test_a_task_that_is_revoked_while_it_runs_is_one_event(prefork: Worker) -> None:
    task_id = prefork.send("wait", "started")
    assert redis.Redis.from_url(prefork.app.conf.broker_url).blpop(["started"], timeout=30)
    prefork.app.control.revoke(task_id, terminate=True)
    event = prefork.event(task_id)
    assert error(event) == ("TaskRevokedError", "terminated")
    prefork.event(prefork.send("order", 1))
    assert len(prefork.events(task_id)) == 1


def enqueue(request: HttpRequest) -> HttpResponse:
    """A view that enqueues a task."""
    return HttpResponse(Celery(broker=request.GET["broker"]).send_task("tests.celery_app.outer").id)


urlpatterns = [path("enqueue/", enqueue)]


def test_a_trace_goes_from_request_to_task_to_task(
    worker: Worker, client: httpx.Client, settings: Any, start_sdk: Callable[..., Any]
) -> None:
    settings.ROOT_URLCONF = __name__
    start_sdk(DSN=worker.sentry.dsn, TRACES_SAMPLE_RATE=1.0)
    task_id = client.get("/enqueue/", params={"broker": worker.app.conf.broker_url}).text
    sentry_sdk.flush()
    outer = worker.transaction(task_id)
    request = next(t for t in worker.sentry.transactions if t["transaction"] == "/enqueue/")
    inner = worker.wait_for(
        lambda sentry: [
            t for t in sentry.transactions if context(t).get("parent_id") == context(outer)["id"]
        ]
    )[0]
    assert inner["transaction"] == "tests.celery_app.inner"
    assert len({t["contexts"]["trace"]["trace_id"] for t in (request, outer, inner)}) == 1
    (process,) = (span for span in inner["spans"] if span["op"] == "queue.process")
    assert process["data"]["messaging.message.receive.latency"] >= 0
    assert context(inner)["root_id"] == context(outer)["id"]


@pytest.mark.parametrize(("wanted", "calls"), [("first", [1, 3]), ("every", [1, 2, 3])])
def test_retries_are_reported_if_wanted(
    wanted: str, calls: list[int], start: Callable[..., Any]
) -> None:
    with start("--pool=threads", SENTRY_CELERY_REPORT_RETRIES=wanted) as worker:
        task_id = worker.send("flaky")
        worker.wait_for(lambda sentry: len(worker.events(task_id)) == len(calls))
        events = sorted(worker.events(task_id), key=lambda event: context(event)["retries"])
    assert [error(event)[1] for event in events] == [f"no answer to call {n}" for n in calls]
    levels = [event["level"] for event in events]
    assert levels == [*["warning"] * (len(calls) - 1), "error"]


def test_a_process_that_is_recycled_sends_first(start: Callable[..., Any]) -> None:
    recycled = ("--pool=prefork", "--concurrency=1", "--max-tasks-per-child=1")
    with start(*recycled, SENTRY_TRACES_SAMPLE_RATE="0") as worker:
        worker.sentry.answer = slow_with_events
        task_id = worker.send("two_events")
        worker.wait_for(lambda sentry: len(worker.events(task_id)) == 2)


def slow_with_events(handler: Any, received: Any) -> None:
    """Takes longer over an event than a process lingers before it exits: a second."""
    if any(item.type == "event" for item in received.items):
        threading.Event().wait(1.5)
    answers.ok(handler, received)


def test_beat_is_monitored_without_code(start: Callable[..., Any], tmp_path: Path) -> None:
    monitored = {"SENTRY_CELERY_MONITOR_BEAT": "1", "SENTRY_CELERY_MONITOR_EXCLUDE": "noisy-*"}
    beat = ("--pool=prefork", "--concurrency=1", "--beat", f"--schedule={tmp_path / 'beat'}")
    with start(*beat, **monitored) as worker:
        sentry = worker.sentry
        worker.wait_for(
            lambda _: len(sentry.items("check_in")) == 4 and len(sentry.transactions) == 3
        )
        event, check_ins = sentry.events[0], sentry.items("check_in")
    told = {(c["monitor_slug"], c["status"]): c for c in check_ins}
    assert set(told) == {
        ("works", "in_progress"),
        ("works", "ok"),
        ("fails", "in_progress"),
        ("fails", "error"),
    }
    assert told["works", "ok"]["check_in_id"] == told["works", "in_progress"]["check_in_id"]
    schedules = [told[name, "in_progress"]["monitor_config"]["schedule"] for name in SCHEDULES]
    assert schedules == list(SCHEDULES.values())
    assert (error(event)[1], context(event)["queue"]) == ("order 1 cannot be paid", "celery")
    traces = {t["contexts"]["trace"]["trace_id"] for t in sentry.transactions}
    assert len(traces) == 3, "each run is a trace of its own"
    assert event["contexts"]["trace"]["trace_id"] in traces


SCHEDULES = {
    "works": {"type": "crontab", "value": "0 0 1 1 *"},
    "fails": {"type": "interval", "value": 2, "unit": "hour"},
}
