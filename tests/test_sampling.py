"""sentry_app.sampling: which transactions are kept, and that the statistics stay true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import simulation
from sentry_app.sampling import (
    FAILED,
    Head,
    final_rate,
    head_rate,
    inherited_rate,
    is_slow_or_failed,
)

RATES = st.floats(0, 1)
NUMBERS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(("name", "path"), [("shop.views.buy", ""), ("", "/shop/buy/"), ("x", "")])
def test_a_glob_matches_the_name_or_the_path(name: str, path: str) -> None:
    rates = {"shop.*": 0.5, "/shop/*": 0.5}
    assert head_rate(name, path, rates, 0.1) == (0.1 if name == "x" else 0.5)


def test_the_first_glob_that_matches_decides() -> None:
    assert head_rate("a.b", "", {"a.*": 0.0, "a.b": 1.0}, 0.1) == 0.0


def test_the_first_glob_wins_whether_it_matches_the_name_or_the_path() -> None:
    rates = {"/api/*": 1.0, "*": 0.01}
    assert head_rate("generic WSGI request", "/api/buy/", rates, 0.1) == 1.0
    head = Head(True, 1.0, 0.5, path="/api/buy/")
    assert final_rate(head, "shop.views.buy", rates, by_tail=False) == 1.0


def test_a_late_glob_is_lowered_as_much_as_the_head_was() -> None:
    for random, kept in ((0.2, 0.25), (0.3, None)):
        head = Head(random < 0.05, 0.05, random, share=0.5)
        assert final_rate(head, "buy", {"b*": 0.5}, by_tail=False) == kept


def test_an_empty_path_matches_no_glob() -> None:
    assert head_rate("task", "", {"": 1.0, "/*": 1.0}, 0.1) == 0.1


@given(st.booleans(), RATES | st.none(), NUMBERS | st.none())
def test_an_inherited_rate_repeats_the_decision_of_the_trace(
    sampled: bool, rate: float | None, random: float | None
) -> None:
    inherited = inherited_rate(sampled, rate, random)
    assert (0.5 if random is None else random) < inherited or not sampled
    assert inherited in (rate, float(sampled))


@pytest.mark.parametrize("status", [None, "ok", "not_found", "aborted", "cancelled"])
def test_other_statuses_are_no_failure(status: str | None) -> None:
    assert not is_slow_or_failed(1, status, 1000)


@given(NUMBERS, RATES, st.booleans())
def test_what_is_kept_carries_the_chance_that_it_had(
    random: float, rate: float, by_tail: bool
) -> None:
    kept = final_rate(Head(random < rate, rate, random), "name", {}, by_tail=by_tail)
    if by_tail and rate:
        assert kept == 1.0
    else:
        assert kept == (rate if random < rate else None)


@given(NUMBERS, RATES, RATES)
def test_a_rate_of_the_final_name_is_compared_with_the_same_number(
    random: float, early: float, late: float
) -> None:
    kept = final_rate(Head(random < early, early, random), "buy", {"b*": late}, by_tail=False)
    assert kept == (late if random < late else None)


def test_a_rate_of_the_final_name_leaves_the_traces_of_others_whole() -> None:
    head = Head(True, 0.25, 0.1, has_parent=True)
    assert final_rate(head, "buy", {"b*": 0.01}, by_tail=False) == 0.25


def test_every_failure_of_the_sdk_is_one() -> None:
    from sentry_sdk.tracing import get_span_status_from_http_code

    statuses = {get_span_status_from_http_code(code) for code in range(500, 600)}
    assert statuses <= FAILED
    assert not {get_span_status_from_http_code(code) for code in range(200, 500)} & FAILED


# the statistics: 200,000 transactions, of which 1 % fail and 2 % are slow


@pytest.fixture(scope="module")
def mix() -> list[simulation.Transaction]:
    return simulation.traffic(200_000, seed=1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tail", [False, True])
def test_the_truth_lies_in_the_confidence_intervals(
    mix: list[simulation.Transaction], seed: int, tail: bool
) -> None:
    actual = simulation.truth(mix)
    # 40 intervals of 99.9 %: all of them hold in 96 of 100 runs, and always with these seeds.
    found = simulation.estimates(simulation.sampled(mix, seed, tail=tail), z=3.29)
    assert {name: one.holds(actual[name]) for name, one in found.items()} == dict.fromkeys(
        simulation.METRICS, True
    )


def test_rare_things_are_known_several_times_better_with_the_tail(
    mix: list[simulation.Transaction],
) -> None:
    head, tail = (simulation.root_mean_square(mix, range(6), tail=tail) for tail in (False, True))
    assert head["error rate"] > 4 * tail["error rate"]
    assert head["p99"] > 4 * tail["p99"]


def test_a_weight_that_is_wrong_is_noticed(mix: list[simulation.Transaction]) -> None:
    kept = [one._replace(rate=0.1) for one in simulation.sampled(mix, 0, tail=True)]
    found, actual = simulation.estimates(kept, z=3.29), simulation.truth(mix)
    assert not any(found[name].holds(actual[name]) for name in ("count", "error rate", "p99"))
