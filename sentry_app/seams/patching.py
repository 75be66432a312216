"""Replace a function of somebody else's, once."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

_wrapped: set[tuple[Any, str]] = set()


def wrap(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put ``make(original)`` in the place of ``owner.name``; calling it again changes nothing.

    What replaces it sets ``__tracebackhide__``: the SDK then leaves its frame, whose local
    variables are the SDK's and not the project's, out of stack traces.
    """
    if (owner, name) not in _wrapped:
        _wrapped.add((owner, name))
        original = getattr(owner, name)
        setattr(owner, name, wraps(original)(make(original)))


def unlike(
    expected: Mapping[str, tuple[Any, tuple[str, ...]]], *, exactly: bool = False
) -> list[str]:
    """The names in ``{name: (function, its first parameters)}`` that are not so, or not there.

    ``exactly`` allows no further parameters. A function that was wrapped here counts as it was.
    """
    found = {
        name: (parameters(getattr(function, "__wrapped__", function)), names)
        for name, (function, names) in expected.items()
    }
    return [
        name
        for name, (given, names) in found.items()
        if (given if exactly else given[: len(names)]) != names
    ]


def parameters(function: Any) -> tuple[str, ...]:
    """The names of the parameters of ``function``, or nothing if it does not tell."""
    code = getattr(function, "__code__", None)
    return code.co_varnames[: code.co_argcount] if code is not None else ()
