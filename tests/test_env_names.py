"""sentry_app.env_names: the kinds of setting that name attributes and headers."""

from __future__ import annotations

from typing import Any

import pytest

from sentry_app import conf, env_names

USER_FIELDS = env_names.user_fields()
HEADER = env_names.header_name()


def describe(user: Any) -> dict[str, str]:
    return {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["id", "profile.plan"], ("id", "profile.plan")),
        ((), ()),
        ("shop.users.describe", "shop.users.describe"),
        (describe, describe),
    ],
)
def test_names_or_a_callable(value: Any, expected: Any) -> None:
    assert USER_FIELDS.read(value, is_text=False) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("email", ("email",)),
        ("id, profile.plan", ("id", "profile.plan")),
        ("shop.users.describe", "shop.users.describe"),
    ],
)
def test_in_the_environment_one_entry_with_a_dot_is_a_path(text: str, expected: Any) -> None:
    assert USER_FIELDS.read(text, is_text=True) == expected


@pytest.mark.parametrize("value", ["email", 7, ["id", 7], ["e-mail"], ["profile."], None, [""]])
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its text is the problem's)
        USER_FIELDS.read(value, is_text=False)


@pytest.mark.parametrize(
    ("value", "used"),
    [
        (["email", "e-mail", 7], ("email",)),  # the usable part
        ("e-mail", ()),
        (7, ()),
    ],
)
def test_of_a_bad_value_no_more_is_told_than_was_asked_for(value: Any, used: Any) -> None:
    config = conf.load({"USER_FIELDS": value}, environ={})
    assert used == config.USER_FIELDS
    assert [problem.key for problem in config.problems] == ["USER_FIELDS"]


@pytest.mark.parametrize("name", ["X-Trace-Id", "traceresponse"])
def test_a_header(name: str) -> None:
    assert HEADER.read(name, is_text=True) == name


@pytest.mark.parametrize("name", ["X Trace", "X-Trace:", "", "X\r\nSet-Cookie", 7])
def test_no_header(name: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its text is the problem's)
        HEADER.read(name, is_text=False)
