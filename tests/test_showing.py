"""sentry_app.showing: what is shown of values, and the threads in which they are asked."""

from __future__ import annotations

import os
import queue
import threading
from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

import pytest
from django.template import Context
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st

from sentry_app.showing import NOT_SHOWN, Budget, Showing, Told, helpers, message
from sentry_app.showing.harmless import has_harmless_text, is_harmless
from sentry_app.showing.texts import cut, head
from tests.support.forks import needs_fork


def shown(value: Any, depth: int = 5, **more: Any) -> Any:
    showing = Showing(Budget(10), repr, **more)
    found = showing.show(value, depth)
    showing.hear()
    return found


class Foreign:
    def __repr__(self) -> str:
        return "foreign"


class OwnDict(UserDict[str, Any]):
    def __iter__(self) -> Iterator[str]:
        return iter(["own"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Foreign(), "foreign"),
        ({"a": [Foreign()]}, "{'a': [foreign]}"),
        ({Foreign(): 1}, "{foreign: 1}"),
        (OrderedDict(a=Foreign()), "{'a': foreign}"),
        ({Foreign(): (Foreign(), {1})}, "{foreign: [foreign, {1}]}"),
        (OwnDict(a=1), "{'a': 1}"),
        ([[[[[[1, "a"]]]]]], "[[[[[[1, 'a']]]]]]"),
        ([[[[[[Foreign()]]]]]], "[[[[[[foreign]]]]]]"),
        ([[[[[list(range(999))]]]]], "[[[[[<list with 999 entries>]]]]]"),
        ("x" * 1_000, repr("x" * 1_000)),
        (bytearray(2 * 10**6), None),
    ],
)
def test_what_stands_for_a_value(value: Any, expected: str | None) -> None:
    found = repr(shown(value, as_repr=True))
    assert found == expected if expected is not None else "2,000,000 bytes" in found


@pytest.mark.parametrize(
    "value", [None, 7, "text", [1, {"a": (2, {3})}], ValueError("a"), "x".upper, len, Foreign]
)
def test_what_is_harmless_is_left_as_it_is(value: Any) -> None:
    assert shown(value) is value


@pytest.mark.parametrize("value", [Foreign(), Foreign().__repr__, ValueError(Foreign())])
def test_what_is_not(value: Any) -> None:
    assert not is_harmless(value)


@given(st.text(max_size=300), st.integers(1, 200))
def test_a_cut_text_is_the_start_of_it(text: str, limit: int) -> None:
    assert text.startswith(head(text, limit))
    assert len(head(text, limit)) <= limit
    assert cut(text, limit) == text or len(text) > limit


def test_no_half_of_a_word_is_left() -> None:
    secret = "pa55" + "word" * 50
    assert "pa55" not in head(f"the start {secret} the end", 60)


def untouched() -> SimpleLazyObject:
    return SimpleLazyObject(lambda: pytest.fail("it was evaluated"))


def loaded(value: Any) -> SimpleLazyObject:
    lazy = SimpleLazyObject(lambda: value)
    assert lazy == value
    return lazy


@pytest.mark.parametrize(
    "wrap",
    [
        lambda user: user,
        lambda user: {"user": user},
        lambda user: [1, {"user": (user,)}],
        lambda user: Context({"user": user}),
    ],
    ids=["itself", "dict", "nested", "template context"],
)
def test_a_lazy_object_is_not_evaluated(wrap: Callable[[Any], Any]) -> None:
    assert "<SimpleLazyObject: not loaded>" in repr(shown(wrap(untouched())))


def test_one_that_is_loaded_is_shown() -> None:
    assert repr(shown({"user": loaded(Foreign())})) == "{'user': foreign}"


def test_a_lazy_object_far_down_is_not_evaluated() -> None:
    assert repr(shown([untouched()], depth=0)) == "<list with 1 entries>"


def test_a_loop_ends() -> None:
    loop: dict[str, Any] = {"user": untouched()}
    loop["self"] = loop
    assert "not loaded" in repr(shown(loop)["user"])


def test_one_object_is_asked_once() -> None:
    asked: list[Any] = []
    budget, thing = Budget(), Foreign()
    for _ in range(3):
        showing = Showing(budget, lambda value: asked.append(value) or "asked")
        found = showing.show([thing], 5)
        showing.hear()
        assert repr(found) == "[asked]"
    assert asked == [thing]


def test_a_budget_that_is_spent_asks_nobody() -> None:
    showing = Showing(Budget(0.0), lambda value: pytest.fail("asked"))
    found = showing.show(Foreign(), 5)
    showing.hear()
    assert repr(found) == NOT_SHOWN


