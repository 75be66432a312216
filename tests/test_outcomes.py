"""sentry_app.outcomes: why something was not sent."""

from collections.abc import Iterator
from threading import Thread

import pytest

from sentry_app import outcomes


def test_counts_by_reason_and_category() -> None:
    outcomes.record(outcomes.HOOK, "error")
    outcomes.record(outcomes.HOOK, "error", quantity=2)
    outcomes.record(outcomes.HOOK, "transaction")
    assert outcomes.snapshot() == {("hook", "error"): 3, ("hook", "transaction"): 1}


def test_the_debug_log_names_what_was_dropped(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "sentry_app"):
        outcomes.record(outcomes.IGNORED_URL, "error", what="/health/")
    assert caplog.messages == ["dropped error /health/: ignored_url"]


@pytest.mark.parametrize("category", ["error", "transaction", "span"])
def test_what_a_hook_dropped_is_not_counted_a_second_time(category: str) -> None:
    outcomes.record_sdk("before_send", category)
    assert outcomes.snapshot() == {}


def test_a_log_that_the_projects_own_hook_dropped_is_counted() -> None:
    outcomes.record_sdk("before_send", "log_item")
    assert outcomes.snapshot() == {("hook", "log_item"): 1}


def test_the_samplers_reason_replaces_the_sdks() -> None:
    with outcomes.sampled_out_as(outcomes.IGNORED_URL, "/health/"):
        outcomes.record_sdk("sample_rate", "transaction")
        outcomes.record_sdk("backpressure", "transaction")
        outcomes.record_sdk("sample_rate", "error")
    outcomes.record_sdk("backpressure", "transaction")
    assert outcomes.snapshot() == {
        ("ignored_url", "transaction"): 2,
        ("backpressure", "transaction"): 1,
        ("sampled_out", "error"): 1,
    }


def test_the_samplers_reason_holds_for_its_own_transaction_only() -> None:
    with outcomes.sampled_out_as(outcomes.IGNORED_URL, "/health/"):
        pass
    outcomes.record_sdk("sample_rate", "transaction")
    assert outcomes.snapshot() == {("sampled_out", "transaction"): 1}


def test_the_sdks_other_reasons_keep_their_names() -> None:
    outcomes.record_sdk("network_error", "error", 4)
    assert outcomes.snapshot() == {("network", "error"): 4}


def test_failures_are_counted_by_step() -> None:
    outcomes.record_failure("shop.hooks.clean")
    outcomes.record_failure("shop.hooks.clean")
    assert outcomes.failures() == {"shop.hooks.clean": 2}


def test_a_snapshot_is_a_copy() -> None:
    before = outcomes.snapshot()
    outcomes.record(outcomes.HOOK, "error")
    assert before == {}


def test_reset_forgets_everything() -> None:
    outcomes.record(outcomes.HOOK, "error")
    outcomes.record_failure("step")
    outcomes.reset()
    assert (outcomes.snapshot(), outcomes.failures()) == ({}, {})


def test_every_reason_is_explained() -> None:
    constants = {
        value for name, value in vars(outcomes).items() if name.isupper() and type(value) is str
    }
    assert constants == set(outcomes.REASONS)


def test_a_finalizer_may_count_while_its_thread_counts() -> None:
    def rules() -> Iterator[str]:  # the garbage collector may run whatever runs Python
        outcomes.record(outcomes.STORM, "error")
        yield "secret field"

    thread = Thread(target=outcomes.record_scrubbed, args=(rules(),), daemon=True)
    thread.start()
    thread.join(10)
    if hangs := thread.is_alive():
        outcomes._lock.release()
    assert not hangs
    assert outcomes.snapshot() == {("storm", "error"): 1}
