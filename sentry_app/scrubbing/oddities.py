"""Values that are no texts: numbers, and what JSON does not know."""

from typing import Any

from sentry_app.scrubbing.memory import SCALARS

SMALLEST_CARD = 10**12


def is_odd(value: Any) -> bool:
    """Whether ``value``, which is no text, is no number too small to be a card's either."""
    return type(value) not in SCALARS or (value or 0) >= SMALLEST_CARD


def nearest(value: Any) -> Any:
    """What JSON knows that is nearest to ``value``; a number stays as it is."""
    if isinstance(value, dict):
        return {name: item for name, item in value.items()}  # noqa: C416 its own items
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if isinstance(value, (int, float)):
        return value
    return str.__str__(value) if isinstance(value, str) else repr(value)
