"""Real servers and commands, to the bytes that arrive at a Sentry on the loopback interface."""

import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sentry_app import conf
from tests.support.processes import clean_environment, free_port, run_server
from tests.support.project import Project
from tests.support.sentry_server import SentryServer

pytestmark = pytest.mark.e2e

GUNICORN = [
    *(sys.executable, "-m", "gunicorn", "tests.wsgi", "--bind=127.0.0.1:0"),
    # Two workers, and nothing in the home directory.
    "--config=example_project/gunicorn.conf.py",
]
SERVERS = {
    "gunicorn": GUNICORN,
    "gunicorn --preload": [*GUNICORN, "--preload"],
    "gunicorn threads": [*GUNICORN, "--threads=2"],
    "uvicorn": [sys.executable, "-m", "uvicorn", "tests.asgi:application", "--port=0"],
}
READY = r"(?:Listening at:|running on) (http://127\.0\.0\.1:\d+)"


def environment(sentry: SentryServer) -> dict[str, str]:
    return clean_environment(
        DJANGO_SETTINGS_MODULE="tests.settings",
        SENTRY_DSN=sentry.dsn,
        SENTRY_TRACES_SAMPLE_RATE="1.0",
        SENTRY_RELEASE="shop@1.2.3",
    )


@contextmanager
def site(argv: list[str], sentry: SentryServer) -> Iterator[str]:
    """The URL of the site that ``argv`` serves."""
    with run_server(argv, READY, env=environment(sentry)) as process:
        yield process.wait_for_line(READY)[1]


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def is_broken_view(event: dict) -> bool:
    return event["exception"]["values"][-1]["type"] == "Broken"


@pytest.mark.parametrize("argv", SERVERS.values(), ids=SERVERS)
def test_an_error_and_a_transaction_arrive(argv: list[str], sentry: SentryServer) -> None:
    with site(argv, sentry) as url:
        assert [status(f"{url}/error/"), status(f"{url}/ok/")] == [500, 200]
        sentry.wait_for(lambda received: sentry.events and len(sentry.transactions) == 2)
    (event,) = sentry.events
    assert is_broken_view(event)
    assert event["release"] == "shop@1.2.3"
    assert {transaction["transaction"] for transaction in sentry.transactions} == {
        "/error/",
        "/ok/",
    }


@pytest.mark.parametrize("argv", SERVERS.values(), ids=SERVERS)
def test_an_ignored_url_sends_nothing(argv: list[str], sentry: SentryServer) -> None:
    with site(argv, sentry) as url:
        assert [status(f"{url}/health/"), status(f"{url}/missing/")] == [500, 404]
        assert status(f"{url}/error/") == 500
        sentry.wait_for(lambda received: sentry.events)
    assert [event["transaction"] for event in sentry.events] == ["/error/"]


def test_runserver_with_its_reloader(sentry: SentryServer) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "django", "runserver", f"127.0.0.1:{port}", "--skip-checks"]
    with run_server(argv, r"Quit the server", env=environment(sentry)):
        assert status(f"http://127.0.0.1:{port}/error/") == 500
        sentry.wait_for(lambda received: sentry.events and sentry.transactions)
    (event,) = sentry.events
    assert is_broken_view(event)


def test_a_command_that_fails(sentry: SentryServer) -> None:
    argv = [sys.executable, "-m", "django", "shell", "-c", "raise RuntimeError('at night')"]
    ended = subprocess.run(argv, env=environment(sentry), capture_output=True, text=True)
    assert ended.returncode == 1
    (event,) = sentry.events
    assert event["exception"]["values"][-1]["value"] == "at night"


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_with_every_key_wrong_it_serves_and_check_lists_them(server: str, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        "settings.py", "from sentry_app import conf\nSENTRY = dict.fromkeys(conf.SETTINGS, b'')"
    )
    env = clean_environment(DJANGO_SETTINGS_MODULE="settings", PYTHONPATH=str(tmp_path))
    with run_server(SERVERS[server], READY, env=env) as process:
        url = process.wait_for_line(READY)[1]
        assert [status(f"{url}/ok/"), status(f"{url}/error/")] == [200, 500]
    argv = [sys.executable, "-m", "django", "check"]
    ended = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert ended.returncode == 1
    assert set(re.findall(r'SENTRY\["(\w+)"\] is ', ended.stderr)) == {*conf.SETTINGS}


def test_check_passes_with_a_real_dsn(sentry: SentryServer) -> None:
    argv = [sys.executable, "-m", "django", "check"]
    ended = subprocess.run(argv, env=environment(sentry), capture_output=True, text=True)
    assert re.search("no issues", ended.stdout + ended.stderr), ended.stdout + ended.stderr
