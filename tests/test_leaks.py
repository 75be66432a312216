"""The public leak corpus: nothing planted gets out, nothing harmless is lost."""

from typing import Any

import pytest

from sentry_app import defaults
from sentry_app.scrubbing import Scrubber
from tests.support import leaks

Result = tuple[list[str], list[str], int, int]


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber(
        defaults.SCRUB_FIELDS, ip_addresses=True, pii=False, secrets=leaks.known_secrets()
    )


def says_all(result: Result) -> None:
    leaked, lost, secrets, survivors = result
    assert secrets
    assert survivors
    assert leaked == []
    assert lost == []


def test_items_of_a_real_run(scrubber: Scrubber) -> None:
    says_all(leaks.check_items(scrubber.scrub))


def test_pairs(scrubber: Scrubber) -> None:
    says_all(leaks.check_entries("pairs", lambda e: {e["key"]: e["value"]}, scrubber.scrub))


@pytest.mark.parametrize(
    "as_data",
    [
        lambda entry: {"message": entry["text"]},
        lambda entry: {"x": repr(entry["text"])},
        lambda entry: ["-", [entry["text"]]],
        lambda entry: {"event_id": "1", "extra": {"n": {"text": entry["text"]}}},
    ],
    ids=["message", "repr", "list", "extra"],
)
def test_texts(scrubber: Scrubber, as_data: Any) -> None:
    says_all(leaks.check_entries("texts", as_data, scrubber.scrub))


def test_twice_is_as_once(scrubber: Scrubber) -> None:
    for item in leaks.corpus()["items"]:
        once = scrubber.scrub(item["payload"])
        assert scrubber.scrub(once) == once


STRUCTURE = {
    *("event_id", "trace_id", "span_id", "parent_span_id", "timestamp", "start_timestamp"),
    *("filename", "function", "module", "lineno", "logger", "level", "op", "origin", "platform"),
}


def structure(data: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    """Every id, time, frame and name in ``data`` that Sentry itself works with, by its path."""
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    found: dict[tuple[Any, ...], Any] = {}
    for key, value in entries:
        if isinstance(value, (dict, list)):
            if key not in ("vars", "data", "extra", "contexts", "attributes", "_meta", "request"):
                found |= structure(value, (*path, key))
        elif key in STRUCTURE or (key == "type" and "exception" in path):
            found[(*path, key)] = value
    return found


def test_what_sentry_works_with_is_never_touched(scrubber: Scrubber) -> None:
    for item in leaks.corpus()["items"]:
        if isinstance(item["payload"], dict):
            assert structure(scrubber.scrub(item["payload"])) == structure(item["payload"])
