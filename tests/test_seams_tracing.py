"""sentry_app.seams.tracing: tail sampling, and the contract with the SDK's private parts."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
import sentry_sdk

import sentry_app
from sentry_app import outcomes
from sentry_app.seams import tracing
from sentry_app.testing import Events, capture_events
from tests.support.asgi import visit
from tests.support.project import Project
from tests.support.sentry_server import SentryServer

TRACE = "a" * 32
FAST, SLOW = timedelta(milliseconds=999), timedelta(milliseconds=1000)

half = pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5)
#: Random numbers of a trace that a rate of 0.5 keeps, and does not.
KEPT, NOT_KEPT = 0.25, 0.75


def trace(
    random: float = NOT_KEPT,
    sampled: bool | None = None,
    rate: float | None = None,
) -> Any:
    """A transaction of a trace with this random number, and this decision if it has a parent."""
    items = [f"sentry-trace_id={TRACE}", f"sentry-sample_rand={random}"]
    items += [] if rate is None else [f"sentry-sample_rate={rate}"]
    flag = "" if sampled is None else f"-{int(sampled)}"
    headers = {"sentry-trace": f"{TRACE}-{'b' * 16}{flag}", "baggage": ",".join(items)}
    return sentry_sdk.start_transaction(sentry_sdk.continue_trace(headers, op="task", name="work"))


def end(transaction: Any, after: timedelta = FAST, status: str | None = None) -> None:
    if status:
        transaction.set_status(status)
    transaction.finish(end_timestamp=transaction.start_timestamp + after)


def rates() -> list[tuple[str, float]]:
    """Of each transaction that left: the rate in its trace header, and in its trace context."""
    found = []
    for envelope in sentry_app.outbox:
        for item in envelope.items:
            if item.type == "transaction":
                data = item.payload.json["contexts"]["trace"]["data"]
                found.append((envelope.headers["trace"]["sample_rate"], data["sentry.sample_rate"]))
    return found


def dropped(category: str, reason: str = outcomes.SAMPLED_OUT) -> int:
    return outcomes.snapshot().get((reason, category), 0)


@pytest.fixture(autouse=True)
def no_trace_before() -> Iterator[None]:
    with sentry_sdk.new_scope():
        yield


def test_the_sdk_has_every_part_that_is_used() -> None:
    assert tracing.missing_parts() == []


# what is kept, and with which rate


@half
@pytest.mark.parametrize(
    ("random", "after", "status", "expected"),
    [
        (NOT_KEPT, FAST, None, []),
        (NOT_KEPT, FAST, "not_found", []),
        (NOT_KEPT, SLOW, None, [("1.0", 1.0)]),
        (NOT_KEPT, FAST, "internal_error", [("1.0", 1.0)]),
        (NOT_KEPT, FAST, "deadline_exceeded", [("1.0", 1.0)]),
        (KEPT, FAST, None, [("0.5", 0.5)]),
        (KEPT, SLOW, None, [("1.0", 1.0)]),
        (KEPT, FAST, "unavailable", [("1.0", 1.0)]),
    ],
)
def test_what_is_kept_carries_its_own_rate(
    random: float, after: timedelta, status: str | None, expected: Any, sentry_events: Events
) -> None:
    end(trace(random), after, status)
    assert rates() == expected
    assert dropped("transaction") == (not expected)


@half
@pytest.mark.parametrize(
    ("sampled", "rate", "random", "after", "expected"),
    [
        (True, 0.3, KEPT, FAST, ("0.3", 0.3)),
        (True, 0.3, KEPT, SLOW, ("1.0", 1.0)),
        (False, 0.3, NOT_KEPT, FAST, None),
        (False, 0.3, NOT_KEPT, SLOW, ("1.0", 1.0)),
        # A decision without its rate, and one that contradicts it.
        (True, None, NOT_KEPT, FAST, ("1.0", 1.0)),
        (True, 0.3, NOT_KEPT, FAST, ("1.0", 1.0)),
        (False, 0.3, KEPT, FAST, None),
        (False, None, KEPT, FAST, None),
    ],
)
def test_the_decision_of_the_parent_is_taken_over_with_its_rate(
    sampled: bool,
    rate: float | None,
    random: float,
    after: timedelta,
    expected: Any,
    sentry_events: Events,
) -> None:
    end(trace(random, sampled, rate), after)
    assert rates() == ([] if expected is None else [expected])


@half
def test_an_exception_keeps_the_transaction(sentry_events: Events) -> None:
    with pytest.raises(ZeroDivisionError), trace():
        1 / 0  # noqa: B018
    assert rates() == [("1.0", 1.0)]


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.001)
@pytest.mark.parametrize("via", ["wsgi", "asgi"])
def test_a_request_that_failed_is_kept_with_its_spans(
    via: str, client: httpx.Client, sentry_events: Events
) -> None:
    client.get("/error/") if via == "wsgi" else visit("/error/")
    (transaction,) = sentry_events.transactions
    assert transaction["contexts"]["trace"]["status"] == "internal_error"
    assert rates() == [("1.0", 1.0)]


@half
def test_a_slow_transaction_has_its_spans(sentry_events: Events) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.span = transaction = trace()
        with sentry_sdk.start_span(op="db", name="SELECT 1"):
            pass
        end(transaction, SLOW)
    (sent,) = sentry_events.transactions
    assert [span["description"] for span in sent["spans"]] == ["SELECT 1"]


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5, SLOW_THRESHOLD_MS=2000)
def test_what_is_slow_is_a_setting(sentry_events: Events) -> None:
    end(trace(), timedelta(milliseconds=1999))
    end(trace(), timedelta(milliseconds=2000))
    assert len(rates()) == 1


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5, TAIL_SAMPLING=False)
@pytest.mark.parametrize(("random", "expected"), [(NOT_KEPT, []), (KEPT, [("0.5", 0.5)])])
def test_without_tail_sampling_the_head_decides_alone(
    random: float, expected: Any, sentry_events: Events
) -> None:
    transaction = trace(random)
    assert (transaction._span_recorder is None) is (not expected)
    end(transaction, SLOW, "internal_error")
    assert rates() == expected


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.0)
def test_a_rate_of_0_is_off(sentry_events: Events) -> None:
    transaction = trace()
    assert transaction._span_recorder is None
    end(transaction, SLOW, "internal_error")
    assert rates() == []


@half
def test_a_forced_decision_is_left_alone(sentry_events: Events) -> None:
    end(sentry_sdk.start_transaction(name="out", sampled=False), SLOW)
    assert rates() == []
    end(sentry_sdk.start_transaction(name="in", sampled=True))
    assert rates() == [("1.0", 1.0)]


@half
def test_the_application_may_take_a_transaction_out(sentry_events: Events) -> None:
    transaction = trace(KEPT)
    transaction.sampled = False
    end(transaction, SLOW)
    assert rates() == []
    assert dropped("transaction") == 1


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5, TRACES_SAMPLE_RATES={"work": 0.0})
def test_a_glob_does_not_take_out_what_was_put_in(sentry_events: Events) -> None:
    end(sentry_sdk.start_transaction(name="work", sampled=True))
    assert rates() == [("1.0", 1.0)]


@half
def test_a_transaction_that_is_finished_twice_is_counted_once(sentry_events: Events) -> None:
    with trace() as transaction:
        end(transaction)
    end(transaction)
    assert (dropped("transaction"), dropped("span")) == (1, 1)


@half
def test_nested_transactions_are_counted_for_their_own_reasons(sentry_events: Events) -> None:
    ignored = sentry_sdk.start_transaction(
        name="outer", custom_sampling_context={"wsgi_environ": {"PATH_INFO": "/health/"}}
    )
    end(trace())
    end(ignored)
    end(sentry_sdk.start_transaction(name="out", sampled=False))
    assert dropped("transaction", outcomes.IGNORED_URL) == 1
    assert dropped("transaction") == 2


@pytest.fixture
def overload(sentry_events: Events) -> None:
    """The SDK cannot keep up, and has halved the rates once."""
    monitor: Any = sentry_sdk.get_client().monitor
    monitor._downsample_factor = 1


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5, TRACES_SAMPLE_RATES={"buy*": 0.8})
@pytest.mark.parametrize("name", ["buy.book", "work"])
@pytest.mark.usefixtures("overload")
def test_a_glob_does_not_undo_backpressure(name: str) -> None:
    for random in (0.35, 0.45):
        with sentry_sdk.new_scope():
            transaction = trace(random)
            transaction.name = name
            end(transaction)
    assert rates() == ([("0.4", 0.4)] if name == "buy.book" else [])
    assert dropped("transaction", outcomes.BACKPRESSURE) == 2 - len(rates())


@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0, IGNORED_TRANSACTIONS=["work"])
@pytest.mark.usefixtures("overload")
def test_under_backpressure_an_ignored_transaction_keeps_its_reason() -> None:
    end(trace())
    assert dropped("transaction", outcomes.IGNORED_TRANSACTION) == 1


@half
def test_the_application_may_put_a_transaction_in(sentry_events: Events) -> None:
    transaction = trace(NOT_KEPT)
    transaction.sampled = True
    end(transaction)
    assert rates() == [("1.0", 1.0)]


@half
@pytest.mark.parametrize("is_naive", [True, False])
def test_a_time_without_a_zone_is_local(is_naive: bool, sentry_events: Events) -> None:
    start = datetime(2026, 1, 2, 3, tzinfo=None if is_naive else timezone.utc)
    with sentry_sdk.new_scope():
        transaction = trace()
        transaction.start_timestamp = start
        transaction.finish(end_timestamp=start.timestamp() + 1)
    assert rates() == [("1.0", 1.0)]
    assert outcomes.failures() == {}


@pytest.mark.sentry(TRACES_SAMPLE_RATES={"5": 1.0, "buy*": 0.9}, IGNORED_TRANSACTIONS=["noise*"])
@pytest.mark.parametrize("name", [5, None, ""])
def test_a_name_may_be_anything(name: Any, sentry_events: Events) -> None:
    transaction = sentry_sdk.start_transaction(name=name)
    end(transaction, SLOW)
    assert rates() == [("1.0", 1.0)]
    assert outcomes.failures() == {}


# rates by glob, of a name that is known only at the end


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5, TRACES_SAMPLE_RATES={"buy*": 0.9, "list*": 0.1})
@pytest.mark.parametrize(
    ("name", "random", "expected"),
    [
        ("buy.book", NOT_KEPT, [("0.9", 0.9)]),
        ("list.books", KEPT, []),
        ("list.books", 0.05, [("0.1", 0.1)]),
        ("other", KEPT, [("0.5", 0.5)]),
    ],
)
def test_a_glob_of_the_final_name_decides(
    name: str, random: float, expected: Any, sentry_events: Events
) -> None:
    transaction = trace(random)
    transaction.name = name
    end(transaction)
    assert rates() == expected


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5, TRACES_SAMPLE_RATES={"noise*": 0.0})
def test_a_glob_with_a_rate_of_0_is_off_at_the_end_too(sentry_events: Events) -> None:
    transaction = trace(KEPT)
    transaction.name = "noise.poll"
    end(transaction, SLOW)
    assert rates() == []


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.0, TRACES_SAMPLE_RATES={"buy*": 1.0})
def test_only_what_a_glob_names_is_kept(sentry_events: Events) -> None:
    for name in ("buy.book", "other"):
        transaction = trace()
        transaction.name = name
        end(transaction, SLOW)
    assert [event["transaction"] for event in sentry_events.transactions] == ["buy.book"]


@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0, IGNORED_TRANSACTIONS=["noise*"])
def test_an_ignored_transaction_is_dropped_before_it_is_serialised(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction = trace()
    transaction.name = "noise.poll"
    transaction.start_child(op="db").finish()
    serialised: list[Any] = []
    monkeypatch.setattr("sentry_sdk.tracing.Span.to_json", lambda span: serialised.append(span))
    end(transaction, SLOW)
    assert (rates(), serialised) == ([], [])
    assert dropped("transaction", outcomes.IGNORED_TRANSACTION) == 1


# what others are told


@half
def test_other_services_get_the_decision_of_the_head(sentry_events: Events) -> None:
    transaction = trace()
    told = dict(transaction.iter_headers())
    assert told["sentry-trace"].endswith("-0")
    assert "sentry-sample_rate=0.5" in told["baggage"]
    baggage = transaction.get_baggage()
    end(transaction, SLOW)
    assert rates() == [("1.0", 1.0)]
    assert baggage.sentry_items["sample_rate"] == "0.5"


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.001, PROFILES_SAMPLE_RATE=1.0)
def test_what_only_the_tail_may_keep_is_not_profiled(sentry_events: Events) -> None:
    transaction = trace()
    assert transaction._profile is None
    end(transaction, SLOW)
    assert sentry_events.items("profile") == []


@half
@pytest.mark.parametrize("flag", ["-0", "-1", ""])
@pytest.mark.parametrize("rate", ["inf", "1e400", "-1e400", "nan", "-1", "2", "often"])
def test_no_rate_of_a_stranger_breaks_a_request(
    rate: str, flag: str, client: httpx.Client, sentry_events: Events
) -> None:
    baggage = f"sentry-trace_id={TRACE},sentry-sample_rate={rate}"
    headers = {"sentry-trace": f"{TRACE}-{'b' * 16}{flag}", "baggage": baggage}
    assert client.get("/ok/", headers=headers).status_code == 200
    assert len(sentry_events.transactions) + dropped("transaction") == 1


@half
@pytest.mark.parametrize("random", ["nan", "snan", "inf", "-1", "one"])
def test_no_random_number_of_a_stranger_breaks_a_request(
    random: str, client: httpx.Client, sentry_events: Events
) -> None:
    baggage = f"sentry-trace_id={TRACE},sentry-sample_rand={random}"
    headers = {"sentry-trace": f"{TRACE}-{'b' * 16}-1", "baggage": baggage}
    assert client.get("/ok/", headers=headers).status_code == 200
    assert len(sentry_events.transactions) == 1


# what a dropped transaction leaves behind


@half
def test_a_dropped_transaction_is_counted_with_its_spans(sentry_events: Events) -> None:
    transaction = trace()
    for _ in range(3):
        transaction.start_child(op="db").finish()
    end(transaction)
    assert (dropped("transaction"), dropped("span")) == (1, 4)


def test_sentry_is_told_of_dropped_transactions(start_sdk: Any, sentry: SentryServer) -> None:
    start_sdk(DSN=sentry.dsn, TRACES_SAMPLE_RATE=0.5)
    transaction = trace()
    transaction.start_child(op="db").finish()
    end(transaction)
    sentry_sdk.get_client().close()
    (report,) = sentry.items("client_report")
    discarded = report["discarded_events"]
    assert {(entry["reason"], entry["category"], entry["quantity"]) for entry in discarded} == {
        ("sample_rate", "transaction", 1),
        ("sample_rate", "span", 2),
    }


class Spans(list[Any]):
    """A list that can be referred to weakly, which neither spans nor transactions can."""


@half
def test_a_dropped_transaction_is_freed_without_the_garbage_collector(
    sentry_events: Events,
) -> None:
    transaction = trace()
    transaction._span_recorder.spans = spans = Spans()
    freed = weakref.ref(spans)
    transaction.start_child(op="db").finish()
    gc.disable()
    try:
        end(transaction)
        del spans, transaction
        assert freed() is None
    finally:
        gc.enable()


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5, OPTIONS={"_experiments": {"max_spans": 3}})
def test_the_largest_number_of_spans_holds_for_the_tail_too(sentry_events: Events) -> None:
    transaction = trace()
    for _ in range(10):
        transaction.start_child(op="db").finish()
    end(transaction, SLOW)
    assert len(sentry_events.transactions[0]["spans"]) == 3


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.5, IGNORED_TRANSACTIONS=["noise*"])
def test_a_judgement_that_fails_leaves_the_head_to_decide(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentry_app.sampling.final_rate", lambda *args, **kwargs: 1 / 0)
    end(trace(KEPT))
    end(trace(NOT_KEPT), SLOW)
    assert len(sentry_events.transactions) == 1
    assert outcomes.failures() == {"tail_sampling": 2}
    assert dropped("transaction") == 1


def test_a_client_of_another_makes_its_own_decisions() -> None:
    with capture_events():
        pass
    client = sentry_sdk.Client("http://key@127.0.0.1:9/1", traces_sample_rate=0.5)
    with sentry_sdk.new_scope() as scope:
        scope.set_client(client)
        assert trace(NOT_KEPT)._span_recorder is None


def test_an_sdk_that_is_built_differently_samples_by_the_head_alone(tmp_path: Path) -> None:
    ran = Project(tmp_path).run(
        """
        from sentry_sdk.tracing import Transaction
        original = Transaction.finish
        Transaction.finish = lambda self, *args, **kwargs: original(self, *args, **kwargs)
        import django
        django.setup()
        import sentry_app, sentry_sdk
        from sentry_app import sdk
        transaction = sentry_sdk.start_transaction(name="work")
        transaction.set_status("internal_error")
        transaction.finish()
        print(sdk.missing_parts(), len(sentry_app.outbox))
        """,
        SENTRY_TRANSPORT="locmem",
        SENTRY_TRACES_SAMPLE_RATE="1e-9",
    )
    assert "['Transaction.finish'] 0" in ran.stdout, ran.stderr
    assert "W009" in ran.stderr
