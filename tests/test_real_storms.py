"""The shared budget with a real Redis: several processes, and a Redis that hangs or is down."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("redis")

import redis

from sentry_app.testing import capture_events
from tests.support.processes import clean_environment
from tests.support.redis_server import redis_server
from tests.test_storms import capture, held

PROCESSES = 4
BACKENDS = ["django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def empty(url: str) -> str:
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url


@pytest.fixture(params=BACKENDS)
def cache(request: pytest.FixtureRequest, empty: str, settings: Any) -> str:
    """STORM_CACHE with one of the backends, in a minute that does not end."""
    if request.param.startswith("django_redis"):
        pytest.importorskip("django_redis")
    settings.CACHES = {**settings.CACHES, "storms": {"BACKEND": request.param, "LOCATION": empty}}
    return "storms"


def started(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storm_process", "50"],
        env=clean_environment(STORM_REDIS=url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def ended(process: subprocess.Popen[str]) -> Any:
    out, _ = process.communicate(timeout=60)
    return json.loads(out)


@pytest.mark.e2e
def test_processes_share_the_budget(empty: str) -> None:
    processes = [started(empty) for _ in range(PROCESSES)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [ended(process) for process in processes]
    sent = sum(one["sent"] for one in found)
    assert sum(one["held"] for one in found) == PROCESSES * 50 - sent
    with redis.Redis.from_url(empty) as client:
        keys = client.keys()  # two if the minute ended meanwhile
        assert 20 <= sent <= 20 * len(keys) <= 40
        for key in keys:
            # One operation for each that was sent, and one for each process that learns it is over.
            assert int(client.get(key)) <= 20 + PROCESSES
            assert 0 < client.ttl(key) <= 120


def commands(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        stats = client.info("commandstats")
    names = ("incr", "incrby", "exists", "set", "eval")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in names)


def test_what_is_over_asks_no_more(cache: str, url: str) -> None:
    with capture_events(STORM_LIMIT=2, STORM_CACHE=cache) as events:
        capture(4)
        before = commands(url)
        capture(200)
        # The minute may end meanwhile: not even then is it one for each.
        assert commands(url) - before < 20
        assert len(events.events) <= 4


def test_a_redis_that_hangs(cache: str, url: str, caplog: pytest.LogCaptureFixture) -> None:
    with redis.Redis.from_url(url) as client:
        pid = client.info("server")["process_id"]
    with capture_events(STORM_LIMIT=3, STORM_CACHE=cache) as events:
        threads = threading.active_count()
        os.kill(pid, signal.SIGSTOP)
        try:
            capture(9)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert (len(events.events), held()) == (3, 6)
        assert threading.active_count() <= threads
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_redis_that_is_down(backend: str, settings: Any) -> None:
    if backend.startswith("django_redis"):
        pytest.importorskip("django_redis")
    location = "redis://127.0.0.1:1/0"
    settings.CACHES = {**settings.CACHES, "storms": {"BACKEND": backend, "LOCATION": location}}
    with capture_events(STORM_LIMIT=3, STORM_CACHE="storms") as events:
        capture(9)
        assert (len(events.events), held()) == (3, 6)


def test_a_call_leaves_no_breadcrumb(cache: str) -> None:
    with capture_events(STORM_LIMIT=3, STORM_CACHE=cache, MAX_BREADCRUMBS=50) as events:
        capture(2)
        assert [event.get("breadcrumbs", {}).get("values", []) for event in events.events] == [
            [],
            [],
        ]
