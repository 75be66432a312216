"""The contract with the SDK's breadcrumbs. A failure here means: the SDK has changed."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
import sentry_sdk

from sentry_app.seams import breadcrumbs
from sentry_app.testing import Events, capture_events


def command(key: str, name: str = "GET", **more: Any) -> None:
    data = {"redis.command": name, "redis.key": key}
    message = f"{name} {key!r}"
    sentry_sdk.add_breadcrumb(category="redis", type="redis", message=message, data=data, **more)


def crumbs(events: Events) -> list[tuple[str, Any]]:
    """Message and count of each breadcrumb of an event."""
    sentry_sdk.capture_message("here")
    values = events.events[-1]["breadcrumbs"]["values"]
    return [(value["message"], value.get("data", {}).get("count")) for value in values]


def test_a_scope_holds_its_breadcrumbs_in_a_deque() -> None:
    with capture_events():
        sentry_sdk.add_breadcrumb(message="one")
        sentry_sdk.add_breadcrumb(message="two")
        trail = sentry_sdk.get_isolation_scope()._breadcrumbs
    assert isinstance(trail, deque)
    assert [crumb["message"] for crumb in trail] == ["one", "two"]


def test_a_loop_leaves_room_for_the_rest() -> None:
    with capture_events() as events:
        sentry_sdk.add_breadcrumb(message="before")
        for number in range(1000):
            command(f"item:{number}")
        sentry_sdk.add_breadcrumb(message="after")
        assert crumbs(events) == [("before", None), ("GET 'item:999'", 1000), ("after", None)]


def test_what_stands_between_ends_the_row() -> None:
    with capture_events() as events:
        command("a")
        command("a")
        sentry_sdk.add_breadcrumb(message="between")
        command("a")
        command("a", name="SET")
        assert crumbs(events) == [
            ("GET 'a'", 2),
            ("between", None),
            ("GET 'a'", None),
            ("SET 'a'", None),
        ]


def test_a_forked_scope_counts_for_itself() -> None:
    with capture_events() as events:
        command("a")
        with sentry_sdk.isolation_scope():
            command("a")
            assert crumbs(events) == [("GET 'a'", 2)]
        assert crumbs(events) == [("GET 'a'", None)]


def test_after_clearing_the_row_begins_anew() -> None:
    with capture_events() as events:
        command("a")
        sentry_sdk.get_isolation_scope().clear_breadcrumbs()
        command("a")
        assert crumbs(events) == [("GET 'a'", None)]


def test_the_scope_with_the_latest_breadcrumb_counts() -> None:
    with capture_events() as events, sentry_sdk.new_scope() as scope:
        data = {"redis.command": "GET"}
        older = {"category": "redis", "type": "redis", "message": "GET 'a'", "data": data}
        scope.add_breadcrumb(older)  # where older SDKs note a command
        scope.add_breadcrumb(older)
        assert crumbs(events) == [("GET 'a'", 2)]
        sentry_sdk.add_breadcrumb(message="between")
        scope.add_breadcrumb(older)
        assert crumbs(events) == [("GET 'a'", 2), ("between", None), ("GET 'a'", None)]


def test_what_a_hook_of_the_project_drops_is_not_counted() -> None:
    def hook(crumb: Any, hint: Any) -> Any:
        return None if "secret" in crumb["message"] else crumb

    with capture_events(BEFORE_BREADCRUMB=hook) as events:
        command("a")
        command("secret")
        command("a")
        assert crumbs(events) == [("GET 'a'", 2)]


@pytest.mark.parametrize("trail", [None, deque(), deque([object()])])
def test_where_the_sdk_has_changed_nothing_is_folded(
    trail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breadcrumbs, "_trail", lambda: trail)
    crumb = {"category": "redis", "message": "GET 'a'"}
    assert breadcrumbs.folding_hook(lambda crumb, hint: crumb)(crumb, {}) is crumb
