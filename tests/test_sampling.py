"""sentry_app.sampling: which share of the transactions is kept."""

import pytest

from sentry_app.sampling import head_rate


@pytest.mark.parametrize("parent", [0.0, 1.0])
def test_the_decision_of_the_parent_wins(parent: float) -> None:
    assert head_rate("/a/", "/a/", {"*": 0.5}, 0.1, parent) == parent


@pytest.mark.parametrize(("name", "path"), [("shop.views.buy", ""), ("", "/shop/buy/"), ("x", "")])
def test_a_glob_matches_the_name_or_the_path(name: str, path: str) -> None:
    rates = {"shop.*": 0.5, "/shop/*": 0.5}
    assert head_rate(name, path, rates, 0.1, None) == (0.1 if name == "x" else 0.5)


def test_the_first_glob_that_matches_decides() -> None:
    assert head_rate("a.b", "", {"a.*": 0.0, "a.b": 1.0}, 0.1, None) == 0.0


def test_an_empty_path_matches_no_glob() -> None:
    assert head_rate("task", "", {"": 1.0, "/*": 1.0}, 0.1, None) == 0.1
