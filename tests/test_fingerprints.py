"""sentry_app.fingerprints: which events are of one kind."""

from __future__ import annotations

import builtins
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.utils.module_loading import import_string

from sentry_app.fingerprints import Key, of_error, of_event, of_log, of_transaction


class Wrapped(Exception):
    """What one place raises for many reasons."""


def caught(work: Callable[[], Any]) -> Exception:
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def first() -> None:
    raise ValueError("one")


def second() -> None:
    raise ValueError("one")


def either(number: int) -> None:
    if number:
        raise ValueError("one")
    raise ValueError("two")


def in_a_library(name: str) -> None:
    import_string(name)


def in_another_function(name: str) -> None:
    import_string(name)


def wrapped(work: Callable[[], Any]) -> None:
    try:
        work()
    except Exception as error:
        raise Wrapped from error


def while_handling(work: Callable[[], Any]) -> None:
    try:
        work()
    except Exception:
        raise Wrapped  # noqa: B904


def kind(work: Callable[[], Any]) -> Key:
    return of_error(caught(work))


def test_the_class_and_the_place_make_a_kind() -> None:
    assert kind(first) == kind(first)
    assert kind(first) != kind(second)
    assert kind(lambda: either(1)) != kind(lambda: either(0))


def test_the_text_does_not() -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    kinds = {kind(lambda text=text: fail(text)) for text in "abc"}  # type: ignore[misc]
    assert len(kinds) == 1


def test_the_place_is_the_projects_own_and_that_in_the_library() -> None:
    kinds = {
        kind(lambda: in_a_library("no_such.thing")),
        kind(lambda: in_another_function("no_such.thing")),
        kind(lambda: in_a_library("nothing")),  # raised elsewhere in Django
    }
    assert len(kinds) == 3


def test_where_it_was_caught_does_not_matter() -> None:
    def deep(depth: int) -> None:
        deep(depth - 1) if depth else first()

    assert kind(lambda: deep(0)) == kind(lambda: deep(7))


def test_an_error_that_goes_on_stays_of_its_kind() -> None:
    kinds = []

    def note_and_raise() -> None:
        try:
            in_a_library("no_such.thing")
        except ImportError as error:
            kinds.append(of_error(error))
            raise

    kinds.append(kind(note_and_raise))
    assert kinds[0] == kinds[1]


def test_what_it_was_raised_from_counts_but_not_what_was_handled() -> None:
    assert kind(lambda: wrapped(first)) != kind(lambda: wrapped(second))
    assert kind(lambda: while_handling(first)) == kind(lambda: while_handling(second))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs ExceptionGroup")
def test_of_a_group_the_first_member_counts() -> None:
    def group(work: Callable[[], Any]) -> None:
        raise builtins.ExceptionGroup("tasks", [caught(work), ValueError()])  # type: ignore[attr-defined,unused-ignore]

    assert kind(lambda: group(first)) == kind(lambda: group(first))
    assert kind(lambda: group(first)) != kind(lambda: group(second))


def test_a_circle_of_causes_ends() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert of_error(one)[:2] == ("builtins", "ValueError")


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert of_error(ValueError()) == ("builtins", "ValueError")
    assert of_error(ObjectDoesNotExist())[1] == "ObjectDoesNotExist"


def test_an_error_that_is_raised_again_and_again_costs_no_more() -> None:
    error = ValueError()
    for _ in range(2000):
        try:
            raise error
        except ValueError:
            pass
    assert of_error(error)[1] == "ValueError"


def record(message: Any, *args: Any, name: str = "shop", line: int = 1) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "/srv/shop.py", line, message, args, None)


def test_of_a_log_the_logger_the_template_and_the_place_count() -> None:
    assert of_log(record("order %d", 1)) == of_log(record("order %d", 2))
    others = [
        record("parcel %d", 1),
        record("order %d", 1, name="warehouse"),
        record("order %d", 1, line=2),
    ]
    kinds = {of_log(one) for one in [record("order %d", 1), *others]}
    assert len(kinds) == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 17 failed", "order 4711 failed"),
        ("at 2026-11-24T10:00:00 failed", "at 2027-01-02T03:04:05 failed"),
        ("task 7d1e4b6e-0b7c-4f43-9d6a-0c1f2f1f8a11", "task 0b7c4f43-7d1e-4b6e-8a11-9d6a0c1f2f1f"),
    ],
)
def test_numbers_in_a_text_do_not_count(one: str, other: str) -> None:
    assert of_log(record(one)) == of_log(record(other))


def test_what_is_logged_need_not_be_a_text() -> None:
    assert of_log(record(ValueError("a"))) == of_log(record(ValueError("b")))


def test_of_a_log_with_an_exception_that_counts() -> None:
    error = caught(first)
    one = record("order failed")
    one.exc_info = (type(error), error, error.__traceback__)
    assert of_log(one) == of_error(error)


def test_what_tells_the_kind_of_an_event() -> None:
    error = caught(first)
    one = record("order %d", 1)
    assert of_event({}, {"exc_info": (ValueError, error, None)}) == of_error(error)
    assert of_event({}, {"log_record": one}) == of_log(one)
    assert of_event({"message": "hello"}, {}) != of_event({"message": "bye"}, {})
    assert of_event({"logentry": {"message": "hello"}}, {}) == of_event({"message": "hello"}, {})
    assert of_event({"exception": {"values": []}}, {}) is None


def test_transactions_go_by_their_name() -> None:
    assert of_transaction("/shop/") == of_transaction("/shop/") != of_transaction("/")
