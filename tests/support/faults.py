"""What can go wrong between a site and Sentry while errors are captured, with real processes.

Each fault is a function of a :class:`Run` and of its length in seconds.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from tests.support import answers
from tests.support.processes import ServerProcess, clean_environment, run_server, unmeasured
from tests.support.sentry_server import SentryServer

#: Visitors at a time, and the seconds that each pauses between two pages.
VISITORS, PAUSE = 4, 0.1

GUNICORN = (
    *(sys.executable, "-m", "gunicorn", "tests.support.burst_site", "--bind=127.0.0.1:0"),
    # Two workers, and nothing in the home directory.
    *("--config=example_project/gunicorn.conf.py", "--graceful-timeout=10"),
)
UWSGI = (
    *(str(Path(sys.executable).with_name("uwsgi")), "--http-socket=127.0.0.1:0", "--need-app"),
    *("--master", "--processes=2", "--die-on-term", "--pythonpath=."),
    "--module=tests.support.burst_site",
)
READY = r"(?:Listening at: http://|bound to TCP address )(127\.0\.0\.1:\d+)"


class Outcome(NamedTuple):
    """How many events were captured, never accepted, and accepted once too often."""

    captured: int
    lost: int
    duplicated: int


class Run:
    """One site and one Sentry, and the ids that the site has told."""

    def __init__(
        self,
        sentry: SentryServer,
        monitoring: str,
        spool: Path | None,
        server: Sequence[str] = GUNICORN,
    ) -> None:
        self.sentry = sentry
        self.server = server
        self.captured: list[str] = []
        self._told = threading.Condition()
        self.environment = unmeasured(environment(sentry, monitoring, spool))
        self._stack = contextlib.ExitStack()
        self._process: ServerProcess | None = None
        self._url = ""

    def __enter__(self) -> Run:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, *options: str) -> None:
        """Serve the site, until the first page is there."""
        process = run_server([*self.server, *options], READY, env=self.environment)
        self._process = self._stack.enter_context(process)
        self._url = f"http://{self._process.wait_for_line(READY)[1]}"
        self.visit("capture/1")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the site by a signal; SIGKILL ends all its processes at once."""
        assert self._process is not None
        if number == signal.SIGKILL:
            self._process.kill()
        else:
            self._process.send_signal(number)
        self._process.wait()
        self._stack.close()

    def visit(self, page: str, timeout: float = 60) -> None:
        """Note the ids that a page tells; nothing if the site is gone."""
        with contextlib.suppress(OSError, HTTPException):
            response = urllib.request.urlopen(f"{self._url}/{page}/", timeout=timeout)
            with response, self._told:
                self.captured += json.load(response)["ids"]
                self._told.notify_all()

    @contextlib.contextmanager
    def visitors(self) -> Iterator[None]:
        """Errors are captured all the time, until the block ends."""
        ended = threading.Event()

        def visit() -> None:
            while not ended.wait(PAUSE):
                self.visit("capture/1")

        threads = [threading.Thread(target=visit) for _ in range(VISITORS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    def go_on(self, seconds: float) -> None:
        """Let the visitors capture for so long, and not only try to."""
        before = len(self.captured)
        time.sleep(seconds)
        with self._told:
            self._told.wait_for(lambda: len(self.captured) >= before + VISITORS, 60)

    def outcome(self, patience: float) -> Outcome:
        """What came of it, once all has arrived or ``patience`` seconds have passed."""
        wanted = set(self.captured)
        with contextlib.suppress(AssertionError):
            self.sentry.wait_for(lambda sentry: wanted <= set(sentry.accepted_ids), patience)
        self.stop()
        return outcome(self.captured, self.sentry.accepted_ids)


def environment(
    sentry: SentryServer, monitoring: str, spool: Path | None, **more: str
) -> dict[str, str]:
    """That of the site; ``monitoring`` is "bare" or "plug-in"."""
    return clean_environment(
        MONITORING=monitoring,
        SENTRY_DSN=sentry.dsn,
        SENTRY_RELEASE="burst@1.0",
        SENTRY_TRACES_SAMPLE_RATE="0",
        # Each of these many equal errors counts here.
        SENTRY_STORM_LIMIT="0",
        **({"SENTRY_SPOOL_DIR": str(spool)} if spool else {}),
        **more,
    )


def outcome(captured: list[str], accepted: list[str]) -> Outcome:
    """Compare the ids that the site told with those that Sentry accepted."""
    times = Counter(accepted)
    repeated = sum(count - 1 for count in times.values())
    return Outcome(len(captured), len(set(captured) - set(times)), repeated)


# Faults of Sentry.


def away(run: Run, length: float) -> None:
    """Nobody listens for a while."""
    with run.visitors():
        run.go_on(length / 5)
        run.sentry.go_away()
        run.go_on(length)
        run.sentry.come_back()
        run.go_on(length / 5)


def away_until_restart(run: Run, length: float) -> None:
    """Nobody listens until the site was started anew."""
    run.sentry.go_away()
    with run.visitors():
        run.go_on(length)
    run.stop()
    run.sentry.come_back()
    run.start()


def answering(answer: answers.Answer, run: Run, length: float) -> None:
    """Sentry answers so for a while, then as ever."""
    with run.visitors():
        run.go_on(length / 5)
        run.sentry.answer = answer
        run.go_on(length)
        run.sentry.answer = answers.ok
        run.go_on(length / 5)


def too_many(run: Run, length: float) -> None:
    """429 with Retry-After."""
    limited = answers.status(429, headers={"Retry-After": str(max(1, round(length)))})
    answering(limited, run, length)


def too_many_without_a_word(run: Run, length: float) -> None:
    """429 that does not say how long."""
    answering(answers.status(429), run, length)


def over_quota(run: Run, length: float) -> None:
    """429 with X-Sentry-Rate-Limits for errors."""
    limits = f"{max(1, round(length))}:error:organization:quota"
    answering(answers.status(429, headers={"X-Sentry-Rate-Limits": limits}), run, length)


def flapping(run: Run, length: float) -> None:
    """Now well, now 500, 502 or 503."""
    codes = [answers.status(code) for code in (500, 502, 503)]
    answering(answers.in_turn(*codes, answers.ok), run, length)


def broken(run: Run, length: float) -> None:
    """Hangs up before the answer or in the middle of the request, or answers nonsense."""
    answering(answers.in_turn(answers.drop, answers.garbage), run, length / 2)
    answering(answers.DropMidBody(), run, length / 2)


def hanging(run: Run, length: float) -> None:
    """Takes every request and says nothing."""
    released = threading.Event()
    answering(answers.hang_until(released), run, length)
    released.set()


def slow(run: Run, length: float) -> None:
    """Takes half a second for each."""
    answering(answers.slow(0.5), run, length)


def answer_lost(run: Run, length: float) -> None:
    """One event is accepted, but the answer gets lost."""
    run.sentry.wait_for(lambda sentry: set(run.captured) <= set(sentry.accepted_ids), 30)
    run.sentry.answer = answers.take_and_drop
    run.visit("capture/1")
    run.sentry.wait_for(lambda sentry: run.captured[-1] in sentry.accepted_ids, 30)
    run.sentry.answer = answers.ok


# Faults of the site.


def ended_by(number: int, run: Run, length: float) -> None:
    """A signal in the middle of a burst, while Sentry is not the fastest."""
    run.sentry.answer = answers.slow(0.2)
    with run.visitors():
        run.go_on(length)
        run.stop(number)
    run.sentry.answer = answers.ok
    run.start()


def sigterm(run: Run, length: float) -> None:
    """SIGTERM, as in each deploy."""
    ended_by(signal.SIGTERM, run, length)


def sigkill(run: Run, length: float) -> None:
    """SIGKILL, as for want of memory."""
    ended_by(signal.SIGKILL, run, length)


def recycled(run: Run, length: float) -> None:
    """Workers that end after some requests each."""
    run.stop()
    run.start("--max-requests=10")
    run.sentry.answer = answers.slow(0.1)
    with run.visitors():
        run.go_on(length)
    run.sentry.answer = answers.ok


def two_thousand(run: Run, length: float) -> None:
    """2,000 errors at once."""
    run.visit("capture/2000", timeout=300)


def fork(run: Run, length: float) -> None:
    """Children are forked while errors wait."""
    run.sentry.answer = answers.slow(0.05)
    run.visit("fork/0", timeout=300)


def fork_with_held_lock(run: Run, length: float) -> None:
    """Children are forked while two threads capture."""
    run.visit("fork/2", timeout=300)


Fault = Callable[[Run, float], None]
FAULTS: tuple[Fault, ...] = (
    away,
    away_until_restart,
    too_many,
    too_many_without_a_word,
    over_quota,
    flapping,
    broken,
    hanging,
    slow,
    answer_lost,
    sigterm,
    sigkill,
    recycled,
    two_thousand,
    fork,
    fork_with_held_lock,
)
