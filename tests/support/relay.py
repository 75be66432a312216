"""Ask Sentry's own normaliser (Rust, from the PyPI package sentry-relay) what it thinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest


def normalize_errors(event: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What Relay refuses in an event or a transaction: (path, error) pairs, [] if nothing.

    An event that Relay would drop as a whole gives one pair with an empty path.
    Skips the test where sentry-relay is not installed.
    """
    processing = pytest.importorskip(
        "sentry_relay.processing",
        reason="sentry-relay is not installed; it has wheels for Linux and macOS only",
    )
    from sentry_relay.exceptions import RelayError

    try:
        normalized = processing.StoreNormalizer().normalize_event(dict(event))
    except RelayError as error:
        return [("", repr(error))]
    # "errors" repeats what the remarks about each value say.
    meta = {key: value for key, value in (normalized.get("_meta") or {}).items() if key != "errors"}
    return list(_errors(meta))


def _errors(meta: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Walk a _meta tree, in which "" holds the remarks about the node itself."""
    for key, value in meta.items():
        if key == "":
            yield from ((".".join(path), error) for error in value.get("err", ()))
        else:
            yield from _errors(value, (*path, key))
