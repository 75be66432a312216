"""The Celery application of the test project, for a real worker."""

import os
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import django
import redis
import sentry_sdk
from celery import Celery
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
BROKER_URL = os.environ.get("BROKER_URL", "redis://127.0.0.1/0")
app = Celery("tests", broker=BROKER_URL)
FOREVER = threading.Event()
LONG_AGO = datetime(2000, 1, 1, tzinfo=timezone.utc)  # so that all is due at once
app.conf.beat_schedule = {
    "works": {
        "task": "tests.celery_app.inner",
        "schedule": crontab(minute=0, hour=0, day_of_month=1, month_of_year=1),
        "last_run_at": LONG_AGO,
    },
    "fails": {
        "task": "tests.celery_app.order",
        "args": (1,),
        "schedule": timedelta(hours=2),
        "last_run_at": LONG_AGO,
    },
    "noisy-works": {
        "task": "tests.celery_app.inner",
        "schedule": timedelta(hours=1),
        "last_run_at": LONG_AGO,
    },
}

django.setup()
from django.contrib.auth.models import User  # noqa: E402

from sentry_app import (  # noqa: E402
    sentry_add_breadcrumb,
    sentry_capture_message,
    sentry_set_user_context,
)


@dataclass
class Basket:
    """Shows what it holds."""

    holds: object


@app.task
def count(key: str) -> int:
    """Works, and calls Redis."""
    return int(redis.Redis.from_url(BROKER_URL).incr(key))


@app.task
def fail(order: int) -> None:
    """Fails."""
    raise ValueError(f"order {order} cannot be sent")


@app.task
def charge(card: dict, password: str) -> None:
    """Fails with secrets in its arguments, in Redis and in its message."""
    redis.Redis.from_url(BROKER_URL).hset("logins", mapping={"password": password})
    raise ValueError(f"login failed: password={password} {card}")


@app.task(bind=True, max_retries=1)
def give_up(self) -> None:
    """Is tried once more, then fails."""
    try:
        raise ConnectionError("no connection")
    except ConnectionError as error:
        raise self.retry(countdown=0, exc=error) from error


@app.task
def order(number: int) -> None:
    """Fails for a user, after a breadcrumb."""
    sentry_set_user_context(User(pk=number))
    sentry_add_breadcrumb("payment asked for")
    raise ValueError(f"order {number} cannot be paid")


@app.task
def two_events() -> None:
    """Says something, then fails."""
    sentry_capture_message("about to fail")
    raise ValueError("failed")


@app.task
def outer() -> None:
    """Enqueues another task."""
    inner.delay()


@app.task
def inner() -> None:
    """Works."""


@app.task(bind=True, max_retries=2, default_retry_delay=0)
def flaky(self) -> None:
    """Fails three times, each time with another reason."""
    try:
        raise ConnectionError(f"no answer to call {self.request.retries + 1}")
    except ConnectionError as error:
        raise self.retry(exc=error) from error


@app.task(soft_time_limit=1)
def soft() -> None:
    """Takes longer than its soft time limit."""
    FOREVER.wait(60)


@app.task(soft_time_limit=1)
def soft_while_capturing(seen: str) -> None:
    """Captures until its soft time limit, and says in the list ``seen`` that it saw that."""
    end = time.monotonic() + 30
    try:
        while time.monotonic() < end:
            try:
                raise ValueError("captured")
            except ValueError as error:
                scope = sentry_sdk.get_isolation_scope()
                scope.set_extra("much", [str(error)] * 10)
                sentry_sdk.capture_exception(error)
    except SoftTimeLimitExceeded:
        redis.Redis.from_url(BROKER_URL).rpush(seen, 1)


@app.task
def unevaluated() -> None:
    """Fails with what asks the database among its variables and in what it tells."""
    users = User.objects.all()
    basket = Basket(users)
    sentry_sdk.set_extra("basket", basket)
    sentry_sdk.set_context("basket", {"users": users, "basket": [basket]})
    raise ValueError("unevaluated")


@app.task(time_limit=1)
def hard() -> None:
    """Takes longer than its hard time limit."""
    FOREVER.wait(60)


@app.task
def wait(started: str) -> None:
    """Says in the list ``started`` that it runs, and never ends."""
    redis.Redis.from_url(BROKER_URL).rpush(started, 1)
    FOREVER.wait(60)


@app.task
def crash() -> None:
    """Ends its process without a word, once the tasks before it have told theirs."""
    sentry_sdk.flush()
    os._exit(3)


@app.task
def ignored() -> None:
    """Says that its result does not matter."""
    raise Ignore


@app.task(acks_late=True)
def rejected() -> None:
    """Sends its message back."""
    raise Reject("not here", requeue=False)


@app.task(throws=(KeyError,))
def expected() -> None:
    """Fails as it may."""
    raise KeyError("nobody")
