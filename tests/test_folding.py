"""sentry_app.folding: which breadcrumbs say the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentry_app.folding import folded


def crumb(message: str, timestamp: int = 1, **data: Any) -> dict[str, Any]:
    command = message.split()[0]
    return {
        "category": "redis",
        "message": message,
        "timestamp": timestamp,
        "data": {"redis.command": command, **data},
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET 'a'", "GET 'a'"),
        ("GET 'item:1'", "GET 'item:2'"),
        ("GET 'item:9'", "GET 'item:10'"),
        ("GET b'1'", "GET b'2'"),
        (
            "GET 'u:7f3c0e6a-58a1-4a11-9a53-0c9f0d3b7c11'",
            "GET 'u:0b1d2c3e-0000-4111-8aaa-ffffffffffff'",
        ),
        ("redis.pipeline.execute", "redis.pipeline.execute"),
    ],
)
def test_what_a_loop_repeats_is_the_same(one: str, other: str) -> None:
    told = folded(crumb(one), crumb(other, 2))
    assert told is not None
    assert (told["message"], told["timestamp"]) == (other, 2)
    assert (told["data"]["count"], told["data"]["since"]) == (2, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET 'a'", "GET 'b'"),
        ("GET 'a'", "SET 'a' [Filtered]"),
        ("SET 'a' [Filtered]", "SET 'a' [Filtered] [Filtered]"),
    ],
)
def test_what_differs_is_not_the_same(one: str, other: str) -> None:
    assert folded(crumb(one), crumb(other)) is None


def test_another_category_between_them_ends_the_row() -> None:
    query = {"category": "query", "message": "GET 'a'", "data": {"redis.command": "GET"}}
    assert folded(query, crumb("GET 'a'")) is None


@given(st.lists(st.integers(0, 10**6), min_size=2))
def test_the_count_is_that_of_the_row(numbers: list[int]) -> None:
    last = crumb(f"GET 'item:{numbers[0]}'", 0)
    for time, number in enumerate(numbers[1:], 1):
        told = folded(last, crumb(f"GET 'item:{number}'", time))
        assert told is not None
        last = told
    assert last["message"] == f"GET 'item:{numbers[-1]}'"
    assert last["data"] == {"redis.command": "GET", "count": len(numbers), "since": 0}


def test_neither_is_changed() -> None:
    one, other = crumb("GET 'a'"), crumb("GET 'a'", 2)
    folded(one, other)
    assert (one, other) == (crumb("GET 'a'"), crumb("GET 'a'", 2))
