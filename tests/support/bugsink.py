"""A real Sentry-compatible server that others wrote: Bugsink, from its own virtual environment.

BUGSINK_ENV names the environment (`python -m venv $BUGSINK_ENV`, then `pip install bugsink`).
Bugsink keeps errors and discards every other kind of item.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import urllib3

from tests.support.processes import ServerProcess, clean_environment, run_server

REMEDY = (
    "BUGSINK_ENV is not set: create a virtual environment, `pip install bugsink` in it,"
    " and set BUGSINK_ENV to its directory"
)
LISTENING = r"Listening at: (http://127\.0\.0\.1:\d+)"
# TASK_ALWAYS_EAGER is Bugsink's documented way to run without a worker process: an event is
# stored before its request is answered.
CONFIGURATION = """\
from bugsink.settings.default import *
from bugsink.settings.default import DATABASES

SECRET_KEY = {secret_key!r}
TIME_ZONE = "UTC"
DATABASES["default"]["NAME"] = {directory!r} + "/db.sqlite3"
DATABASES["snappea"]["NAME"] = {directory!r} + "/snappea.sqlite3"
SNAPPEA = {{"TASK_ALWAYS_EAGER": True}}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
ALLOWED_HOSTS = ["127.0.0.1"]
BUGSINK = {{
    "BASE_URL": "http://127.0.0.1",
    "SINGLE_USER": True,
    "PHONEHOME": False,
    "INGEST_STORE_BASE_DIR": {directory!r} + "/ingestion",
    **{limits!r},
}}
"""


@dataclass(frozen=True)
class BugsinkServer:
    """A Bugsink that runs: its address, a token for its API, and how to call it."""

    process: ServerProcess
    url: str
    token: str

    def call(self, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        """GET (or POST `body` to) /api/canonical/0/`path` and return the JSON of its answer."""
        method, content = ("GET", None) if body is None else ("POST", json.dumps(body))
        url = f"{self.url}/api/canonical/0/{path}?{urlencode(query)}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urllib3.PoolManager(retries=False, timeout=10) as pool:
            answer = pool.request(method, url, body=content, headers=headers)
        assert answer.status in (200, 201), f"{path}: {answer.status} {answer.data!r}"
        return json.loads(answer.data)


@dataclass(frozen=True)
class BugsinkProject:
    """One project on a Bugsink server, with limits and events of its own."""

    server: BugsinkServer
    project_id: int
    dsn: str

    @property
    def token(self) -> str:
        """The token for the server's API."""
        return self.server.token

    def new_project(self) -> BugsinkProject:
        """Another project on the same server, for a test that wants an empty one."""
        return _create_project(self.server)

    def issues(self) -> list[dict[str, Any]]:
        """The project's issues, as the API lists them."""
        return list(self.server.call("issues/", project=self.project_id)["results"])

    def events(self) -> list[dict[str, Any]]:
        """The project's events, newest first within an issue; `data` is what was sent."""
        listed = [e for issue in self.issues() for e in self._events_of(issue["id"])]
        return [self.server.call(f"events/{event['id']}/") for event in listed]

    def wait_for_event(self, event_id: str, timeout: float = 10) -> dict[str, Any]:
        """The event with this id, as soon as it is stored; AssertionError after `timeout` s."""
        deadline = time.monotonic() + timeout
        while True:
            seen = len(self.server.process.lines)
            for event in self.events():
                if uuid.UUID(event["event_id"]) == uuid.UUID(event_id):
                    return event
            # The access log says when there is a reason to look again.
            posted = rf"POST /api/{self.project_id}/envelope/"
            self.server.process.wait_for_line(posted, deadline - time.monotonic(), after=seen)

    def _events_of(self, issue_id: str) -> list[dict[str, Any]]:
        return list(self.server.call("events/", issue=issue_id)["results"])


@contextlib.contextmanager
def bugsink_server(
    directory: Path,
    env_dir: Path | None = None,
    *,
    max_events_per_project: int | None = None,
    max_envelope_size: int | None = None,
    max_event_size: int | None = None,
) -> Iterator[BugsinkProject]:
    """Run Bugsink in `directory` and yield a project on it.

    `max_events_per_project`: once a project has so many in five minutes, it answers 429.
    `max_envelope_size`, `max_event_size`: uncompressed bytes; beyond these it answers 413.
    A wrong key is answered 403 if it looks like one (32 hexadecimal digits), otherwise 400.
    Skips the test where BUGSINK_ENV does not say which environment to use.
    """
    programs = Path(env_dir or bugsink_env(), "bin")
    limits = {
        "MAX_EVENTS_PER_PROJECT_PER_5_MINUTES": max_events_per_project,
        "MAX_ENVELOPE_SIZE": max_envelope_size,
        "MAX_EVENT_SIZE": max_event_size,
    }
    _configure(directory, {key: limit for key, limit in limits.items() if limit is not None})
    _manage(programs, directory, "migrate", "--verbosity=0")
    token = _manage(programs, directory, "create_auth_token")
    argv = [str(programs / "gunicorn"), "--bind=127.0.0.1:0", "--access-logfile=-", "bugsink.wsgi"]
    with run_server(argv, LISTENING, _environment(directory), directory) as process:
        url = process.wait_for_line(LISTENING).group(1)
        yield _create_project(BugsinkServer(process, url, token))


def bugsink_env() -> Path:
    """Bugsink's virtual environment from BUGSINK_ENV; skips the test if it is not set."""
    named = os.environ.get("BUGSINK_ENV")
    if not named:
        pytest.skip(REMEDY)
    if not Path(named, "bin", "bugsink-manage").exists():
        pytest.skip(f"Bugsink could not be installed here: no bin/bugsink-manage in {named}")
    return Path(named)


def _configure(directory: Path, limits: Mapping[str, int]) -> None:
    text = CONFIGURATION.format(
        secret_key=secrets.token_hex(32), directory=str(directory), limits=dict(limits)
    )
    (directory / "bugsink_conf.py").write_text(text)


def _environment(directory: Path) -> dict[str, str]:
    """Bugsink's modules have common names (projects, events): nothing of ours may hide them."""
    environment = clean_environment(DJANGO_SETTINGS_MODULE="bugsink_conf", HOME=str(directory))
    return {key: value for key, value in environment.items() if key != "PYTHONPATH"}


def _manage(programs: Path, directory: Path, *arguments: str) -> str:
    """Run a management command of Bugsink and return what it printed."""
    done = subprocess.run(
        [str(programs / "bugsink-manage"), *arguments],
        env=_environment(directory),
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"bugsink-manage {arguments}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def _create_project(server: BugsinkServer) -> BugsinkProject:
    name = f"project-{secrets.token_hex(4)}"
    team = server.call("teams/", {"name": name})
    project_id = int(server.call("projects/", {"name": name, "team": team["id"]})["id"])
    # Bugsink does not know the port that it was given.
    key = urlsplit(server.call(f"projects/{project_id}/")["dsn"]).username
    dsn = server.url.replace("://", f"://{key}@") + f"/{project_id}"
    return BugsinkProject(server, project_id, dsn)
