"""A site and ``sentry_test`` against Bugsink, a Sentry-compatible server that others wrote."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bugsink import BugsinkProject, bugsink_server
from tests.support.processes import clean_environment, run_server
from tests.test_real_servers import GUNICORN, READY, status

pytestmark = [pytest.mark.bugsink, pytest.mark.e2e]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BugsinkProject]:
    directory = tmp_path_factory.mktemp("bugsink")
    with bugsink_server(directory, max_events_per_project=1, max_envelope_size=20_000) as project:
        yield project


@pytest.fixture
def project(server: BugsinkProject) -> BugsinkProject:
    return server.new_project()


def environment(dsn: str, **more: str) -> dict[str, str]:
    return clean_environment(DJANGO_SETTINGS_MODULE="tests.settings", SENTRY_DSN=dsn, **more)


def sentry_test(dsn: str, **more: str) -> tuple[int, dict]:
    """The exit code of ``manage.py sentry_test --json``, and what it printed."""
    argv = [sys.executable, "-m", "django", "sentry_test", "--json"]
    ended = subprocess.run(argv, env=environment(dsn, **more), capture_output=True, text=True)
    return ended.returncode, json.loads(ended.stdout)


def test_an_error_of_a_real_site_is_shown(project: BugsinkProject) -> None:
    env = environment(project.dsn, SENTRY_RELEASE="shop@1.2.3")
    with run_server(GUNICORN, READY, env=env) as process:
        assert status(f"{process.wait_for_line(READY)[1]}/error/") == 500
    (event,) = project.events()
    assert event["data"]["exception"]["values"][-1]["type"] == "Broken"
    assert event["data"]["release"] == "shop@1.2.3"


def test_sentry_test_is_verified_by_the_event_that_bugsink_shows(project: BugsinkProject) -> None:
    code, printed = sentry_test(project.dsn)
    assert code == 0, printed
    assert project.wait_for_event(printed["results"][0]["event_id"])


def test_a_wrong_key_is_refused(project: BugsinkProject) -> None:
    key, _, rest = project.dsn.partition("@")
    code, printed = sentry_test(key[:-32] + uuid.uuid4().hex + "@" + rest)
    assert (code, printed["results"][0]["status"]) == (1, 403)


def test_a_second_event_is_over_the_quota(project: BugsinkProject) -> None:
    sentry_test(project.dsn)
    code, printed = sentry_test(project.dsn)
    assert (code, printed["results"][0]["status"]) == (1, 429)


def test_an_event_that_is_too_large(project: BugsinkProject, tmp_path: Path) -> None:
    (tmp_path / "large.py").write_text(
        "def add(event, hint):\n    return {**event, 'extra': {'x': 'x' * 30_000}}\n"
    )
    code, printed = sentry_test(
        project.dsn, SENTRY_BEFORE_SEND="large.add", PYTHONPATH=f".:{tmp_path}"
    )
    assert (code, printed["results"][0]["status"]) == (1, 413)
