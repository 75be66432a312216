"""A real Celery prefork worker on a real Redis, to what arrives at a Sentry."""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("celery")
pytest.importorskip("redis")

from tests.support.processes import clean_environment, run_server
from tests.support.redis_server import redis_server
from tests.support.sentry_server import SentryServer
from tests.test_nothing_leaks import leaked

pytestmark = pytest.mark.e2e

WORKER = [
    *(sys.executable, "-m", "celery", "--app=tests.celery_app", "worker"),
    *("--pool=prefork", "--concurrency=2", "--loglevel=info", "--without-mingle"),
]
SENDER = "from tests.celery_app import {task}; {task}.delay({argument})"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def send(broker: str, sentry: SentryServer, tmp_path: Path) -> Iterator[object]:
    """``send(task, argument)`` enqueues it from another process; a worker waits for it."""
    environment = clean_environment(
        DJANGO_SETTINGS_MODULE="tests.settings",
        BROKER_URL=broker,
        SENTRY_DSN=sentry.dsn,
        SENTRY_TRACES_SAMPLE_RATE="1.0",
    )

    def enqueue(task: str, argument: str = "") -> None:
        code = SENDER.format(task=task, argument=argument)
        with run_server([sys.executable, "-c", f"{code}\nprint('sent')"], "sent", env=environment):
            pass

    with run_server(WORKER, r"celery@\S+ ready", env=environment):
        yield enqueue


def test_a_task_that_works_is_a_transaction_with_its_redis_command(send, sentry) -> None:
    send("count", "'visits'")
    sentry.wait_for(lambda received: sentry.transactions)
    (transaction,) = sentry.transactions
    assert transaction["transaction"] == "tests.celery_app.count"
    assert "db.redis" in {span["op"] for span in transaction["spans"]}


def test_a_task_that_fails_is_an_event_with_its_name(send, sentry) -> None:
    send("fail", "7")
    sentry.wait_for(lambda received: sentry.events)
    (event,) = sentry.events
    assert event["exception"]["values"][-1]["value"] == "order 7 cannot be sent"
    assert event["extra"]["celery-job"]["task_name"] == "tests.celery_app.fail"
    assert event["tags"]["celery_task_id"]


def test_the_secrets_of_a_task_stay_here(send, sentry) -> None:
    password, code = secrets.token_urlsafe(18), str(secrets.randbelow(10**12))
    send("charge", f"{{'cvv': '{code}'}}, password='{password}'")
    sentry.wait_for(lambda received: sentry.events and sentry.transactions)
    assert leaked(sentry, password, code) == []
    assert sentry.events[0]["exception"]["values"][-1]["value"].startswith("login failed")


def test_a_retry_is_no_event_but_giving_up_is(send, sentry) -> None:
    send("give_up")
    sentry.wait_for(lambda received: sentry.events and len(sentry.transactions) == 2)
    (event,) = sentry.events
    assert event["exception"]["values"][-1]["type"] == "ConnectionError"
