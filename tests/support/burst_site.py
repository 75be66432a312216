"""A site whose pages capture errors and tell their ids; for gunicorn, Celery and as a command.

MONITORING says by what: "plug-in", configured by the environment as ever, or "bare", the SDK alone.
``python -m tests.support.burst_site COUNT SECONDS`` captures so many, with so long between two.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import uuid
from importlib.util import find_spec
from typing import Any

import django
import sentry_sdk
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

#: Seconds after which a child that does not end is killed.
PATIENCE = 10
CHILDREN = 10


def configure() -> None:
    """Set the site up, in a process that has none yet."""
    is_bare = os.environ["MONITORING"] == "bare"
    settings.configure(
        SECRET_KEY="tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[] if is_bare else ["sentry_app"],
    )
    if is_bare:
        sentry_sdk.init()
    django.setup()


def captured() -> str:
    """Capture an error; its id."""
    try:
        raise ValueError("as asked")
    except ValueError:
        return str(sentry_sdk.capture_exception())


def capture(request: HttpRequest, count: int) -> JsonResponse:
    """So many errors in one request."""
    return answer([captured() for _ in range(count)])


def fork(request: HttpRequest, hammers: int) -> JsonResponse:
    """Errors that wait while children are forked, each of which captures one.

    So many threads capture at the same moment, and so may hold a lock.
    """
    ids = [captured() for _ in range(20)]
    ended = threading.Event()

    def hammer() -> None:
        while not ended.is_set() and len(ids) < 80:
            ids.append(captured())

    threads = [threading.Thread(target=hammer) for _ in range(hammers)]
    for thread in threads:
        thread.start()
    for _ in range(CHILDREN):
        ids.append(forked())
    ended.set()
    for thread in threads:
        thread.join()
    return answer(ids)


def forked() -> str:
    """Capture in a child, which ends without exit handlers; the id."""
    event_id = uuid.uuid4().hex
    child = os.fork()
    if not child:
        sentry_sdk.capture_event({"event_id": event_id, "message": "child"})
        sentry_sdk.flush(PATIENCE)
        os._exit(0)
    patience = threading.Timer(PATIENCE, os.kill, (child, signal.SIGKILL))
    patience.start()
    os.waitpid(child, 0)
    patience.cancel()
    return event_id


def answer(ids: list[str]) -> JsonResponse:
    return JsonResponse({"ids": ids, "pid": os.getpid()})


urlpatterns = [
    path("capture/<int:count>/", capture),
    path("fork/<int:hammers>/", fork),
]

if "MONITORING" in os.environ and not settings.configured:
    configure()
    application = get_wsgi_application()

if os.environ.get("BROKER_URL") and find_spec("celery"):
    from celery import Celery

    app = Celery("burst", broker=os.environ["BROKER_URL"])

    @app.task(acks_late=True)
    def capture_one() -> None:
        """Push the id to the lists ``ids``, and ``news`` for who waits."""
        import redis

        event_id = captured()
        for told in ("ids", "news"):
            redis.Redis.from_url(os.environ["BROKER_URL"]).rpush(told, event_id)


def main(count: str, seconds: str) -> Any:
    """Capture, and print the ids."""
    for _ in range(int(count)):
        sys.stdout.write(f"{captured()}\n")
        sys.stdout.flush()
        time.sleep(float(seconds))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
