"""The demo: it shows everything, says what is missing, and leaves nothing behind."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest

pytest.importorskip("celery", reason="the demo runs a Celery worker")
pytest.importorskip("redis", reason="the demo calls Redis")
pytest.importorskip("gunicorn", reason="the demo runs gunicorn")

from tests.support.processes import clean_environment
from tests.support.redis_server import redis_executable

pytestmark = pytest.mark.e2e

DEMO = [sys.executable, str(Path(__file__).parents[1] / "example_project" / "demo.py")]
# Keeps manage.py test_error from running, so that its error does not arrive.
SABOTAGE = "import os, sys\nif 'test_error' in sys.orig_argv:\n    os._exit(0)\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """With a directory for temporary files that can be looked at afterwards."""
    try:
        redis = redis_executable()
    except RuntimeError as error:
        pytest.skip(str(error))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return clean_environment(TMPDIR=str(temporary), REDIS_SERVER=str(redis))


def test_without_a_terminal_it_shows_everything_and_ends(environment: dict[str, str]) -> None:
    done = subprocess.run(
        DEMO, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in [
        "PaymentError: the bank declined the card that ends in 4444",
        "  user         id = 1",
        "  release      shop@1.4.2, environment demo",
        "  variables    amount = Decimal('99.99'), card_number = [Filtered], last_digits = '4444'",
        "               user_action  User clicked checkout cart_total = 99.99",
        "Exception: Test error for Sentry",
        "Dropped, and why",
    ]:
        assert line in done.stdout.splitlines()
    assert "└─ core.tasks.update_stock  (queue.task.celery, ok" in done.stdout
    assert re.search(r"  1 x error OutOfStock +ignored_error +the error is one of", done.stdout)
    assert re.search(r"\nAll \d+ met", done.stdout)
    assert_nothing_is_left(done.stdout, environment)


def test_on_a_terminal_it_stays_open_and_says_what_is_missing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SABOTAGE)
    path = os.pathsep.join([str(tmp_path), environment.get("PYTHONPATH", "")])
    with on_a_terminal(["--timeout=1", "--keep"], {**environment, "PYTHONPATH": path}) as terminal:
        process, lines = terminal
        shown = read_until(lines, r"Ctrl-C")
        url = re.search(r"Open +(http://\S+)", shown)
        assert url
        urllib.request.urlopen(f"{url[1]}health/", timeout=30).close()
        shown += read_until(lines, r"Dropped: .*ignored_url")
        process.send_signal(signal.SIGINT)
        shown += read_until(lines, "Kept: ")
        assert process.wait(30) == 1
    assert "✗ the error of a management command" in shown
    assert "The last lines of gunicorn" in shown
    assert list(Path(environment["TMPDIR"]).glob("sentry-demo-*/gunicorn.log"))
    assert_processes_have_ended(shown)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupted_it_leaves_nothing(environment: dict[str, str], number: int) -> None:
    with on_a_terminal([], environment) as (process, lines):
        shown = read_until(lines, "gunicorn with")
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert_nothing_is_left(shown, environment)


def test_without_redis_it_says_what_to_do(environment: dict[str, str]) -> None:
    environment["REDIS_SERVER"] = "/nowhere/redis-server"
    done = subprocess.run(DEMO, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "name it in the variable REDIS_SERVER" in done.stdout


@contextmanager
def on_a_terminal(
    options: list[str], environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], TextIO]]:
    """Run the demo on a terminal; yields the process and what the terminal shows."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [*DEMO, *options],
        env={**environment, "NO_COLOR": "1"},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    with open(ours, encoding="utf-8", errors="replace") as lines, process:  # noqa: PTH123
        try:
            yield process, lines
        finally:
            process.terminate()


def read_until(lines: TextIO, regex: str) -> str:
    """What is shown up to the line in which ``regex`` is found."""
    shown = ""
    with suppress(OSError):  # Linux's way to say that the other side has closed
        for line in lines:
            shown += line
            if re.search(regex, line):
                return shown
    raise AssertionError(f"{regex!r} was not shown:\n{shown}")


def assert_nothing_is_left(shown: str, environment: dict[str, str]) -> None:
    assert_processes_have_ended(shown)
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


def assert_processes_have_ended(shown: str) -> None:
    pids = [int(pid) for pid in re.findall(r"\(pid (\d+)\)", shown)]
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
