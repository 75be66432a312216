"""sentry_app.seams.spans: a span begins without a copy of the scope."""

from __future__ import annotations

from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.scope import Scope
from sentry_sdk.tracing import NoOpSpan, Span

from sentry_app.testing import Events, capture_events

pytestmark = pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The scopes that were copied."""
    found: list[Any] = []
    fork = Scope.fork

    def counted(self: Any) -> Any:
        found.append(self)
        return fork(self)

    monkeypatch.setattr(Scope, "fork", counted)
    return found


def test_the_sdk_has_every_part_that_is_used(sentry_events: Events) -> None:
    assert hasattr(Scope.start_span, "__wrapped__")


def test_a_span_with_a_parent_copies_no_scope(sentry_events: Events, forks: list[Any]) -> None:
    with sentry_sdk.start_transaction(name="shop"):
        before = len(forks)
        with sentry_sdk.start_span(op="db", name="SELECT 1"):
            assert len(forks) == before


def test_it_is_the_span_that_the_sdk_makes(sentry_events: Events) -> None:
    with sentry_sdk.start_transaction(name="shop") as transaction:
        scope = sentry_sdk.get_current_scope()
        ours = sentry_sdk.start_span(op="db", name="SELECT 1", origin="auto.db")
        original: Any = Scope.start_span.__wrapped__  # type: ignore[attr-defined]
        theirs = original(scope, op="db", name="SELECT 1", origin="auto.db")
        own = {"_span_id", "_start_timestamp_monotonic_ns", "start_timestamp"}
        for name in set(Span.__slots__) - own:
            assert getattr(ours, name, None) == getattr(theirs, name, None), name
        assert ours.scope is scope
        assert ours.containing_transaction is transaction


def test_spans_hang_from_one_another(sentry_events: Events) -> None:
    with (
        sentry_sdk.start_transaction(name="shop"),
        sentry_sdk.start_span(name="outer") as outer,
        sentry_sdk.start_span(name="inner") as inner,
    ):
        assert inner.parent_span_id == outer.span_id
    assert [span["description"] for span in sentry_events.transactions[0]["spans"]] == [
        "outer",
        "inner",
    ]


def test_a_span_without_a_parent_is_of_no_transaction(sentry_events: Events) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.span = None
        span = sentry_sdk.start_span(name="alone")
        assert type(span) is Span
        assert span.containing_transaction is None


def test_below_a_span_that_is_none_there_is_none(sentry_events: Events) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.span = NoOpSpan()
        assert isinstance(sentry_sdk.start_span(name="nothing"), NoOpSpan)


def test_the_sdk_warns_of_a_description(sentry_events: Events) -> None:
    with (
        sentry_sdk.start_transaction(name="shop"),
        pytest.warns(DeprecationWarning, match="description"),
    ):
        assert sentry_sdk.start_span(description="old").description == "old"


def test_another_instrumenter_makes_no_spans() -> None:
    with (
        capture_events(OPTIONS={"instrumenter": "otel"}),
        sentry_sdk.new_scope() as scope,
    ):
        scope.span = Span()
        assert isinstance(sentry_sdk.start_span(name="nothing"), NoOpSpan)
