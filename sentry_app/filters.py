"""Whether an event should exist: plain functions over plain values."""

import re
import sys
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache

#: So many exceptions are looked at, causes and members of groups together: a chain may be a circle.
MAX_EXCEPTIONS = 1000


def url_is_ignored(path: str, patterns: Iterable[str]) -> bool:
    """Whether ``path`` starts with one of ``patterns``, or matches one that is a glob.

    >>> url_is_ignored("/health/db", ["/health/"]), url_is_ignored("/a/health/", ["/health/"])
    (True, False)
    >>> url_is_ignored("/v1/ping", ["/v?/ping"])
    True
    """
    prefixes, globs = _compiled(tuple(patterns))
    return path.startswith(prefixes) or (globs is not None and globs.match(path) is not None)


def matches_glob(value: object, patterns: Iterable[str]) -> bool:
    """Whether the text of ``value`` matches one of the globs, without regard to case."""
    globs = _any_of(tuple(patterns))
    return globs is not None and globs.match(str(value).lower()) is not None


def error_is_ignored(error: BaseException, dotted_paths: Iterable[str]) -> bool:
    """Whether ``error`` is an instance of a class that is named, or of a subclass of one.

    An error that was raised *from* an ignored one is ignored too, as Sentry's Ruby SDK has it
    (``inspect_exception_causes_for_exclusion``); one that merely occurred while an ignored one was
    handled is a bug of its own and is not. A group is ignored if all of its members are.

    Nothing is imported for this: if a class's module was never imported, no such error exists.
    """
    classes = tuple(cls for path in dotted_paths if (cls := _loaded_class(path)) is not None)
    return bool(classes) and _is_ignored(error, classes)


def class_is_ignored(cls: type[BaseException], dotted_path: str) -> bool:
    """Whether ``cls`` is the class that is named, or a subclass of it."""
    named = _loaded_class(dotted_path)
    return named is not None and issubclass(cls, named)


def _is_ignored(error: BaseException, classes: tuple[type[BaseException], ...]) -> bool:
    waiting: list[BaseException] = [error]
    for _ in range(MAX_EXCEPTIONS):
        if not waiting:
            return True
        current = waiting.pop()
        if isinstance(current, classes):
            continue
        members = getattr(current, "exceptions", None)
        if isinstance(members, tuple) and members:  # an ExceptionGroup, or its backport
            waiting += members
        elif current.__cause__ is None:
            return False
        else:
            waiting.append(current.__cause__)
    return False


@lru_cache(maxsize=32)
def _compiled(patterns: tuple[str, ...]) -> tuple[tuple[str, ...], re.Pattern[str] | None]:
    """The prefixes among ``patterns``, and one regular expression for the globs."""
    prefixes = tuple(pattern for pattern in patterns if pattern and not _is_glob(pattern))
    globs = [translate(pattern) for pattern in patterns if _is_glob(pattern)]
    return prefixes, re.compile("|".join(globs)) if globs else None


@lru_cache(maxsize=32)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(translate(glob.lower()) for glob in patterns)) if patterns else None


def _loaded_class(dotted_path: str) -> type[BaseException] | None:
    module, _, name = dotted_path.rpartition(".")
    if not module:
        module = "builtins"
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")
