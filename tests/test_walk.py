"""Mappings that are looked at together lose what each of them would lose alone."""

from typing import Any

import pytest

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber

SECRET = "zQ7" + "wRt2Kp9x"
CARD = int("4" + "1" * 15)
COUNT = 8


def scrubbed(items: list[Any], top: str = "extra") -> list[Any]:
    """What is left of ``items``, together; it is the same as what is left of each alone."""
    scrub = Scrubber(defaults.SCRUB_FIELDS, pii=False).scrub
    together: list[Any] = scrub({top: items})[top]
    assert together == [scrub({top: [item]})[top][0] for item in items]
    assert together == scrub({top: items})[top]
    return together


@pytest.mark.parametrize(
    ("odd", "left"),
    [
        ({"a": "x", "password": SECRET}, {"a": "x", "password": FILTERED}),
        ({"password": SECRET, "a": "x"}, {"password": FILTERED, "a": "x"}),
        ({"a": f"token={SECRET}", "b": 1}, {"a": f"token={FILTERED}", "b": 1}),
        ({"a": {"token": SECRET}, "b": 1}, {"a": {"token": FILTERED}, "b": 1}),
        ({"a": [["token", SECRET]], "b": 1}, {"a": [["token", FILTERED]], "b": 1}),
        ({"a": ("me@example.com",), "b": 1}, {"a": [FILTERED], "b": 1}),
        ({"a": "x", "b": CARD}, {"a": "x", "b": FILTERED}),
        ({"a": CARD, "b": float(CARD)}, {"a": FILTERED, "b": float(CARD)}),
        ({"name": "token", "value": SECRET}, {"name": "token", "value": FILTERED}),
        ({"a": "x", f"token={SECRET}": 1}, {"a": "x", f"token={FILTERED}": 1}),
    ],
)
@pytest.mark.parametrize("usual", [{"a": "x", "b": 1}, {"a": None, "b": 1}, {"a": {}, "b": 1}])
@pytest.mark.parametrize("place", [0, COUNT // 2, COUNT])
def test_one_among_many(odd: Any, left: Any, usual: Any, place: int) -> None:
    items = [dict(usual) for _ in range(COUNT)]
    items.insert(place, odd)
    result = scrubbed(items)
    assert result[place] == left
    assert result[:place] + result[place + 1 :] == [usual] * COUNT


@pytest.mark.parametrize(
    ("item", "left"),
    [
        ({"a": "x", "password": SECRET}, {"a": "x", "password": FILTERED}),
        ({"a": f"token={SECRET}"}, {"a": f"token={FILTERED}"}),
        ({"name": "token", "value": SECRET}, {"name": "token", "value": FILTERED}),
        ({"a": {"b": {"c": [CARD]}}}, {"a": {"b": {"c": [FILTERED]}}}),
        ({"a": [[{"token": SECRET}]]}, {"a": [[{"token": FILTERED}]]}),
        ({"a": ["--token", SECRET]}, {"a": ["--token", FILTERED]}),
        ({}, {}),
    ],
)
def test_all_alike(item: Any, left: Any) -> None:
    assert scrubbed([item] * COUNT) == [left] * COUNT


def test_a_container_where_a_span_has_a_text() -> None:
    span = {"op": "db", "status": {"token": SECRET}, "description": "x", "data": {}}
    breadcrumb = {"category": "x", "tags": "a", "message": {"token": SECRET}}
    assert scrubbed([breadcrumb] * COUNT)[0]["message"] == {"token": FILTERED}
    assert scrubbed([span] * COUNT, "spans")[0]["op"] == "db"


def test_lines_of_source_lose_literals_only() -> None:
    frame = {
        "lineno": 1,
        "pre_context": [f'token = "{SECRET}"', None],
        "context_line": "token = token_of(user)",
        "post_context": [{"token": SECRET}],
    }
    left = {
        "lineno": 1,
        "pre_context": [f'token = "{FILTERED}"', None],
        "context_line": "token = token_of(user)",
        "post_context": [{"token": FILTERED}],
    }
    frames = [dict(frame) for _ in range(COUNT)]
    scrub = Scrubber(defaults.SCRUB_FIELDS).scrub
    assert scrub({"stacktrace": {"frames": frames}}) == {"stacktrace": {"frames": [left] * COUNT}}


def test_what_cannot_be_looked_at_goes_alone() -> None:
    class Broken:
        def __hash__(self) -> int:
            raise RuntimeError

        def __repr__(self) -> str:
            raise RuntimeError

    items: list[Any] = [{"a": {"b": "x"}} for _ in range(COUNT)]
    items[3] = {"a": {"b": Broken()}}
    result = Scrubber(defaults.SCRUB_FIELDS).scrub({"extra": items, "c": f"token={SECRET}"})
    assert result["extra"][:3] + result["extra"][4:] == [{"a": {"b": "x"}}] * (COUNT - 1)
    assert result["extra"][3] == {"a": FILTERED}
    assert result["c"] == f"token={FILTERED}"


def test_an_echo_in_keys_and_lines_goes() -> None:
    item = {
        "extra": [{"password": SECRET}] + [{f"k {SECRET}": {"a": SECRET}}] * COUNT,
        "stacktrace": {"frames": [{"context_line": f"login({SECRET!r})"}]},
    }
    result = Scrubber(defaults.SCRUB_FIELDS).scrub(item)
    assert result["extra"][1] == {f"k {FILTERED}": {"a": FILTERED}}
    assert result["stacktrace"]["frames"][0]["context_line"] == f"login('{FILTERED}')"
