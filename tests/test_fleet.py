"""sentry_app.fleet: a budget that is counted in a Django cache, and what if there is none."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sentry_sdk
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from sentry_app import fleet
from sentry_app.fleet import Fleet
from sentry_app.testing import capture_events
from tests.test_storms import capture, held

pytestmark = pytest.mark.usefixtures("watched")

KIND = ("builtins", "ValueError")


class Clock:
    def __init__(self) -> None:
        self.now = 600.0

    def __call__(self) -> float:
        return self.now


class Watched(LocMemCache):
    """Notes what it is asked; may fail, or take its time."""

    asked: list[str] = []
    error: Exception | None = None
    clock: Clock | None = None
    seconds = 0.0

    def _note(self, operation: str) -> None:
        self.asked.append(operation)
        if self.clock is not None:
            self.clock.now += self.seconds
        if self.error is not None:
            raise self.error

    def add(self, *args: Any, **kw: Any) -> Any:
        self._note("add")
        return super().add(*args, **kw)

    def incr(self, *args: Any, **kw: Any) -> Any:
        self._note("incr")
        return super().incr(*args, **kw)


class Talkative(Watched):
    """Leaves what the SDK would notice."""

    def incr(self, *args: Any, **kw: Any) -> Any:
        with sentry_sdk.start_span(op="cache", name="incr"):
            sentry_sdk.add_breadcrumb(message="incr")
            logging.getLogger("shop.cache").error("incr")
            sentry_sdk.capture_exception(RuntimeError("incr"))
        return super().incr(*args, **kw)


class Nonsense(LocMemCache):
    """Swallows every error, as django-redis can."""

    def incr(self, *args: Any, **kw: Any) -> Any:
        return None


@pytest.fixture
def watched(settings: Any) -> Iterator[type[Watched]]:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "storms": {"BACKEND": "tests.test_fleet.Watched", "LOCATION": "storms"},
        "talkative": {"BACKEND": "tests.test_fleet.Talkative", "LOCATION": "storms"},
        "nonsense": {"BACKEND": "tests.test_fleet.Nonsense", "LOCATION": "storms"},
        "dummy": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        "database": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "storms",
        },
    }
    caches["storms"].clear()
    Watched.asked, Watched.error, Watched.clock, Watched.seconds = [], None, None, 0.0
    yield Watched
    Watched.error = Watched.clock = None
    caches["storms"].clear()


@contextmanager
def loud() -> Iterator[None]:
    yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


def shared(clock: Clock, alias: str = "storms", salt: str = "") -> Fleet:
    return Fleet(alias, salt, loud, monotonic=clock, wall=clock)


def test_processes_count_together(clock: Clock) -> None:
    one, other = shared(clock), shared(clock)
    assert [one.number(KIND, 60), other.number(KIND, 60), one.number(KIND, 60)] == [1, 2, 3]


def test_one_operation_for_each_and_one_more_for_the_first(clock: Clock) -> None:
    one = shared(clock)
    for _ in range(3):
        one.number(KIND, 60)
    assert Watched.asked == ["incr", "add", "incr", "incr"]


def test_kinds_windows_and_sites_are_counted_apart(clock: Clock) -> None:
    one = shared(clock)
    assert [one.number(KIND, 60), one.number(("other",), 60), one.number(KIND, 3600)] == [1, 1, 1]
    assert shared(clock, salt="another site").number(KIND, 60) == 1
    assert one.ends_in(60) == 60
    clock.now += 59
    assert (one.number(KIND, 60), one.ends_in(60)) == (2, 1)
    clock.now += 1
    assert one.number(KIND, 60) == 1


def test_a_window_is_forgotten(clock: Clock) -> None:
    shared(clock).number(KIND, 60)
    cache: Any = caches["storms"]
    expires = list(cache._expire_info.values())
    assert len(expires) == 1
    assert expires[0] is not None


@pytest.mark.parametrize("alias", ["storms", "nonsense", "database", "no such alias"])
def test_a_cache_that_is_away_is_not_asked_again_at_once(
    alias: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    Watched.error = ConnectionError("as asked")
    one = shared(clock, alias)
    assert [one.number(KIND, 60) for _ in range(3)] == [None] * 3
    assert len(Watched.asked) == (alias == "storms")
    assert caplog.text.count("this process counts for itself") == 1
    clock.now += fleet.PAUSE
    assert one.number(KIND, 60) is None
    assert len(Watched.asked) == 2 * (alias == "storms")
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1


def test_a_cache_that_is_back_is_asked_again(clock: Clock) -> None:
    Watched.error = ConnectionError("as asked")
    one = shared(clock)
    assert one.number(KIND, 60) is None
    Watched.error = None
    assert one.number(KIND, 60) is None
    clock.now += fleet.PAUSE
    assert [one.number(KIND, 60), one.number(KIND, 60)] == [1, 2]


def test_a_slow_cache_is_not_asked_again_at_once(clock: Clock) -> None:
    Watched.clock, Watched.seconds = clock, fleet.SLOW
    one = shared(clock)
    assert [one.number(KIND, 60), one.number(KIND, 60)] == [1, None]


def test_only_one_thread_tries_a_cache_that_was_away(clock: Clock) -> None:
    Watched.error = ConnectionError("as asked")
    one = shared(clock)
    one.number(KIND, 60)
    clock.now += fleet.PAUSE
    asked_meanwhile: list[int | None] = []

    class Nested(Exception):
        def __init__(self) -> None:
            asked_meanwhile.append(one.number(KIND, 60))

    Watched.error = None
    Watched.clock = None
    original = Watched._note
    try:
        Watched._note = lambda self, operation: (Nested(), original(self, operation))[1]  # type: ignore[method-assign]
        assert one.number(KIND, 60) == 1
    finally:
        Watched._note = original  # type: ignore[method-assign]
    assert set(asked_meanwhile) == {None}


def test_a_cache_that_keeps_nothing_lets_the_process_decide(clock: Clock) -> None:
    one = shared(clock, "dummy")
    assert [one.number(KIND, 60) for _ in range(3)] == [1, 1, 1]


def test_a_child_connects_anew_and_asks_at_once(clock: Clock) -> None:
    one = shared(clock)
    before = one._cache()
    Watched.error = ConnectionError("as asked")
    one.number(KIND, 60)
    Watched.error = None
    one.renew()
    assert one._cache() is not before
    assert one.number(KIND, 60) == 1


# What a connection is given


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("redis://a", "redis://a?"),
        ("redis://a/1?db=2", "redis://a/1?db=2&"),
        (["redis://a", "redis://b"], ["redis://a?", "redis://b?"]),
        ("redis://a;redis://b", "redis://a?,redis://b?"),
    ],
)
def test_redis_gets_time_limits_in_its_url(given: Any, expected: Any) -> None:
    limits = "socket_timeout=0.02&socket_connect_timeout=0.02&retry_on_timeout=no"
    found = fleet._impatient(given)
    texts = found if isinstance(found, list) else [found]
    shortened = [text.replace(limits, "") for text in texts]
    assert (shortened if isinstance(given, list) else shortened[0]) == expected


def test_the_limits_reach_djangos_redis(settings: Any) -> None:
    pytest.importorskip("redis")
    from redis.backoff import ConstantBackoff
    from redis.retry import Retry

    settings.CACHES |= {
        "redis": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
            "OPTIONS": {"socket_timeout": 30, "retry": Retry(ConstantBackoff(1), 9)},
        }
    }
    cache = fleet.connection("redis")
    pool = cache._cache.get_client(write=True).connection_pool
    assert pool.connection_kwargs["socket_timeout"] == fleet.STEP
    assert pool.connection_kwargs["socket_connect_timeout"] == fleet.STEP
    assert "retry" not in pool.connection_kwargs


def test_the_limits_reach_django_redis_and_not_the_sites_own_pool(settings: Any) -> None:
    pytest.importorskip("django_redis")
    settings.CACHES |= {
        "redis": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
            "OPTIONS": {
                "SOCKET_TIMEOUT": 30,
                "IGNORE_EXCEPTIONS": True,
                "CONNECTION_POOL_KWARGS": {"retry_on_timeout": True},
            },
        }
    }
    ours = fleet.connection("redis").client.get_client().connection_pool
    sites: Any = caches["redis"]
    theirs = sites.client.get_client().connection_pool
    assert (ours.connection_kwargs["socket_timeout"], ours is theirs) == (fleet.STEP, False)
    assert ours.connection_kwargs["retry_on_timeout"] is False
    assert theirs.connection_kwargs["socket_timeout"] == 30


def test_the_limits_reach_memcached(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    class PyMemcacheCache:
        """Stands for Django's, which needs a package."""

        def __init__(self, location: Any, params: Any) -> None:
            given.append((location, params))

    PyMemcacheCache.__module__ = "django.core.cache.backends.memcached"
    PyMemcacheCache.__qualname__ = "PyMemcacheCache"
    monkeypatch.setattr(fleet, "import_string", lambda path: PyMemcacheCache)
    params = {"BACKEND": "any", "LOCATION": "127.0.0.1:1", "TIMEOUT": 9}
    settings.CACHES |= {"memcached": params}
    fleet.connection("memcached")
    limits = {"connect_timeout": fleet.STEP, "timeout": fleet.STEP, "retry_attempts": 0}
    assert given == [("127.0.0.1:1", {"TIMEOUT": 9, "OPTIONS": limits})]