@pytest.fixture
def stuck() -> Iterator[Callable[[], str]]:
    """A job that does not return before the test is over."""
    released = threading.Event()

    def job() -> str:
        released.wait(60)
        return "late"

    yield job
    released.set()


def run(*jobs: Callable[[], str], timeout: float = 5.0, name: Any = "a") -> list[str]:
    return helpers.run(jobs, copy_context(), timeout, [name] * len(jobs))


def test_jobs_run_in_another_thread() -> None:
    here = threading.get_ident()
    assert run(lambda: str(threading.get_ident() != here), lambda: "b") == ["True", "b"]


def test_a_thread_is_used_again() -> None:
    (first,), (second,) = (
        run(lambda: str(threading.get_ident())),
        run(lambda: str(threading.get_ident())),
    )
    assert first == second


def test_what_came_before_the_one_that_hangs_is_kept(stuck: Callable[[], str]) -> None:
    assert run(lambda: "a", stuck, lambda: "c", timeout=0.05, name="kind") == ["a"]
    assert helpers.is_stuck("kind")
    assert not helpers.is_stuck("another")


def test_no_more_threads_than_that_are_ever_stuck(stuck: Callable[[], str]) -> None:
    for _ in range(helpers.MOST_STUCK + 3):
        run(stuck, timeout=0.01)
    assert len(helpers._stuck) <= helpers.MOST_STUCK
    assert run(lambda: "a") == []


def test_a_thread_that_returns_is_free_again() -> None:
    released, is_done = threading.Event(), threading.Event()

    def job() -> str:
        released.wait(60)
        return "late"

    helpers._stuck.clear()
    run(job, timeout=0.01, name="once")
    assert helpers.is_stuck("once")
    (helper,) = [helper for helper, name in helpers._stuck.items() if name == "once"]
    released.set()
    helper.give(helpers.Batch([lambda: str(is_done.set())], copy_context()))
    assert is_done.wait(10)
    assert not helpers.is_stuck("once")


def test_without_a_thread_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> Any:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    helpers._idle.clear()
    assert repr(shown(Foreign())) == NOT_SHOWN


def test_a_thread_waits_as_gevent_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # It replaces the queue's class in its module, and threads by greenlets: in one of these the
    # queue of before would stop all of them.
    made = []

    class Cooperative(queue.SimpleQueue[Any]):
        def get(self, *args: Any, **kwargs: Any) -> Any:
            made.append(self)
            return super().get(*args, **kwargs)

    monkeypatch.setattr("queue.SimpleQueue", Cooperative)
    helpers._idle.clear()
    assert run(lambda: "told") == ["told"]
    assert made


def test_a_thread_that_nobody_needs_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(helpers, "IDLE", 0.01)
    took = helpers._took

    def noted(helper: Any) -> bool:
        result = took(helper)
        if result:
            ended.set()
        return result

    monkeypatch.setattr(helpers, "_took", noted)
    helpers._idle.clear()
    run(lambda: "a")
    assert ended.wait(10)
    assert run(lambda: "b") == ["b"]


@needs_fork
def test_a_forked_process_has_threads_of_its_own() -> None:
    run(lambda: "a")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if run(lambda: "b") == ["b"] else 1)
    assert os.waitpid(pid, 0)[1] == 0


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class Detailed(Exception):
    detail = Foreign()


class Telling(Exception):
    def __init__(self, message: Any) -> None:
        self.message = message


class Hiding(Exception):
    args = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "a"


class Guarded(Exception):
    @property
    def args(self) -> Any:  # type: ignore[override]
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *((error, True) for error in (ValueError("a"), KeyError(1), OSError(2, "a"), None)),
        *((error, True) for error in (ModuleNotFoundError("a", name="a"), Telling("a"))),
        *((error, False) for error in (Mute(), ValueError(Foreign()), Detailed("a"))),
        *((error, False) for error in (Hiding(), Guarded("a"))),
        *((error, False) for error in (Telling(Foreign()), ValueError("x" * 20_000))),
    ],
)
def test_whose_text_is_harmless(error: Any, expected: bool) -> None:
    assert has_harmless_text(error) is expected


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("a"), "a"),
        (Guarded("a"), "a"),
        (KeyError("a"), "'a'"),
        (ValueError(Foreign()), "foreign"),
        (Mute(), "<not shown: Mute.__str__ raised ValueError>"),
        (None, "None"),
    ],
)
def test_what_an_exception_says(error: Any, text: str) -> None:
    assert message(error) == text


def test_a_stand_in_is_its_text() -> None:
    assert str(Told("a")) == "a"
