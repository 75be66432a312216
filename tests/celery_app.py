"""The Celery application of the test project, for a real worker."""

import os

import redis
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
BROKER_URL = os.environ.get("BROKER_URL", "redis://127.0.0.1/0")
app = Celery("tests", broker=BROKER_URL)


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
