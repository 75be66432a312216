"""Whether an event should exist: plain functions over plain values."""

import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase


def url_is_ignored(path: str, patterns: Iterable[str]) -> bool:
    """Whether ``path`` starts with one of ``patterns``, or matches one that is a glob.

    >>> url_is_ignored("/health/db", ["/health/"]), url_is_ignored("/a/health/", ["/health/"])
    (True, False)
    >>> url_is_ignored("/v1/ping", ["/v?/ping"])
    True
    """
    return any(
        fnmatchcase(path, pattern) if _is_glob(pattern) else path.startswith(pattern)
        for pattern in patterns
    )


def matches_glob(value: str, patterns: Iterable[str]) -> bool:
    """Whether ``value`` matches one of the globs, without regard to case."""
    value = value.lower()
    return any(fnmatchcase(value, pattern.lower()) for pattern in patterns)


def error_is_ignored(error: BaseException, dotted_paths: Iterable[str]) -> bool:
    """Whether ``error`` is an instance of a class that is named, or of a subclass of one.

    Nothing is imported for this: if a class's module was never imported, no such error exists.
    """
    classes = tuple(cls for path in dotted_paths if (cls := _loaded_class(path)) is not None)
    return isinstance(error, classes)


def _loaded_class(dotted_path: str) -> type[BaseException] | None:
    module, _, name = dotted_path.rpartition(".")
    if not module:
        module = "builtins"
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")
