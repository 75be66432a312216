"""sentry_app.typed_names: what was typed at a failed login goes, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from sentry_app.typed_names import forget, typed_names


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ({"username": "ann", "password": "*" * 20}, {"ann"}),
        ({"email": "ann@shop.com", "otp": 123456, "request": None}, {"ann@shop.com"}),
        ({"username": "a"}, set()),
        ({}, set()),
    ],
)
def test_the_names_in_the_credentials(credentials: Any, expected: set[str]) -> None:
    assert typed_names(credentials) == expected


def test_whole_words_go_wherever_one_may_be_told() -> None:
    other = object()
    frame = {"vars": {"name": "'ann'", "pair": ("ann", other)}, "function": "ann", "lineno": 3}
    event: dict[str, Any] = {
        "request": {"data": {"username": "ann", "city": "annapolis"}, "query_string": "u=ann&p=1"},
        "logentry": {"message": "login of %s", "params": ["ann"]},
        "exception": {
            "values": [
                {"value": "no ann", "stacktrace": {"frames": [frame, {"function": "f"}]}},
                {"type": "KeyError", "value": None},
            ]
        },
        "transaction": "/ann/",
    }
    forget(event, {"ann", "bob"})
    assert event["request"] == {
        "data": {"username": "[Filtered]", "city": "annapolis"},
        "query_string": "u=[Filtered]&p=1",
    }
    assert event["logentry"] == {"message": "login of %s", "params": ["[Filtered]"]}
    first = event["exception"]["values"][0]
    assert first["value"] == "no [Filtered]"
    [changed, _] = first["stacktrace"]["frames"]
    assert changed == {
        "vars": {"name": "'[Filtered]'", "pair": ["[Filtered]", other]},
        "function": "ann",
        "lineno": 3,
    }
    assert event["transaction"] == "/ann/"


def test_without_names_an_event_is_left_alone() -> None:
    event = {"message": "hello", "exception": None}
    forget(event, set())
    assert event == {"message": "hello", "exception": None}
    forget(event, {"ann"})
    assert event["message"] == "hello"
