"""sentry_app.transports.fitting: what is too large is cut, and keeps what tells most."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from sentry_app import outcomes
from sentry_app.transports.fitting import LIMIT, fitted
from tests.test_gate import lost, through_a_gate

MIB = 2**20


def dumps(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def frame(number: int, in_app: bool, size: int = 1000) -> dict[str, Any]:
    return {
        "filename": f"file{number}.py",
        "function": f"function{number}",
        "lineno": number,
        "in_app": in_app,
        "pre_context": ["x" * size] * 5,
        "context_line": "raise",
        "vars": {f"name{n}": "x" * size for n in range(10)},
    }


def error(frames: list[Any], **more: Any) -> dict[str, Any]:
    value = {"type": "Broken", "value": "as asked", "stacktrace": {"frames": frames}}
    return {
        "event_id": "e" * 32,
        "user": {"id": "7"},
        "exception": {"values": [value]},
        "contexts": {"trace": {"trace_id": "t" * 32}},
        **more,
    }


def sent(content: Any, type: str = "event") -> Any:
    """What leaves the gate of an item with this content."""
    (item,) = through_a_gate(Item(PayloadRef(json=content), {"type": type})).items
    assert json.loads(item.get_bytes()) == item.payload.json
    assert len(item.get_bytes()) < MIB
    return item.payload.json


HUGE: dict[str, dict[str, Any]] = {
    "extra": {"extra": {str(n): "x" * 100_000 for n in range(100)}},
    "small extras": {"extra": {str(n): {str(m): m for m in range(300)} for n in range(3000)}},
    "tags": {"tags": {f"tag{n}": "x" * 200 for n in range(20_000)}},
    "contexts": {"contexts": {f"c{n}": {"a": "x" * 900} for n in range(5_000)}},
    "body": {"request": {"url": "http://x/", "data": ["x" * 50] * 200_000}},
    "crumbs": {"breadcrumbs": {"values": [{"message": "x" * MIB, "n": n} for n in range(100)]}},
    "user": {"user": {"id": "7", "notes": ["x" * 10_000] * 1_000}},
    "modules": {"modules": {f"module{n}": "1.0" for n in range(100_000)}},
    "unknown": {"unknown": [["x" * 999] * 50] * 50},
    "texts": {"message": "x" * 400_000, "logentry": {"message": "x" * 400_000, "b": "x" * 400_000}},
    "not ASCII": {"message": "ä" * 20 * MIB, "extra": {"a": ["ä" * 9_000] * 400}},
    "meta": {"_meta": {str(n): {"": {"len": n}} for n in range(100_000)}},
}


@pytest.mark.parametrize("name", HUGE)
def test_the_exception_the_frames_and_the_user_stay(name: str) -> None:
    event = sent(error([frame(1, False), frame(2, True)], **HUGE[name]))
    (value,) = event["exception"]["values"]
    assert (value["type"], value["value"]) == ("Broken", "as asked")
    assert [f["function"] for f in value["stacktrace"]["frames"]] == ["function1", "function2"]
    assert event["user"]["id"] == "7"
    assert sum(event["contexts"]["left_out"].values()) > 0 or name == "meta"
    assert outcomes.left_out() or name == "meta"


def test_the_projects_own_frames_stay() -> None:
    frames = [frame(n, n % 10 == 0, 10_000) for n in range(400)]
    event = sent(error(frames))
    found = event["exception"]["values"][0]["stacktrace"]["frames"]
    own = {f["function"] for f in found if f["in_app"]}
    assert own == {f"function{n}" for n in range(0, 400, 10)}
    assert event["contexts"]["left_out"]["variables"] > 0


def test_the_parts_of_an_event_stay_when_little_else_can() -> None:
    # As many as an event of a request has; and each character takes six bytes.
    named = "timestamp level transaction release environment server_name platform logger dist"
    parts: dict[str, Any] = dict.fromkeys(named.split(), "x")
    parts |= {"sdk": {"name": "x"}, "request": {"url": "http://x/"}, "breadcrumbs": {"values": []}}
    parts |= {"transaction_info": {"source": "route"}, "logentry": {"message": "x"}}
    variables = {str(n): "й" * 1000 for n in range(10)}
    frames = [frame(n, True) | {"vars": variables} for n in range(250)]
    content = sent({**parts, **error(frames), "tags": {"storm.held_back": "7"}})
    assert content.keys() >= {*parts, "event_id", "exception", "user", "tags", "contexts"}
    assert content["tags"] == {"storm.held_back": "7"}


def test_the_last_breadcrumbs_stay() -> None:
    event = sent(error([], **HUGE["crumbs"]))
    assert event["breadcrumbs"]["values"][-1]["n"] == 99


def test_a_remark_says_how_long_a_text_was() -> None:
    event = sent(error([], message="the start " + "x" * 400_000, extra={"a": ["x" * 99_000] * 7}))
    assert event["message"].startswith("the start x")
    assert event["_meta"]["message"][""]["len"] == 400_010


def test_the_trace_stays() -> None:
    contexts = {f"c{n}": {"a": "x" * 900} for n in range(5_000)}
    event = sent(error([], contexts={**contexts, "trace": {"trace_id": "t" * 32}}))
    assert event["contexts"]["trace"] == {"trace_id": "t" * 32}


def test_a_transaction_keeps_its_first_spans() -> None:
    spans = [{"span_id": str(n), "description": "SELECT " + "x" * 5_000} for n in range(1_000)]
    event = sent({**error([]), "type": "transaction", "spans": spans}, "transaction")
    assert event["spans"][0]["span_id"] == "0"
    assert event["spans"][0]["description"].startswith("SELECT xx")


def test_a_batch_keeps_its_entries() -> None:
    entries = [{"body": "x" * 50_000, "attributes": {}} for _ in range(100)]
    assert len(sent({"items": entries}, "log")["items"]) == 100


def test_a_batch_that_cannot_be_cut_is_counted() -> None:
    entries = [{"body": "x" * 50, "level": "info"} for _ in range(50_000)]
    item = Item(PayloadRef(json={"items": entries}), {"type": "log", "item_count": 50_000})
    with pytest.raises(IndexError):
        through_a_gate(item)
    assert lost(outcomes.INTERNAL_ERROR) == 50_000


def test_what_fits_is_serialised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(
        "sentry_sdk.envelope.json_dumps", lambda data: calls.append(data) or dumps(data)
    )
    envelope: Envelope = through_a_gate(Item(PayloadRef(json=error([])), {"type": "event"}))
    envelope.items[0].get_bytes()
    assert len(calls) == 1


@pytest.mark.parametrize("type", ["profile", "replay_event"])
def test_what_would_be_worth_nothing_is_left_whole(type: str) -> None:
    content = {"frames": ["x" * 100] * 20_000}
    (item,) = through_a_gate(Item(PayloadRef(json=content), {"type": type})).items
    assert item.payload.json == content


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["extra", "tags", "user", "request", "spans"]), JSON))
def test_whatever_stands_in_it_it_fits(parts: dict[str, Any]) -> None:
    padding = {"padding": ["x" * 1_000] * 1_100}
    content, counts = fitted({**error([]), **parts, **padding}, dumps)
    assert len(dumps(content)) < LIMIT
    assert content["exception"]["values"][0]["type"] == "Broken"
    assert counts
