"""The shop, as it would run in production: Redis, the site under gunicorn, a Celery worker."""

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from demo_parts.inbox import Drop, Inbox
from demo_parts.processes import (
    HOST,
    Process,
    clean_environment,
    free_port,
    redis_executable,
    running,
    uninterrupted,
)

EXAMPLE = Path(__file__).parents[1]
RELEASE = "shop@1.4.2"
ENVIRONMENT = "demo"
# What sentry_app logs at level DEBUG about everything that it does not send.
DROPPED = re.compile(r"sentry_app: dropped (\S+) (.*): (\w+)$")

PYTHON_M = (sys.executable, "-m")
MANAGE = (sys.executable, str(EXAMPLE / "manage.py"))
GUNICORN = (
    *(*PYTHON_M, "gunicorn", "core.wsgi:application", f"--bind={HOST}:0"),
    f"--config={EXAMPLE / 'gunicorn.conf.py'}",
)
WORKER = (
    *(*PYTHON_M, "celery", "--app=core.celery:app", "worker", "--pool=prefork"),
    *("--concurrency=2", "--loglevel=info", "--without-gossip", "--without-mingle"),
)


class Shop:
    """Starts and stops the processes; ``say`` is told about each. A context manager."""

    def __init__(
        self, directory: Path, dsn: str, password: str, inbox: Inbox, say: Callable[[str], None]
    ) -> None:
        self.processes: list[Process] = []
        self.url = ""
        self._directory = directory
        self._inbox = inbox
        self._say = say
        self._stack = ExitStack()
        self._environment = _environment(directory, dsn, password)

    def __enter__(self) -> "Shop":
        return self

    def __exit__(self, *error: object) -> None:
        # All at once, but for Redis, which the others need until they have ended.
        for process in self.processes[1:]:
            process.terminate()
        self._stack.close()

    def open(self) -> None:
        """Start everything; raises ``DemoError``."""
        self._start_redis()
        # With the SDK off: filling the database is not what the demo shows.
        filling = self.start("database", *MANAGE, "open_shop", SENTRY_FORCE_DISABLE="true")
        site = self.start("gunicorn", *GUNICORN)
        worker = self.start("Celery worker", *WORKER)
        self.url = site.wait_for_line(r"Listening at: (http://\S+)")[1]
        self._say(f"gunicorn with 2 workers at {self.url} (pid {site.pid})")
        worker.wait_for_line(r"celery@.* ready")
        self._say(f"Celery worker with 2 processes (pid {worker.pid})")
        filling.wait_for_line("Log in as")

    def run_command(self, name: str) -> int:
        """Run ``manage.py name`` to its end and return its exit code."""
        return self.start(f"manage.py {name}", *MANAGE, name).wait()

    def start(self, name: str, *command: str, **variables: str) -> Process:
        """Start a process with ``variables`` added to the shop's environment."""
        environment = {**self._environment, **variables}
        # A signal in between would leave a process that nobody stops.
        with uninterrupted():
            process = Process(name, command, environment, self._note_drop)
            self.processes.append(self._stack.enter_context(running(process)))
        return process

    def _start_redis(self) -> None:
        port = free_port()
        options = ["--port", str(port), "--bind", HOST, "--dir", str(self._directory)]
        redis = self.start(
            "Redis", redis_executable(), *options, "--save", "", "--appendonly", "no"
        )
        redis.wait_for_line("Ready to accept connections")
        self._environment["REDIS_URL"] = f"redis://{HOST}:{port}/0"
        self._say(f"Redis on port {port} (pid {redis.pid})")

    def _note_drop(self, line: str) -> None:
        if found := DROPPED.search(line):
            self._inbox.add_drop(Drop(*found.groups()))


def _environment(directory: Path, dsn: str, password: str) -> dict[str, str]:
    environment = clean_environment(
        DJANGO_SETTINGS_MODULE="settings",
        DEMO_DIR=str(directory),
        SHOP_PASSWORD=password,
        LOG_LEVEL="DEBUG",
        SENTRY_DSN=dsn,
        SENTRY_RELEASE=RELEASE,
        SENTRY_ENVIRONMENT=ENVIRONMENT,
        # Everything is shown here; the settings have what a real site would use.
        SENTRY_TRACES_SAMPLE_RATE="1.0",
        SENTRY_PROFILES_SAMPLE_RATE="0",
    )
    paths = [str(EXAMPLE), environment.get("PYTHONPATH", "")]
    return {**environment, "PYTHONPATH": ":".join(filter(None, paths))}
