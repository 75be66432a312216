"""sentry_app.filters: should an event exist?"""

import builtins
import sys
from typing import Any

import pytest

from sentry_app.filters import error_is_ignored, matches_glob, url_is_ignored


class Base(Exception):
    class Inner(Exception):
        pass


class Derived(Base):
    pass


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("/health/", "/health/", True),
        ("/health/db", "/health/", True),
        ("/shop/health/", "/health/", False),
        ("/healthy", "/health/", False),
        ("/v1/ping", "/v?/ping", True),
        ("/v1/ping/more", "/v?/ping", False),
        ("/shop/health/", "*/health/", True),
        ("/HEALTH/", "/health/", False),
    ],
)
def test_a_url_is_ignored_by_prefix_or_glob(path: str, pattern: str, expected: bool) -> None:
    assert url_is_ignored(path, [pattern]) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Ann@Test.com", True), ("ann@test.com.example", False), ("", False)],
)
def test_globs_match_the_whole_value_without_regard_to_case(value: str, expected: bool) -> None:
    assert matches_glob(value, ["*@TEST.com"]) is expected


def test_nothing_matches_no_patterns() -> None:
    assert not url_is_ignored("/", [])
    assert not matches_glob("", [])
    assert not error_is_ignored(ValueError(), [])


def test_an_error_is_ignored_by_its_class_and_by_its_base_class() -> None:
    assert error_is_ignored(Base(), ["tests.test_filters.Base"])
    assert error_is_ignored(Derived(), ["tests.test_filters.Base"])
    assert not error_is_ignored(Base(), ["tests.test_filters.Derived"])


def test_a_builtin_error_needs_no_module() -> None:
    assert error_is_ignored(KeyError(), ["LookupError"])


@pytest.mark.parametrize(
    "entry",
    ["rest_framework.exceptions.NotFound", "tests.test_filters.Missing", "os.path", "a.logger", ""],
)
def test_an_entry_that_is_no_class_ignores_nothing(entry: str) -> None:
    assert not error_is_ignored(Base(), [entry])


def caused(error: BaseException, cause: BaseException | None = None) -> BaseException:
    error.__cause__ = cause
    return error


IGNORED = ["tests.test_filters.Base"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (caused(ValueError(), Base()), True),
        (caused(ValueError(), caused(KeyError(), Derived())), True),
        (caused(ValueError(), KeyError()), False),
    ],
)
def test_an_error_that_was_raised_from_an_ignored_one(error: BaseException, expected: bool) -> None:
    assert error_is_ignored(error, IGNORED) is expected


def test_an_error_while_an_ignored_one_was_handled_is_a_bug() -> None:
    error = ValueError()
    error.__context__ = Base()
    assert not error_is_ignored(error, IGNORED)


def test_causes_that_go_in_a_circle_end() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert not error_is_ignored(first, IGNORED)


class Group(Exception):
    """What an ExceptionGroup looks like, also before Python 3.11."""

    def __init__(self, *exceptions: BaseException) -> None:
        self.exceptions = exceptions


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Group(Base(), Derived()), True),
        (Group(Base(), ValueError()), False),
        (Group(Group(Base()), caused(ValueError(), Base())), True),
        (Group(), False),
    ],
)
def test_a_group_is_ignored_if_all_of_its_members_are(error: BaseException, expected: bool) -> None:
    assert error_is_ignored(error, IGNORED) is expected


def test_a_group_that_holds_itself_many_times_over_ends() -> None:
    group = Group(Base())
    for _ in range(40):
        group = Group(group, group)
    assert not error_is_ignored(group, IGNORED)


def test_a_deep_group_is_looked_through() -> None:
    group = Group(Base())
    for _ in range(sys.getrecursionlimit() // 2):
        group = Group(group)
    assert error_is_ignored(group, IGNORED)


def test_an_exception_group_of_python() -> None:
    group: Any = getattr(builtins, "ExceptionGroup", None)
    if group is None:
        pytest.skip("ExceptionGroup came with Python 3.11")
    assert error_is_ignored(group("", [Base(), Derived()]), IGNORED)
    assert not error_is_ignored(group("", [Base(), ValueError()]), IGNORED)


@pytest.mark.parametrize("patterns", [[""], ["", "/health/"]])
def test_an_empty_prefix_ignores_nothing(patterns: list[str]) -> None:
    assert not url_is_ignored("/shop/", patterns)