# With the SDK


def test_the_budget_of_the_settings_is_shared() -> None:
    with capture_events(STORM_LIMIT=3, STORM_CACHE="storms") as events:
        capture(2)
        assert len(events.events) == 2
    with capture_events(STORM_LIMIT=3, STORM_CACHE="storms") as events:  # as another process
        capture(9)
        assert len(events.events) == 1
        assert held() == 8
    assert Watched.asked.count("incr") == 4


def test_the_quota_of_an_hour_is_shared() -> None:
    sent = 0
    for _ in range(3):
        with capture_events(STORM_LIMIT=0, STORM_HOURLY_QUOTA=4, STORM_CACHE="storms") as events:
            capture(2)
            sent += len(events.events)
    assert sent == 4


def test_transactions_share_a_budget() -> None:
    sent = 0
    for _ in range(3):
        with capture_events(STORM_TRANSACTION_LIMIT=4, STORM_CACHE="storms") as events:
            for _ in range(2):
                with sentry_sdk.start_transaction(name="buy"):
                    pass
            sent += len(events.transactions)
    assert sent == 4


@pytest.mark.parametrize("error", [None, ConnectionError("as asked")])
def test_of_what_the_cache_does_nothing_is_monitored(error: Exception | None) -> None:
    Watched.error = error
    with capture_events(STORM_LIMIT=9, STORM_CACHE="talkative") as events:
        with sentry_sdk.start_transaction(name="work"):
            capture(2)
        sentry_sdk.capture_message("now")
        assert [event.get("message") or "error" for event in events.events] == [
            "error",
            "error",
            "now",
        ]
        assert events.transactions[0]["spans"] == []
        crumbs = events.events[-1].get("breadcrumbs", {}).get("values", [])
        assert [crumb["message"] for crumb in crumbs] == []
        assert Watched.asked != []
