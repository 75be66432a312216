"""The contract with the SDK's Redis integration. A failure here means: the SDK has changed."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("redis")

import redis
import sentry_sdk
from sentry_sdk.integrations.redis import RedisIntegration, _async_common, _sync_common

from sentry_app.seams import redis as seams
from sentry_app.testing import capture_events

MODULES = (_sync_common, _async_common)


@pytest.mark.parametrize("module", MODULES)
def test_the_sdk_has_the_functions_that_are_wrapped(module: Any) -> None:
    compiled = inspect.unwrap(module._compile_cache_span_properties)
    assert [*inspect.signature(compiled).parameters][-3:] == ["args", "kwargs", "integration"]
    assert [*inspect.signature(inspect.unwrap(module._set_cache_data)).parameters] == [
        "span",
        "redis_client",
        "properties",
        "return_value",
    ]


@pytest.mark.parametrize("module", MODULES)
def test_the_properties_have_the_value(module: Any) -> None:
    told = module._compile_cache_span_properties("SET", ("key", "v"), {}, RedisIntegration())
    assert (told["redis_command"], told["value"]) == ("set", "v")


@pytest.mark.parametrize(
    ("command", "args", "value"),
    [
        ("SET", ("key", "v", "EX", 10), "v"),
        ("SET", ("key", 5), "5"),
        ("SET", ("key", b"v", "PX", 10, "NX"), b"v"),
        ("SETEX", ("key", 10, "v"), "v"),
        ("SET", ("key",), "key"),
        ("GET", ("key",), None),
    ],
)
def test_the_value_of_a_set(command: str, args: tuple[Any, ...], value: Any) -> None:
    properties = seams._with_value(lambda name, args, kwargs, _: {"value": _unpatched(name, args)})
    assert properties(command, args, {}, None)["value"] == value


def _unpatched(name: str, args: tuple[Any, ...]) -> Any:
    return args[-1] if name in ("SET", "SETEX") else None


def test_the_sdk_leaves_the_span_of_a_failed_command_open() -> None:
    """Once this fails, ``_ends_spans`` can go."""

    class Client:
        connection_pool = SimpleNamespace(connection_kwargs={})

        def execute_command(self, *args: Any, **options: Any) -> None:
            raise redis.ResponseError

    _sync_common.patch_redis_client(Client, is_cluster=False, set_db_data_fn=lambda *_: None)
    with capture_events(), sentry_sdk.start_transaction(name="work") as transaction:
        with pytest.raises(redis.ResponseError):
            Client().execute_command("GET", "key")
        scope = sentry_sdk.get_current_scope()
        assert scope.span is not transaction
        seams._end_spans(scope, transaction)
        assert scope.span is transaction
        Client.execute_command = seams._ends_spans(Client.execute_command)  # type: ignore
        with pytest.raises(redis.ResponseError):
            Client().execute_command("GET", "key")
        assert scope.span is transaction


def test_without_redis_nothing_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(seams, "import_module", missing)
    before = redis.Redis.execute_command
    seams.RedisRepairs.setup_once()
    assert redis.Redis.execute_command is before
