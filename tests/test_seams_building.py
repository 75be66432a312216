"""sentry_app.seams.building, interrupts and threads: what the SDK has to be, and what if not."""

from __future__ import annotations

from typing import Any

import pytest
import sentry_sdk
from sentry_sdk import utils
from sentry_sdk._types import AnnotatedValue
from sentry_sdk.client import _Client
from sentry_sdk.worker import BackgroundWorker

from sentry_app import outcomes
from sentry_app.seams import building, interrupts, shown, threads
from sentry_app.testing import capture_events

SEAMS = [building, interrupts, threads]

PARTS = [
    *((utils, name, building) for name in building._PARTS),
    (_Client, "capture_event", building),
    (utils, "CaptureInternalException", interrupts),
    (utils, "capture_internal_exception", interrupts),
    (BackgroundWorker, "submit", threads),
    (BackgroundWorker, "_ensure_thread", threads),
    (BackgroundWorker, "is_alive", threads),
]


@pytest.mark.parametrize("seam", SEAMS)
def test_the_sdk_has_what_is_replaced(seam: Any) -> None:
    assert seam.missing_parts() == []


@pytest.mark.parametrize(("owner", "name", "seam"), PARTS)
def test_a_part_that_is_missing_is_told(
    owner: Any, name: str, seam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, None)
    assert seam.missing_parts()
    assert seam.install() == seam.missing_parts()


def capture() -> Any:
    try:
        raise ValueError("as asked")
    except ValueError:
        return sentry_sdk.capture_exception()


def test_the_frames_of_this_project_are_in_no_stack_trace() -> None:
    with capture_events(TRACES_SAMPLE_RATE=0.0) as events:
        sentry_sdk.capture_message("hello")
        frames = events.events[0]["threads"]["values"][0]["stacktrace"]["frames"]
    assert not [frame for frame in frames if str(frame["module"]).startswith("sentry_app.seams")]


def test_a_client_of_anothers_making_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_events():
        pass
    seen: list[Any] = []
    monkeypatch.setattr(shown, "variables", lambda *args: seen.append(args))
    with sentry_sdk.new_scope() as scope:
        scope.set_client(sentry_sdk.Client(default_integrations=False))
        capture()
        building._frames(lambda tb: seen.append("walked") or ())(None)
    assert seen == ["walked"]


def test_a_walk_that_fails_keeps_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "event", lambda *args: 1 / 0)
    with capture_events() as events:
        capture()
        assert len(events.events) == 1
    assert outcomes.failures()["showing"] == 1


def test_what_the_sdk_swallows_is_still_swallowed() -> None:
    with capture_events(), utils.capture_internal_exceptions():
        raise ValueError("the SDK's own")


def test_the_projects_own_repr_is_asked_once() -> None:
    class Shop:
        pass

    asked: list[Any] = []

    def own(value: Any) -> Any:
        asked.append(type(value).__name__)
        return "a shop" if isinstance(value, Shop) else None

    with capture_events(OPTIONS={"custom_repr": own}) as events:
        shop = Shop()
        capture_with(shop)
        frame = events.events[0]["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert frame["vars"]["shop"] == "a shop"
    assert "Told" not in asked


def capture_with(shop: Any) -> None:
    try:
        raise ValueError(type(shop).__name__)
    except ValueError:
        sentry_sdk.capture_exception()


def test_a_processor_of_the_sdks_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def processor(value: Any, hint: Any) -> Any:
        return "by a processor" if isinstance(value, Named) else NotImplemented

    monkeypatch.setattr("sentry_sdk.serializer.global_repr_processors", [processor])
    with capture_events() as events:
        capture_with(Named())
        frame = events.events[0]["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert frame["vars"]["shop"] == "by a processor"


class Named:
    def __repr__(self) -> str:
        return "by its repr"


def test_what_a_repr_logs_is_no_event() -> None:
    class Chatty:
        def __repr__(self) -> str:
            sentry_sdk.capture_message("from a repr")
            return "chatty"

    with capture_events() as events:
        capture_with(Chatty())
        assert len(events.events) == 1


def test_the_spans_of_a_transaction_are_looked_at() -> None:
    with capture_events(TRACES_SAMPLE_RATE=1.0) as events:
        with sentry_sdk.start_transaction(name="shop"):
            for text in ("SELECT 1", "SELECT " + "x" * 50_000):
                with sentry_sdk.start_span(op="db", name=text) as span:
                    span.set_data("shop", Named())
        (transaction,) = events.transactions
    short, long = transaction["spans"]
    assert (short["description"], short["data"]["shop"]) == ("SELECT 1", "by its repr")
    assert len(long["description"]) < 11_000
    # SDK 2.35 says the name of a span in its data, too.
    assert transaction["contexts"]["left_out"]["texts"] in (1, 3)


def test_the_spans_that_the_sdk_has_cut_are_looked_at() -> None:
    spans = AnnotatedValue([{"data": {"shop": Named()}}], {"len": 2})
    found = shown.event({"spans": spans}, None)
    assert found["spans"].metadata == {"len": 2}
    assert repr(found["spans"].value) == "[{'data': {'shop': by its repr}}]"
