"""What the SDK's Redis integration gets wrong.

* A command that fails leaves its span open and current: it is never sent, and every later span of
  the request hangs from it. SDKs 2.35 to 2.75 at least.
* The size of a cache item that is set with a time to live is not told, nor that of a number.
* MGET is a hit also if nothing was found, and its size is that of the list's text.

The private parts that are used, and what they have to be:

``execute_command``
    of redis-py's clients, replaced by the SDK's, which enters one or two spans of the current
    scope.
``_sync_common``, ``_async_common``
    modules that call their own globals ``_compile_cache_span_properties(name, args, kwargs,
    integration)``, which returns a dict with ``redis_command`` and ``value``, and
    ``_set_cache_data(span, client, properties, value)``.

Where one is missing, the SDK does what it does.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from importlib import import_module
from typing import Any

import sentry_sdk
from sentry_sdk.integrations import Integration

#: Where the value stands in the arguments of a command.
_VALUE_AT = {"set": 1, "setex": 2}

_ITEM_SIZE = "cache.item_size"


class RedisRepairs(Integration):
    """Corrects the SDK's Redis integration; has to stand after it in the list."""

    identifier = "redis_repairs"

    @staticmethod
    def setup_once() -> None:
        """Wrap what the SDK has wrapped; does nothing without redis."""
        for cls in _clients("redis", "Redis", "RedisCluster"):
            cls.execute_command = _ends_spans(cls.execute_command)
        for cls in _clients("redis.asyncio", "Redis", "RedisCluster"):
            cls.execute_command = _ends_spans_async(cls.execute_command)
        for name in ("_sync_common", "_async_common"):
            with suppress(ImportError, AttributeError):
                module: Any = import_module(f"sentry_sdk.integrations.redis.{name}")
                module._compile_cache_span_properties = _with_value(
                    module._compile_cache_span_properties
                )
                module._set_cache_data = _with_found(module._set_cache_data)


def _clients(module: str, *names: str) -> Iterator[Any]:
    with suppress(ImportError):
        found = import_module(module)
        yield from (getattr(found, name) for name in names if hasattr(found, name))


def _ends_spans(execute: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(execute)
    def execute_command(self: Any, *args: Any, **options: Any) -> Any:
        scope = sentry_sdk.get_current_scope()
        before = scope.span
        try:
            return execute(self, *args, **options)
        except BaseException:
            _end_spans(scope, before)
            raise

    return execute_command


def _ends_spans_async(execute: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(execute)
    async def execute_command(self: Any, *args: Any, **options: Any) -> Any:
        scope = sentry_sdk.get_current_scope()
        before = scope.span
        try:
            return await execute(self, *args, **options)
        except BaseException:
            _end_spans(scope, before)
            raise

    return execute_command


def _end_spans(scope: sentry_sdk.Scope, before: Any) -> None:
    """End the spans that a failed command has left open; ``before`` was current before it."""
    for _ in range(2):  # the command's, and that of the cache access around it
        span = scope.span
        if span is None or span is before:
            return
        with suppress(Exception):
            span.__exit__(*sys.exc_info())


def _with_value(compile_properties: Callable[..., Any]) -> Callable[..., Any]:
    """The value of SET, which the SDK takes for the last argument: with EX that is the time."""

    @wraps(compile_properties)
    def properties(name: str, args: Any, kwargs: Any, integration: Any) -> Any:
        told = compile_properties(name, args, kwargs, integration)
        at = _VALUE_AT.get(name.lower(), len(args))
        if at < len(args):
            value = args[at]
            told["value"] = str(value) if isinstance(value, (int, float)) else value
        return told

    return properties


def _with_found(set_cache_data: Callable[..., Any]) -> Callable[..., Any]:
    """What MGET has found of all that was asked for, and the size of that."""

    @wraps(set_cache_data)
    def set_data(span: Any, client: Any, properties: Any, value: Any) -> None:
        if not isinstance(value, list):
            set_cache_data(span, client, properties, value)
            return
        found = [item for item in value if item is not None]
        set_cache_data(span, client, properties, found or None)
        if found and hasattr(span, "set_data"):
            span.set_data(_ITEM_SIZE, sum(map(_size, found)))

    return set_data


def _size(item: Any) -> int:
    return len(item) if isinstance(item, bytes) else len(str(item).encode())
