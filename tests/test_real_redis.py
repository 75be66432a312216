"""Redis commands and cache accesses, with real clients on a real Redis."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("redis")

import redis
import redis.asyncio
import sentry_sdk
from django.core.cache.backends.redis import RedisCache

from sentry_app.testing import Events, capture_events
from tests.support.redis_server import redis_server

Record = Callable[..., Events]
Span = dict[str, Any]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of one node."""
    with redis_server(tmp_path_factory.mktemp("cluster"), cluster=True) as url:
        with redis.Redis.from_url(url) as node:
            node.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
            while node.cluster("INFO")["cluster_state"] != "ok":
                pass
        yield url


@pytest.fixture
def events() -> Iterator[Events]:
    with capture_events(REDIS_CACHE_PREFIXES=["cache:"]) as events:
        yield events


def spans(events: Events, work: Callable[[], Any]) -> list[Span]:
    """The spans of what ``work`` does."""
    with sentry_sdk.start_transaction(name="work"):
        work()
    return list(events.transactions[-1]["spans"])


def described(spans: list[Span], op: str = "db.redis") -> list[str]:
    return [span["description"] for span in spans if span["op"] == op]


def crumbs(events: Events) -> list[str]:
    sentry_sdk.capture_message("here")
    return [crumb["message"] for crumb in events.events[-1]["breadcrumbs"]["values"]]


def synchronous(client: Any) -> None:
    client.set("name", "ann")
    client.get("name")
    with client.pipeline() as pipeline:
        pipeline.set("name", "bea")
        pipeline.get("name")
        pipeline.execute()


async def asynchronous(client: Any) -> None:
    await client.set("name", "ann")
    await client.get("name")
    async with client.pipeline() as pipeline:
        await pipeline.set("name", "bea").get("name").execute()
    await client.aclose()


CLIENTS: dict[str, Callable[[str, str], Any]] = {
    "sync": lambda url, _: synchronous(redis.Redis.from_url(url)),
    "async": lambda url, _: asyncio.run(asynchronous(redis.asyncio.Redis.from_url(url))),
    "cluster": lambda _, url: synchronous(redis.RedisCluster.from_url(url)),
    "async cluster": lambda _, url: asyncio.run(asynchronous_cluster(url)),
}


async def asynchronous_cluster(url: str) -> None:
    await asynchronous(redis.asyncio.RedisCluster.from_url(url))


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_commands_are_spans_and_breadcrumbs(
    client: Callable[[str, str], Any], url: str, cluster_url: str, events: Events
) -> None:
    commands = ["SET 'name' [Filtered]", "GET 'name'", "redis.pipeline.execute"]
    found = spans(events, lambda: client(url, cluster_url))
    assert described(found)[-3:] == commands
    assert found[-1]["data"]["redis.commands"]["first_ten"] == commands[:2]
    assert crumbs(events)[-3:] == commands


def test_a_loop_is_one_breadcrumb(url: str, events: Events) -> None:
    client = redis.Redis.from_url(url)
    sentry_sdk.add_breadcrumb(message="before")
    for number in range(200):
        client.get(f"item:{number}")
    assert crumbs(events) == ["before", "GET 'item:199'"]
    assert events.events[-1]["breadcrumbs"]["values"][-1]["data"]["count"] == 200


def test_the_secrets_of_a_command_stay_here(url: str) -> None:
    password = secrets.token_urlsafe(18)
    client = redis.Redis.from_url(url)

    def work() -> None:
        client.hset("login", mapping={"password": password})
        client.get(f"password={password}")
        with client.pipeline() as pipeline:
            pipeline.hset("login", mapping={"password": password})
            pipeline.execute()

    with capture_events(SEND_DEFAULT_PII=True) as events:
        found = json.dumps([spans(events, work), crumbs(events), events.events])
    assert "HSET" in found
    assert password not in found


# Caches


