"""What other services are told: the head's decision and its rate, never "record everything"."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import clean_environment, run_server
from tests.support.sentry_server import SentryServer
from tests.test_real_servers import GUNICORN, READY, status

pytestmark = pytest.mark.e2e

REQUESTS = 300
#: At a rate of 0.1 fewer or more of 300 traces come about once in ten million runs.
LIKELY = range(8, 65)

DOWNSTREAM = [
    *(sys.executable, "-m", "gunicorn", "tests.downstream", "--bind=127.0.0.1:0"),
    *("--workers=1", "--no-control-socket"),
]
ENQUEUE = f"""
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
import sentry_sdk
from tests.downstream_worker import last, work
for number in range({REQUESTS}):
    with sentry_sdk.start_transaction(name="request", op="http.server"):
        work.delay()
last.delay()
sentry_sdk.flush()
"""


@pytest.fixture
def behind() -> Iterator[SentryServer]:
    """The Sentry of the service behind the site."""
    with SentryServer() as server:
        yield server


def environment(sentry: SentryServer, behind: SentryServer, **more: str) -> dict[str, str]:
    return clean_environment(
        DJANGO_SETTINGS_MODULE="tests.settings",
        SENTRY_DSN=sentry.dsn,
        SENTRY_TRACES_SAMPLE_RATE="0.1",
        # A busy machine makes no request slow.
        SENTRY_SLOW_THRESHOLD_MS="600000",
        DOWNSTREAM_DSN=behind.dsn,
        **more,
    )


def traces(server: SentryServer) -> set[str]:
    return {event["contexts"]["trace"]["trace_id"] for event in server.transactions}


def sampled(rate: str, server: SentryServer) -> set[str]:
    """The traces of the transactions that carry this rate in the header of their envelope."""
    return {
        received.headers["trace"]["trace_id"]
        for received in server.received
        if any(item.type == "transaction" for item in received.items)
        and received.headers["trace"]["sample_rate"] == rate
    }


def test_a_service_behind_the_site_gets_the_decision_of_the_head(
    sentry: SentryServer, behind: SentryServer
) -> None:
    with run_server(DOWNSTREAM, READY, env=environment(sentry, behind)) as process:
        downstream = process.wait_for_line(READY)[1]
        env = environment(sentry, behind, DOWNSTREAM_URL=downstream)
        with run_server(GUNICORN, READY, env=env) as site:
            url = site.wait_for_line(READY)[1]
            for _ in range(REQUESTS):
                assert status(f"{url}/call/") == 200
            # A request that fails is kept, but nobody behind it was told so.
            assert [status(f"{url}/call/fail/") for _ in range(20)] == [500] * 20
    assert len(sampled("1.0", sentry)) == 20
    assert len(sampled("0.1", sentry)) in LIKELY
    assert len(traces(behind)) in LIKELY
    # Whole traces: the fast ones that were kept here were kept there too, and no others.
    fast = {
        event["contexts"]["trace"]["trace_id"]
        for event in behind.transactions
        if not event["request"]["url"].endswith("/fail/")
    }
    assert fast == sampled("0.1", sentry)


def test_a_worker_gets_the_decision_of_the_head(
    sentry: SentryServer, behind: SentryServer, tmp_path: Path
) -> None:
    pytest.importorskip("celery")
    pytest.importorskip("redis")
    from tests.support.redis_server import redis_server

    with redis_server(tmp_path) as broker:
        env = environment(sentry, behind, BROKER_URL=broker)
        worker = [
            *(sys.executable, "-m", "celery", "--app=tests.downstream_worker", "worker"),
            *("--pool=prefork", "--concurrency=1", "--without-mingle", "--loglevel=info"),
        ]
        bare = clean_environment(BROKER_URL=broker, WORKER_DSN=behind.dsn)
        with run_server(worker, r"celery@\S+ ready", env=bare) as process:
            subprocess.run([sys.executable, "-c", ENQUEUE], env=env, check=True, timeout=120)
            process.wait_for_line(r"downstream_worker\.last\[.*succeeded", timeout=60)
    works = {
        e["contexts"]["trace"]["trace_id"]
        for e in behind.transactions
        if e["transaction"].endswith(".work")
    }
    assert works == traces(sentry)
    assert len(works) in LIKELY


def test_an_incoming_decision_is_honoured(sentry: SentryServer, behind: SentryServer) -> None:
    trace = "c" * 32
    with run_server(GUNICORN, READY, env=environment(sentry, behind)) as site:
        url = site.wait_for_line(READY)[1]
        headers = {
            "sentry-trace": f"{trace}-{'d' * 16}-1",
            "baggage": f"sentry-trace_id={trace},sentry-sample_rate=0.25,sentry-sample_rand=0.2",
        }
        for _ in range(5):
            request = urllib.request.Request(f"{url}/ok/", headers=headers)
            urllib.request.urlopen(request, timeout=30).close()
        sentry.wait_for(lambda received: len(sentry.transactions) == 5)
    assert traces(sentry) == sampled("0.25", sentry) == {trace}
