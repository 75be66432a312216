"""Pages that fail with something among their variables, or told to Sentry, that hurts."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sentry_sdk
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.functional import SimpleLazyObject

from tests.urls import urlpatterns as others

MIB = 2**20
#: What the objects that hang wait for.
released = threading.Event()
#: Where a ``repr`` ran.
asked: list[str] = []


class Hurting(Exception):
    """What the pages raise."""


class Acting:
    """Has a ``repr`` that does something first."""

    act: Callable[[], Any]

    def __repr__(self) -> str:
        asked.append(threading.current_thread().name)
        return str(type(self).act())


def acting(name: str, act: Callable[[], Any]) -> Any:
    return type(name, (Acting,), {"act": staticmethod(act)})()


def raising(error: BaseException) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


def recursing() -> Any:
    return recursing()


@dataclass
class Basket:
    """Shows what it holds."""

    holds: Any


class OwnMapping(Mapping[str, Any]):
    """A mapping of the project's own, whose contents hang."""

    def __getitem__(self, key: str) -> Any:
        return released.wait(60)

    def __iter__(self) -> Iterator[str]:
        released.wait(60)
        return iter(["a"])

    def __len__(self) -> int:
        return 1


class SlowToSay(Exception):
    """An exception whose text hangs."""

    def __str__(self) -> str:
        return str(released.wait(60))


def nested(depth: int) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = {"in": [value]}
    return value


def wide(breadth: int, depth: int) -> Any:
    return [wide(breadth, depth - 1) for _ in range(breadth)] if depth else "leaf"


THINGS: dict[str, Callable[[], Any]] = {
    "sleeping": lambda: acting("Sleeping", lambda: released.wait(5)),
    "hanging": lambda: acting("Hanging", lambda: released.wait(60)),
    "mapping": OwnMapping,
    "huge-repr": lambda: acting("Huge", lambda: "x" * 50 * MIB),
    "exiting": lambda: acting("Exiting", raising(SystemExit(3))),
    "interrupting": lambda: acting("Interrupting", raising(KeyboardInterrupt())),
    "closing": lambda: acting("Closing", raising(GeneratorExit())),
    "recursing": lambda: acting("Recursing", recursing),
    "no-text": lambda: acting("NoText", lambda: None),
    "text": lambda: "x" * 20 * MIB,
    "bytes": lambda: b"x" * 20 * MIB,
    "bytearray": lambda: bytearray(20 * MIB),
    "list": lambda: list(range(3 * MIB)),
    "texts": lambda: ["x" * MIB] * 20,
    "dict": lambda: {str(number): "x" * 20 for number in range(MIB // 2)},
    "dict-of-texts": lambda: {"x" * MIB: "x" * MIB, "nested": {"deep": ["x" * 20 * MIB]}},
    "deep": lambda: nested(500),
    "wide": lambda: wide(12, 5),
    "bottom": lambda: [[[[[["x" * 20 * MIB]]]]]],
    "queryset": User.objects.all,
    "lazy": lambda: SimpleLazyObject(lambda: User.objects.count()),
    "asking": lambda: acting("Asking", lambda: User.objects.count()),
    "in-a-dataclass": lambda: Basket(User.objects.all()),
    "lazy-in-a-dataclass": lambda: Basket(SimpleLazyObject(lambda: User.objects.count())),
    "in-a-list-of-lists": lambda: [[[[[[User.objects.all()]]]]]],
    "lazy-in-lists": lambda: [[[[[[SimpleLazyObject(lambda: User.objects.count())]]]]]],
    "a-key": lambda: {acting("Asking", lambda: User.objects.count()): 1},
}


def variable(request: HttpRequest, name: str) -> HttpResponse:
    """Fails with the thing among its variables."""
    innermost = "shown"
    thing = THINGS[name]()
    raise Hurting(f"{type(thing).__name__} {innermost}")


async def async_variable(request: HttpRequest, name: str) -> HttpResponse:
    """The same without a thread."""
    thing = THINGS[name]()
    raise Hurting(type(thing).__name__)


def told(request: HttpRequest, name: str) -> HttpResponse:
    """Fails with the thing in whatever can be told to Sentry."""
    thing = THINGS[name]()
    sentry_sdk.set_extra("thing", thing)
    sentry_sdk.set_context("thing", {"thing": thing, "list": [thing]})
    sentry_sdk.set_tag("thing", thing)
    sentry_sdk.add_breadcrumb(message="thing", data={"thing": thing})
    sentry_sdk.set_user({"id": "7", "thing": thing})
    del thing
    raise Hurting("told")


def slow_variables(request: HttpRequest, name: str) -> HttpResponse:
    """Fails with many variables that are each a little slow."""
    return _deeper([acting(f"Slow{n}", lambda: time.sleep(0.01)) for n in range(9)], int(name))


def _deeper(slow: list[Any], left: int) -> HttpResponse:
    thing = [acting(f"Slow{left}", lambda: time.sleep(0.01)) for _ in range(9)]
    if left:
        return _deeper(thing, left - 1)
    raise Hurting("slow")


def breadcrumbs(request: HttpRequest, name: str) -> HttpResponse:
    """Fails after a hundred breadcrumbs of that many characters."""
    for number in range(100):
        sentry_sdk.add_breadcrumb(message=f"{number} {'x' * int(name)}", data={"n": number})
    raise Hurting("breadcrumbs")


def huge_message(request: HttpRequest, name: str) -> HttpResponse:
    raise Hurting("the start " + "x" * 20 * MIB)


def silent(request: HttpRequest, name: str) -> HttpResponse:
    """Captures an error whose text hangs; raised, it would hang in any log."""
    try:
        raise SlowToSay
    except SlowToSay:
        sentry_sdk.capture_exception()
    return HttpResponse("ok")


def recursion(request: HttpRequest, name: str) -> HttpResponse:
    """Fails so many frames deep."""
    return _recurse(int(name))


def _recurse(left: int) -> HttpResponse:
    if left:
        return _recurse(left - 1)
    raise Hurting("deep")


def chain(request: HttpRequest, name: str) -> HttpResponse:
    """Fails because of so many exceptions."""
    error: Exception = Hurting("the first")
    for number in range(int(name)):
        try:
            raise Hurting(f"number {number}") from error
        except Hurting as later:
            error = later
    raise Hurting("the last") from error


def group(request: HttpRequest, name: str) -> HttpResponse:
    """Fails with a group of so many."""
    raise ExceptionGroup("all", [Hurting(str(number)) for number in range(int(name))])  # noqa: F821


def many_things(request: HttpRequest, name: str) -> HttpResponse:
    """Fails with far too much of all that can be told."""
    for number in range(2_000):
        sentry_sdk.set_tag(f"tag{number}", "x" * 900)
        sentry_sdk.set_extra(f"extra{number}", "x" * 900)
        sentry_sdk.set_context(f"context{number}", {"a": "x" * 900, "b": ["x" * 900]})
    raise Hurting("many")


def signalled(request: HttpRequest, name: str) -> HttpResponse:
    """Fails with a variable whose ``repr`` sends this process a signal."""
    thing = acting("Signalling", lambda: os.kill(os.getpid(), getattr(signal, name)))
    raise Hurting(type(thing).__name__)


urlpatterns = [
    *others,
    *(
        path(f"hurts/{view.__name__}/<name>/", view)
        for view in (
            *(variable, async_variable, told, slow_variables, breadcrumbs, huge_message, silent),
            *(recursion, chain, group, many_things, signalled),
        )
    ),
]
