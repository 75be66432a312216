"""Nothing that was captured is lost or sent twice, whatever goes wrong; with real processes.

The ids that a site told are compared with those that a Sentry accepted. The same faults at full
length, beside the SDK alone, are in docs/when-sentry-is-away.rst: ``python -m benchmarks.faults``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import answers, faults
from tests.support.faults import FAULTS, Fault, Outcome, Run
from tests.support.processes import ServerProcess, run_server, unmeasured
from tests.support.redis_server import redis_server
from tests.support.sentry_server import SentryServer

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs gunicorn"),
]

#: Seconds that a fault lasts here, and that its end may take.
LENGTH, PATIENCE = 1.0, 60.0

WORKER = [
    *(sys.executable, "-m", "celery", "--app=tests.support.burst_site", "worker"),
    *("--pool=prefork", "--concurrency=2", "--loglevel=info", "--without-mingle"),
]
COMMAND = [sys.executable, "-m", "tests.support.burst_site"]


def outcome_of(fault: Fault, spool: Path, server: Sequence[str] = faults.GUNICORN) -> Outcome:
    with SentryServer() as sentry, Run(sentry, "plug-in", spool, server) as run:
        fault(run, LENGTH)
        outcome = run.outcome(PATIENCE)
    assert outcome.captured > 1
    return outcome


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_site_loses_nothing(fault: Fault, tmp_path: Path) -> None:
    outcome = outcome_of(fault, tmp_path / "spool")
    # Nobody can know whether an envelope was accepted if the answer got lost.
    repeated = 1 if fault in (faults.answer_lost, faults.sigkill) else 0
    assert outcome == Outcome(outcome.captured, 0, min(outcome.duplicated, repeated))


#: Other servers: the package that is needed, and how they are started.
SERVERS = {
    "uwsgi": ("pyuwsgi", [*faults.UWSGI, "--enable-threads"]),
    "uwsgi with threads": ("pyuwsgi", [*faults.UWSGI, "--threads=2"]),
    "uwsgi with lazy-apps": ("pyuwsgi", [*faults.UWSGI, "--enable-threads", "--lazy-apps"]),
    "uwsgi without threads": ("pyuwsgi", [*faults.UWSGI]),
    "gevent": ("gevent", [*faults.GUNICORN, "--worker-class=gevent"]),
    "gunicorn with threads": ("gunicorn", [*faults.GUNICORN, "--threads=4"]),
}


@pytest.mark.parametrize("fault", [faults.away_until_restart, faults.sigterm])
@pytest.mark.parametrize(("package", "server"), SERVERS.values(), ids=SERVERS)
def test_a_site_on_another_server_loses_nothing(
    package: str, server: list[str], fault: Fault, tmp_path: Path
) -> None:
    pytest.importorskip(package)
    outcome = outcome_of(fault, tmp_path / "spool", server)
    # uWSGI ends a worker that is busy without a word to Python, while it may send one.
    repeated = 1 if package == "pyuwsgi" and fault is faults.sigterm else 0
    assert outcome == Outcome(outcome.captured, 0, min(outcome.duplicated, repeated))


class Tasks:
    """Tasks that capture, each of which tells its id through Redis."""

    def __init__(self, broker: str) -> None:
        celery = pytest.importorskip("celery")
        redis = pytest.importorskip("redis")
        self.url = broker
        self.app = celery.Celery(broker=broker)
        self.redis = redis.Redis.from_url(broker, decode_responses=True)

    @property
    def captured(self) -> list[str]:
        ids: list[str] = self.redis.lrange("ids", 0, -1)
        return ids

    def send(self, count: int) -> None:
        for _ in range(count):
            self.app.send_task("tests.support.burst_site.capture_one")

    def wait_for(self, count: int) -> None:
        """Until so many more have captured."""
        for _ in range(count):
            assert self.redis.blpop("news", 30)


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[Tasks]:
    pytest.importorskip("redis")
    with redis_server(tmp_path) as url:
        yield Tasks(url)


@contextmanager
def worker(env: dict[str, str], *options: str) -> Iterator[ServerProcess]:
    """A Celery worker with two processes."""
    with run_server([*WORKER, *options], r"celery@\S+ ready", env=unmeasured(env)) as process:
        yield process


def stopped(process: ServerProcess, number: int) -> None:
    """End the worker; SIGKILL ends all of its processes at once."""
    if number == signal.SIGKILL:
        process.kill()
    else:
        process.send_signal(number)
    process.wait(90)


def arrived(sentry: SentryServer, captured: list[str]) -> Outcome:
    """What came of these, once all have arrived or patience has come to its end."""
    sentry.wait_for(lambda sentry: {*captured} <= {*sentry.accepted_ids}, PATIENCE)
    return faults.outcome(captured, sentry.accepted_ids)


def test_tasks_lose_nothing_while_sentry_is_away(tasks: Tasks, tmp_path: Path) -> None:
    with SentryServer() as sentry:
        env = faults.environment(sentry, "plug-in", tmp_path / "spool", BROKER_URL=tasks.url)
        with worker(env, "--max-tasks-per-child=5"):
            sentry.go_away()
            tasks.send(20)
            tasks.wait_for(20)
            sentry.come_back()
            assert arrived(sentry, tasks.captured) == Outcome(20, 0, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_tasks_lose_nothing_when_the_worker_ends(number: int, tasks: Tasks, tmp_path: Path) -> None:
    with SentryServer(answers.slow(0.2)) as sentry:
        env = faults.environment(sentry, "plug-in", tmp_path / "spool", BROKER_URL=tasks.url)
        with worker(env) as process:
            tasks.send(40)
            tasks.wait_for(20)
            stopped(process, number)
        sentry.answer = answers.ok
        with worker(env):
            outcome = arrived(sentry, tasks.captured)
    assert outcome.captured >= 20
    repeated = 1 if number == signal.SIGKILL else 0
    assert outcome == Outcome(outcome.captured, 0, min(outcome.duplicated, repeated))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_command_loses_nothing_when_it_ends(number: int, tmp_path: Path) -> None:
    with SentryServer(answers.slow(0.2)) as sentry:
        env = unmeasured(faults.environment(sentry, "plug-in", tmp_path / "spool"))
        with run_server([*COMMAND, "1000", "0.01"], r"^\w{32}$", env=env) as process:
            process.wait_for_count(20)
            process.send_signal(number)
            assert process.wait() == -number
        captured = [line for line in process.lines if len(line) == 32]
        sentry.answer = answers.ok
        flush = [sys.executable, "-m", "django", "sentry_spool", "--flush"]
        env["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        subprocess.run(flush, env=env, check=True, timeout=60, capture_output=True)
        outcome = faults.outcome(captured, sentry.accepted_ids)
    assert outcome.captured > 10
    repeated = 1 if number == signal.SIGKILL else 0
    assert outcome == Outcome(outcome.captured, 0, min(outcome.duplicated, repeated))


def test_a_command_that_comes_to_its_end_loses_nothing(tmp_path: Path) -> None:
    with SentryServer() as sentry:
        env = faults.environment(sentry, "plug-in", tmp_path / "spool")
        ended = subprocess.run(
            [*COMMAND, "50", "0"], env=env, check=True, timeout=60, capture_output=True, text=True
        )
        captured = ended.stdout.split()[:-1]
        assert faults.outcome(captured, sentry.accepted_ids) == Outcome(50, 0, 0)
