"""The budget that all processes and hosts share: it is counted in a Django cache (STORM_CACHE).

One atomic operation for each candidate. The connection is one of its own, with time limits that the
site's need not have. A cache that is slow or away is not asked again for a while, and then by one
thread: meanwhile each process goes by its own budget.
"""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from typing import Any

from django.core.cache import caches
from django.utils.module_loading import import_string

from sentry_app.interrupts import let_through

logger = logging.getLogger("sentry_app")

#: Seconds that one step of a call may take: to connect, or to get an answer.
STEP = 0.02
#: A call that took longer than this, in seconds, was slow.
SLOW = 0.05
#: Seconds for which a cache that was slow or away is not asked.
PAUSE = 30.0

_REDIS_URL = f"socket_timeout={STEP}&socket_connect_timeout={STEP}&retry_on_timeout=no"
_RETRIES = ("retry", "retry_on_error", "retry_on_timeout")


class CacheUnfit(Exception):
    """The cache cannot count for several processes."""


class Fleet:
    """Counts in the cache ``alias``; ``salt`` tells apart the sites that share it.

    A call runs in the context ``quiet``, so that nothing of it is monitored.
    """

    def __init__(
        self,
        alias: str,
        salt: str,
        quiet: Callable[[], AbstractContextManager[None]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._alias, self._salt, self._quiet = alias, salt, quiet
        self._monotonic, self._wall = monotonic, wall
        self.renew()

    def renew(self) -> None:
        """Connect anew, and ask again."""
        self._local = threading.local()  # not every backend may be used by several threads
        self._paused_until = 0.0

    def ends_in(self, seconds: int) -> float:
        """How long the window lasts that the clock is in."""
        return seconds - self._wall() % seconds

    def number(self, kind: Hashable, seconds: int) -> int | None:
        """Which of its kind this candidate is in the window; None if the cache does not say."""
        start = self._monotonic()
        if start < self._paused_until:
            return None
        was_paused = self._paused_until > 0
        if was_paused:  # the other threads wait for what this one finds
            self._paused_until = start + PAUSE
        try:
            number = self._asked(self._name(kind, seconds), 2 * seconds)
        except Exception as error:
            let_through(error)
            self._pause(type(error).__name__, was_paused)
            return None
        if self._monotonic() - start > SLOW:
            self._pause("slow", was_paused)
        else:
            self._paused_until = 0.0
        return number

    def _asked(self, name: str, timeout: int) -> int:
        with self._quiet():
            cache = self._cache()
            try:
                number = cache.incr(name)
            except ValueError:  # the first one of all
                number = 1 if cache.add(name, 1, timeout) else cache.incr(name)
        if type(number) is not int:
            raise CacheUnfit(f"{type(cache).__name__} counts {number!r}")
        return number

    def _name(self, kind: Hashable, seconds: int) -> str:
        window = int(self._wall() // seconds)
        told = repr((self._salt, kind, seconds)).encode("utf-8", "replace")
        digest = hashlib.blake2b(told, digest_size=16).hexdigest()
        return f"sentry_app.storm.{digest}.{window}"

    def _pause(self, why: str, again: bool) -> None:
        self._paused_until = self._monotonic() + PAUSE
        level = logging.DEBUG if again else logging.WARNING
        logger.log(level, "STORM_CACHE %r: %s; this process counts for itself", self._alias, why)

    def _cache(self) -> Any:
        cache = getattr(self._local, "cache", None)
        if cache is None:
            cache = self._local.cache = connection(self._alias)
        return cache


def connection(alias: str) -> Any:
    """A connection of our own to the cache, with time limits where its backend has them."""
    params = dict(caches.settings[alias])
    backend = import_string(params.pop("BACKEND"))
    names = {f"{base.__module__}.{base.__qualname__}" for base in backend.__mro__}
    location, options = params.pop("LOCATION", ""), dict(params.get("OPTIONS") or {})
    if "django.core.cache.backends.db.BaseDatabaseCache" in names:
        raise CacheUnfit("a query could break the transaction that the site is in")
    if "django.core.cache.backends.redis.RedisCache" in names:
        location = _impatient(location)
        options = {key: value for key, value in options.items() if key not in _RETRIES}
    elif "django_redis.cache.RedisCache" in names:
        location = _impatient(location)
        options["IGNORE_EXCEPTIONS"] = False
        pool = options.get("CONNECTION_POOL_KWARGS") or {}
        options["CONNECTION_POOL_KWARGS"] = {
            key: value for key, value in pool.items() if key not in _RETRIES
        }
    elif "django.core.cache.backends.memcached.PyMemcacheCache" in names:
        options |= {"connect_timeout": STEP, "timeout": STEP, "retry_attempts": 0}
    return backend(location, {**params, "OPTIONS": options})


def _impatient(location: Any) -> Any:
    """The URLs of Redis servers with time limits: there they win over any other options.

    By another URL django-redis takes another pool than the site's.
    """
    if isinstance(location, str):
        return ",".join(_impatient(re.split("[;,]", location)))
    return [f"{url}{'&' if '?' in url else '?'}{_REDIS_URL}" for url in location]