def test_what_a_cache_prefix_tells(url: str, events: Events) -> None:
    client = redis.Redis.from_url(url)

    def work() -> None:
        client.set("cache:a", "12345", ex=10)
        client.set("cache:n", 12)
        client.get("cache:a")
        client.get("cache:none")
        client.mget("cache:a", "cache:none", "cache:n")
        client.mget("cache:none", "cache:neither")
        client.get("other")

    told = [
        (span["op"], span["data"].get("cache.hit"), span["data"].get("cache.item_size"))
        for span in spans(events, work)
        if span["op"].startswith("cache.")
    ]
    assert told == [
        ("cache.put", None, 5),
        ("cache.put", None, 2),
        ("cache.get", True, 5),
        ("cache.get", False, None),
        ("cache.get", True, 7),
        ("cache.get", False, None),
    ]


def test_an_asynchronous_cache_tells_the_same(url: str, events: Events) -> None:
    async def work() -> None:
        async with redis.asyncio.Redis.from_url(url) as client:
            await client.set("cache:a", "12345", ex=10)
            await client.get("cache:a")

    found = spans(events, lambda: asyncio.run(work()))
    sizes = [s["data"]["cache.item_size"] for s in found if s["op"].startswith("cache.")]
    assert sizes == [5, 5]


def django_cache(url: str) -> Any:
    return RedisCache(url, {"KEY_PREFIX": "cache"})


def django_redis_cache(url: str) -> Any:
    return pytest.importorskip("django_redis.cache").RedisCache(url, {"KEY_PREFIX": "cache"})


@pytest.mark.parametrize("backend", [django_cache, django_redis_cache])
def test_a_cache_of_django_is_one_too(
    backend: Callable[[str], Any], url: str, events: Events
) -> None:
    cache = backend(url)

    def work() -> None:
        cache.set("a", "hello", 10)
        assert cache.get("a") == "hello"
        assert cache.get("none") is None

    found = spans(events, work)
    assert described(found) == [
        "SET 'cache:1:a' [Filtered] [Filtered] [Filtered]",
        "GET 'cache:1:a'",
        "GET 'cache:1:none'",
    ]
    hits = [s["data"]["cache.hit"] for s in found if s["op"] == "cache.get"]
    assert hits == [True, False]


# Failures


def test_a_command_that_fails_ends_its_spans(url: str, events: Events) -> None:
    client = redis.Redis.from_url(url)

    def work() -> None:
        client.set("cache:a", "text")
        with pytest.raises(redis.ResponseError):
            client.lpush("cache:a", 1)
        client.lpush("cache:list", 1)
        with pytest.raises(redis.ResponseError):
            client.get("cache:list")
        with sentry_sdk.start_span(op="after", name="after"):
            pass

    found = spans(events, work)
    after, root = found[-1], events.transactions[-1]["contexts"]["trace"]["span_id"]
    assert (after["op"], after["parent_span_id"]) == ("after", root)
    # Older SDKs tell the status as a tag.
    failed = [s["description"] for s in found if (s | s.get("tags", {})).get("status")]
    assert failed == ["LPUSH 'cache:a' [Filtered]", "cache:list", "GET 'cache:list'"]


def test_an_asynchronous_command_that_fails_ends_its_span(url: str, events: Events) -> None:
    async def work() -> None:
        async with redis.asyncio.Redis.from_url(url) as client:
            await client.set("text", "text")
            with pytest.raises(redis.ResponseError):
                await client.lpush("text", 1)
            await client.get("text")

    found = spans(events, lambda: asyncio.run(work()))
    root = events.transactions[-1]["contexts"]["trace"]["span_id"]
    assert {span["parent_span_id"] for span in found if span["op"] == "db.redis"} == {root}
    assert described(found)[-2:] == ["LPUSH 'text' [Filtered]", "GET 'text'"]


def test_without_a_server_the_trace_stays_whole(events: Events) -> None:
    client = redis.Redis(port=1)

    def work() -> None:
        with pytest.raises(redis.ConnectionError):
            client.get("name")
        assert sentry_sdk.get_current_span() is sentry_sdk.get_current_scope().transaction

    assert described(spans(events, work)) == ["GET 'name'"]
