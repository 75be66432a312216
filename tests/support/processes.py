"""Run a real server process for a test, read what it prints, and end it and its children."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# What would make a child another process than the one the test asks for.
NOT_INHERITED = ("SENTRY_", "DJANGO_SETTINGS_MODULE", "TEST_MODE", "ENVIRONMENT", "GIT_SHA")
GRACE_SECONDS = 10


class ServerProcess:
    """A running process, with its output and errors as they come."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self._popen = popen
        self._printed = threading.Condition()
        self._lines: list[str] = []
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def lines(self) -> list[str]:
        """Every line so far, without its newline."""
        with self._printed:
            return list(self._lines)

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return "\n".join(self.lines)

    def wait_for_line(self, regex: str, timeout: float = 30, after: int = 0) -> re.Match[str]:
        """The match of the first line, past or to come, in which `regex` is found.

        `after` skips so many lines: `after=len(process.lines)` waits for a new one.
        AssertionError with the output if the process ends first or `timeout` seconds pass.
        """
        match: re.Match[str] | None = self._wait(re.compile(regex).search, timeout, after)
        if match is None:
            raise AssertionError(self._complaint(f"printed no line with {regex!r}", timeout))
        return match

    def wait_for_count(self, count: int, timeout: float = 30) -> None:
        """Wait for so many lines."""
        with self._printed:
            assert self._printed.wait_for(lambda: len(self._lines) >= count, timeout), self.output

    def wait_until_ready(self, ready: str | Callable[[str], bool], timeout: float) -> None:
        """Wait for a line that `ready` finds (a regex) or accepts (a function)."""
        if isinstance(ready, str):
            self.wait_for_line(ready, timeout)
        elif not self._wait(ready, timeout, after=0):
            raise AssertionError(self._complaint("printed no line that says it is ready", timeout))

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, but not to its children."""
        self._popen.send_signal(number)

    def kill(self) -> None:
        """SIGKILL for the process and all of its children."""
        os.killpg(self.pid, signal.SIGKILL)

    def wait(self, timeout: float = 30) -> int:
        """The exit status once it has ended, negative if by a signal."""
        return self._popen.wait(timeout)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for whatever of its process group is left."""
        self._popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(GRACE_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        # Not for ever: a daemon that left the group may still hold the pipe.
        self._reader.join(GRACE_SECONDS)

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as stream:
            for line in stream:
                self._note(line.rstrip("\n"))
        with self._printed:
            self._ended = True
            self._printed.notify_all()

    def _note(self, line: str) -> None:
        with self._printed:
            self._lines.append(line)
            self._printed.notify_all()

    def _wait(self, test: Callable[[str], Any], timeout: float, after: int) -> Any:
        def found() -> Any:
            return next(filter(None, map(test, self._lines[after:])), None)

        with self._printed:
            self._printed.wait_for(lambda: found() or self._ended, timeout)
            return found()

    def _complaint(self, problem: str, timeout: float) -> str:
        when = "and ended" if self._ended else f"in {timeout} s"
        return f"{self._popen.args!r} {problem} {when}. Its output:\n{self.output}"


@contextlib.contextmanager
def run_server(
    argv: Sequence[str | Path],
    ready: str | Callable[[str], bool],
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    timeout: float = 30,
) -> Iterator[ServerProcess]:
    """Run `argv` in its own process group while the block runs, from its ready line on.

    `ready` is a regex or a function of a line of its output. `env` is the whole environment,
    `clean_environment()` if none is given. Ask a server for port 0 where it prints the port,
    and read that with `wait_for_line`; `free_port()` is for the others.
    """
    popen = subprocess.Popen(
        [str(part) for part in argv],
        env=clean_environment() if env is None else dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    process = ServerProcess(popen)
    try:
        process.wait_until_ready(ready, timeout)
        yield process
    finally:
        process.stop()


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without what configures Django or Sentry, and with `extra`."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(NOT_INHERITED)}
    return {**inherited, "PYTHONUNBUFFERED": "1", **extra}


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a process without coverage, which a signal's handler may interrupt.

    If that raises while coverage holds its own lock, the process hangs for ever.
    """
    return {k: v for k, v in environment.items() if not k.startswith("COVERAGE_")}


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
