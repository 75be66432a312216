"""A first look at an item: a part is clear only if the walk would find nothing in it."""

import copy
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber
from sentry_app.scrubbing.glance import Glance
from tests.support import leaks

SECRET = "Zq7w" + secrets.token_hex(8)


def new_scrubber() -> Scrubber:
    return Scrubber(
        defaults.SCRUB_FIELDS, ip_addresses=True, pii=False, secrets=leaks.known_secrets()
    )


def walked(scrubber: Scrubber, data: Any) -> Any:
    """What the walk alone leaves of ``data``."""
    return scrubber._walked(data, None)


def frame(**variables: Any) -> dict[str, Any]:
    return {"function": "f", "lineno": 1, "context_line": "f()", "vars": variables}


def error(*frames: dict[str, Any], **item: Any) -> dict[str, Any]:
    return {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [*frames]}}]}, **item}


def test_it_tells_the_same_of_every_item_of_the_corpus() -> None:
    scrubber, other = new_scrubber(), new_scrubber()
    payloads = [item["payload"] for item in leaks.corpus()["items"]]
    for payload in payloads:
        scrubber.scrub(payload)
        walked(other, payload)
    for payload in payloads:
        assert scrubber.scrub(payload) == walked(other, payload)


KEYS = st.sampled_from(["name", "note", "password", "lines", "value", "sid", "user", "version"])
TEXTS = st.sampled_from(
    [
        *("blue", "order 7", f"token={SECRET}", SECRET, "81.54.77.24", "4.2.1.17", "é", ""),
        *("--password", "Bearer is needed", f"'{SECRET}'", "None", "UPDATE t SET pin = %s"),
    ]
)
LEAVES = TEXTS | st.sampled_from([None, True, 7, 2.5, 4111111111111111, float("inf")])
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "message": TEXTS,
        "extra": st.dictionaries(KEYS, DATA, max_size=3),
        "request": st.fixed_dictionaries({"url": TEXTS, "data": DATA}),
        "spans": st.lists(st.fixed_dictionaries({"op": TEXTS, "data": DATA}), max_size=5),
        "exception": st.lists(DATA, max_size=5).map(
            lambda found: error(*(frame(x=x) for x in found))["exception"]
        ),
    },
)


@given(st.lists(ITEMS, min_size=1, max_size=4))
def test_it_tells_the_same_of_any_items(items: list[dict[str, Any]]) -> None:
    scrubber, other = new_scrubber(), new_scrubber()
    for item in [*items, *items]:
        before = copy.deepcopy(item)
        assert json.dumps(scrubber.scrub(item)) == json.dumps(walked(other, item))
        assert item == before


def test_an_item_without_anything_is_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    scrubber = new_scrubber()
    item = error(frame(order={"number": "12", "lines": [{"sku": "a"}, {"sku": "b"}]}), extra={})
    scrubber.scrub(item)
    monkeypatch.setattr(scrubber, "_walked", None)
    assert scrubber.scrub(item) is item


def test_only_what_is_unclear_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    scrubber = new_scrubber()
    item = error(frame(order={"number": "12"}), request={"data": {"password": SECRET}})
    scrubber.scrub(item)
    glance = Glance(scrubber._memory, item)
    assert glance.unclear == {"request"}
    left = scrubber.scrub(item)
    assert left["request"] == {"data": {"password": FILTERED}}
    assert left["exception"] is item["exception"]


