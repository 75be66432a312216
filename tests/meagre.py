"""A process that has no more threads or files, gets a signal while it captures, or forks.

``python -m tests.meagre threads``; prints what it counts as lost, and ends without any clean-up.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

import _thread  # noqa: E402

import httpx  # noqa: E402
import sentry_sdk  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.utils.log import AdminEmailHandler  # noqa: E402

from sentry_app import outcomes  # noqa: E402
from tests.support.forks import forked  # noqa: E402


class TimeIsUp(Exception):
    """What the handler of a signal raises: an Exception, as Celery's SoftTimeLimitExceeded is."""


def no_threads() -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("can't start new thread")

    _thread.start_new_thread = refuse
    threading.Thread.start = refuse  # type: ignore[method-assign]


def no_mail() -> None:
    """Django 4.2 writes a mail to nobody, for which it imports modules and opens a file."""
    AdminEmailHandler.emit = lambda self, record: None  # type: ignore[method-assign]


def no_files() -> None:
    no_mail()
    get("/error/")  # what is imported when it is first needed
    sentry_sdk.flush(5)
    sentry_sdk.get_client().transport.inner._pool.clear()
    with open(os.devnull) as lowest_free:  # noqa: PTH123
        used = lowest_free.fileno()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))


def get(path: str) -> int:
    """The status of a real request."""
    with override_settings(ROOT_URLCONF="tests.hurting_urls"):
        transport = httpx.WSGITransport(app=get_wsgi_application(), raise_app_exceptions=False)
        with httpx.Client(transport=transport, base_url="http://testserver") as client:
            return client.get(path).status_code


def meagre(what: Callable[[], None]) -> dict[str, Any]:
    what()
    start = time.monotonic()
    statuses = [get("/error/") for _ in range(3)]
    seconds = time.monotonic() - start
    sentry_sdk.flush(5)
    lost = {" ".join(key): count for key, count in outcomes.snapshot().items()}
    return {"statuses": statuses, "lost": lost, "seconds": seconds}


def handled(number: int, frame: Any) -> None:
    raise TimeIsUp if number != signal.SIGTERM else SystemExit(3)


def signalled(name: str) -> dict[str, Any]:
    """Capture while signals arrive, as often as it takes; what the application saw each time."""
    number = getattr(signal, name)
    # For the first event the SDK lists what is installed; Python suppresses errors while it does.
    sentry_sdk.capture_message("first")
    signal.signal(number, handled)
    seen = []
    for pause in range(1, 41):
        timer = threading.Timer(pause / 4000, os.kill, (os.getpid(), number))
        try:
            _capture_until(timer)
        except BaseException as error:
            seen.append(type(error).__name__)
    return {"seen": seen}


def _capture_until(timer: threading.Timer) -> None:
    """For five seconds at most. In a function, since Python 3.13 has a hole in a nested ``try``."""
    timer.start()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            _fail(8)
        except ValueError:
            sentry_sdk.capture_exception()
    timer.join()


def _fail(depth: int) -> None:
    names = {"depth": depth, "list": list(range(20))}
    if depth:
        _fail(depth - 1)
    raise ValueError(f"as asked {len(names)}")


def hammered() -> dict[str, Any]:
    """Fork while two threads begin to capture; what they told, and how each child ended."""
    ended = threading.Event()
    told: list[str] = []

    def hammer(name: str) -> None:
        for number in range(2_000):
            if ended.is_set():
                return
            told.append(f"{name}-{number}")
            sentry_sdk.capture_message(told[-1])

    threads = [threading.Thread(target=hammer, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    names = [f"child-{number}" for number in range(20)]
    children = [forked(partial(_send, name)) for name in names]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    ended.set()
    for thread in threads:
        thread.join()
    sentry_sdk.flush(60)
    return {"told": sorted([*told, *names]), "statuses": statuses}


def _send(message: str) -> None:
    sentry_sdk.capture_message(message)
    sentry_sdk.flush(60)


def first_after_fork() -> dict[str, Any]:
    """What is imported by an event that is the first one after a fork."""
    no_mail()
    get("/")  # what Django and the tests import
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        os._exit(0)
    before = set(sys.modules)
    _capture()
    return {"imported": sorted(set(sys.modules) - before)}


def _capture() -> None:
    """An error, a transaction and a log, and wait until they are sent."""
    get("/error/")
    with sentry_sdk.start_transaction(name="sampled", sampled=True):
        sentry_sdk.logger.error("logged")
        sentry_sdk.capture_message("captured")
    sentry_sdk.flush(10)


#: What to do, by the name that is asked for; another name is that of a signal.
WHAT: dict[str, Callable[[], dict[str, Any]]] = {
    "threads": partial(meagre, no_threads),
    "files": partial(meagre, no_files),
    "forked": first_after_fork,
    "hammered": hammered,
}


def main(what: str) -> None:
    result = WHAT.get(what, partial(signalled, what))()
    os.write(1, json.dumps(result).encode())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
