"""Real processes without threads or files, with signals, and forked: nothing is lost without being
counted, nothing is swallowed, nothing waits for an import.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support import answers
from tests.support.forks import needs_fork
from tests.support.processes import clean_environment, unmeasured
from tests.support.sentry_server import SentryServer, refused_dsn

pytestmark = pytest.mark.e2e


def run(what: str, dsn: str, **extra: str) -> Any:
    environment = clean_environment(SENTRY_DSN=dsn, SENTRY_TRACES_SAMPLE_RATE="0", **extra)
    command = [sys.executable, "-m", "tests.meagre", what]
    done = subprocess.run(
        command, env=unmeasured(environment), capture_output=True, timeout=120, check=True
    )
    return json.loads(done.stdout)


def test_without_threads_it_is_sent_at_once(sentry: SentryServer) -> None:
    result = run("threads", sentry.dsn)
    assert result["statuses"] == [500] * 3
    assert len(sentry.wait_for(lambda server: len(server.events) >= 3 and server.events)) == 3


def test_without_threads_a_dead_sentry_is_counted() -> None:
    result = run("threads", refused_dsn())
    assert result["statuses"] == [500] * 3
    assert sum(count for why, count in result["lost"].items() if "error" in why) == 3


def test_without_threads_a_sentry_that_hangs_is_waited_for_once() -> None:
    with SentryServer(answer=answers.hang) as server:
        result = run("threads", server.dsn)
    assert result["statuses"] == [500] * 3
    assert result["lost"]["queue_full error"] == 2
    assert result["seconds"] < 3 * 30  # one request by urllib3's own patience


def test_without_files_it_is_counted(sentry: SentryServer) -> None:
    result = run("files", sentry.dsn)
    assert result["statuses"] == [500] * 3
    assert sum(count for why, count in result["lost"].items() if "error" in why) == 3


@pytest.mark.parametrize(
    ("name", "error"),
    [("SIGUSR1", "TimeIsUp"), ("SIGTERM", "SystemExit"), ("SIGINT", "TimeIsUp")],
)
def test_what_a_signal_raises_is_seen(name: str, error: str, sentry: SentryServer) -> None:
    """Forty signals, at forty moments of capturing.

    One in a hundred is lost by Python, while it collects garbage, or by the SDK, while it makes a
    path absolute; ``test_interrupts`` has what is never lost.
    """
    seen = run(name, sentry.dsn)["seen"]
    assert set(seen) == {error}
    assert len(seen) >= 36


@needs_fork
def test_the_first_event_of_a_forked_process_imports_nothing(sentry: SentryServer) -> None:
    """It might wait for ever for an import that another thread had begun before."""
    assert run("forked", sentry.dsn) == {"imported": []}
    assert len(sentry.wait_for(lambda server: len(server.events) >= 2 and server.events)) == 2


@needs_fork
def test_forks_while_threads_capture_neither_hang_nor_lose_nor_repeat(sentry: SentryServer) -> None:
    options = json.dumps({"transport_queue_size": 100_000})
    result = run("hammered", sentry.dsn, SENTRY_STORM_LIMIT="0", SENTRY_OPTIONS=options)
    assert result["statuses"] == [0] * 20
    assert sorted(event["message"] for event in sentry.events) == result["told"]