@pytest.mark.parametrize(
    "change",
    [
        lambda frames, value: frames[7]["vars"].update(order={"number": value}),
        lambda frames, value: frames[7]["vars"]["order"].update(number=value),
        lambda frames, value: frames[3].update(context_line=f"call('{value}')"),
        lambda frames, value: frames[3].update(pre_context=["a", f"call('{value}')"]),
        lambda frames, value: frames[7]["vars"]["order"]["lines"].append({"sku": value}),
        lambda frames, value: frames[7]["vars"]["order"].update(lines=["--password", value]),
        lambda frames, value: frames[7]["vars"].update({value: "1"}),
        lambda frames, value: [one["vars"]["order"].update(number=value) for one in frames],
        lambda frames, value: [one["vars"].update(n=value) for one in frames[3:6]],
    ],
)
@pytest.mark.parametrize("value", ["81.54.77.24", "gh" + "p_" + "a1" * 18, "4111111111111" + "111"])
def test_nothing_is_overlooked_among_many_alike(
    change: Callable[[list[Any], str], None], value: str
) -> None:
    scrubber = new_scrubber()
    lines = [{"sku": "a"}, {"sku": "b"}]
    item = error(*(frame(order={"number": "12", "lines": lines}, n=str(n)) for n in range(9)))
    scrubber.scrub(item)
    changed = copy.deepcopy(item)
    change(changed["exception"]["values"][0]["stacktrace"]["frames"], value)
    for _ in range(2):
        assert value not in json.dumps(scrubber.scrub(copy.deepcopy(changed)))


@pytest.mark.parametrize("first", ["extra", "exception"])
def test_what_stands_in_two_parts_goes_from_both(first: str) -> None:
    scrubber = new_scrubber()

    def item(number: str) -> dict[str, Any]:
        order = {"number": number, "lines": [{"sku": "a"}]}
        parts = {"extra": {"order": order}, **error(*(frame(order=order) for _ in range(6)))}
        return copy.deepcopy({first: parts.pop(first), **parts})

    scrubber.scrub(item("12"))
    assert "81.54.77.24" not in json.dumps(scrubber.scrub(item("81.54.77.24")))


def test_only_the_variables_that_are_unclear_are_walked() -> None:
    scrubber = new_scrubber()
    order = {"number": "12", "lines": [{"sku": "a"}]}
    item = error(*(frame(order=order, n=str(n)) for n in range(9)))
    scrubber.scrub(item)
    changed = copy.deepcopy(item)
    frames = changed["exception"]["values"][0]["stacktrace"]["frames"]
    frames[4]["vars"]["n"] = "81.54.77.24"
    glance = scrubber._glance(changed)
    assert glance is not None
    assert glance.unclear == {"exception"}
    assert glance.clear() == {id(one["vars"]) for one in frames} - {id(frames[4]["vars"])}
    left = scrubber.scrub(changed)["exception"]["values"][0]["stacktrace"]["frames"]
    assert [one["vars"]["n"] for one in left] == [*"0123", "81.54.77.0", *"5678"]


@pytest.mark.parametrize(
    "echo",
    [
        {"extra": {"note": f"got {SECRET} there"}},
        {"extra": {f"note {SECRET}": "1"}},
        error(frame(note=SECRET)),
        error({"function": "f", "context_line": f"call('{SECRET}')"}),
        {"message": f"got {SECRET}"},
    ],
)
def test_an_echo_is_heard_in_the_clear_parts(echo: dict[str, Any]) -> None:
    item = {**echo, "request": {"data": {"password": SECRET}}}
    scrubber = new_scrubber()
    scrubber.scrub({**echo, "request": {"data": {"password": "None"}}})
    for _ in range(2):
        assert SECRET not in json.dumps(scrubber.scrub(item))


def test_a_known_secret_is_heard_in_the_clear_parts() -> None:
    known = "a-plain-word-42"
    scrubber = Scrubber(defaults.SCRUB_FIELDS, secrets=[known])
    scrubber.scrub({"extra": {"note": "a"}, "message": "b"})
    left = scrubber.scrub({"extra": {"note": f"so {known}"}, "message": "b"})
    assert known not in json.dumps(left)


def test_what_it_cannot_look_at_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    scrubber = new_scrubber()
    item = {"extra": {"note": "a", "password": SECRET}}
    scrubber.scrub(item)

    def fail(*args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(Glance, "doubt", fail)
    monkeypatch.setattr(Glance, "new", fail)
    assert scrubber.scrub(item) == {"extra": {"note": "a", "password": FILTERED}}
