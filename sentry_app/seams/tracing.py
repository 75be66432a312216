"""Tail sampling: a transaction that the head does not keep is recorded, and judged when it ends.

The private parts that are used, and what they have to be:

``Transaction._set_initial_sampling_decision(sampling_context)``
    called once by ``start_transaction``; calls the ``traces_sampler`` and sets ``sampled`` and
    ``sample_rate``. ``start_transaction`` makes a span recorder only for what is sampled.
``Transaction.finish(scope, end_timestamp)``
    counts a transaction without a span recorder as lost, and serialises any other that is sampled.
``Transaction._span_recorder``, ``_SpanRecorder(maxlen).spans``
    the spans of a transaction; None for one that is not recorded.
``Transaction._baggage``, ``._data``, ``._sample_rand``
    what the envelope's trace header is made of; what ``set_data`` sets; the random number of the
    trace.
``Transaction._start_timestamp_monotonic_ns``
    when it started, by ``sentry_sdk.utils.nanosecond_time()``.
``tracing_utils._generate_sample_rand(trace_id, interval=(0.0, 1.0))``
    looked up in its module when a trace comes in, by a caller that takes a ValueError.
``tracing_utils.try_convert(type, value)``
    makes a number of what came in, or None.

Until it ends, a recorded transaction stays unsampled: that flag and the head rate are what goes to
other services, and no profile starts. Where a part is missing, the head alone decides.
"""

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Protocol

import sentry_sdk
from sentry_sdk import tracing, tracing_utils, utils
from sentry_sdk.tracing import Transaction

from sentry_app import outcomes
from sentry_app.interrupts import let_through
from sentry_app.sampling import IGNORED_PATH, PARENT_RATE, PATH, RANDOM, RECORD, Head
from sentry_app.seams.patching import parameters, unlike, wrap
from sentry_app.storms import Leave

#: The SDK's own default of ``max_spans``.
MAX_SPANS = 1000

#: The attribute in which SDKs that are based on OpenTelemetry tell the same.
RATE_ATTRIBUTE = "sentry.sample_rate"

_SpanRecorder: Any = getattr(tracing, "_SpanRecorder", object)
_PARTS = ("_span_recorder", "_baggage", "_data", "_sample_rand", "_start_timestamp_monotonic_ns")


class TailSampler(Protocol):
    """The client's ``traces_sampler``, if it decides at the end too."""

    def at_end(
        self, head: Head, name: str, duration_ms: float, status: str | None
    ) -> tuple[float | None, str]:
        """The rate with which a transaction is kept, or None; and why not."""

    def leave(self, name: str) -> Leave:
        """Whether one that is kept may go."""


class Recorder(_SpanRecorder):  # type: ignore[misc]
    """The recorder of a transaction that is judged when it ends, by what the ``head`` decided."""

    __slots__ = ("head",)

    def __init__(self, maxlen: int, head: Head) -> None:
        super().__init__(maxlen)
        self.head = head


def install() -> list[str]:
    """Put the seam in; returns what is missing, and then the head alone decides."""
    missing = missing_parts()
    if not missing:
        wrap(Transaction, "_set_initial_sampling_decision", _recording)
        wrap(Transaction, "finish", _judging)
    if hasattr(tracing_utils, "_generate_sample_rand"):
        wrap(tracing_utils, "_generate_sample_rand", _within_bounds)
    if hasattr(tracing_utils, "try_convert"):
        wrap(tracing_utils, "try_convert", _numbers_only)
    return missing


def missing_parts() -> list[str]:
    """The private parts that this SDK does not have, or not in the shape that is needed."""
    transaction = Transaction(name="")
    expected = {
        "Transaction._set_initial_sampling_decision": (
            getattr(Transaction, "_set_initial_sampling_decision", None),
            ("self", "sampling_context"),
        ),
        "Transaction.finish": (
            getattr(Transaction, "finish", None),
            ("self", "scope", "end_timestamp"),
        ),
    }
    missing = unlike(expected, exactly=True)
    missing += [f"Transaction.{part}" for part in _PARTS if not hasattr(transaction, part)]
    if not hasattr(utils, "nanosecond_time"):
        missing.append("nanosecond_time")
    if parameters(_SpanRecorder.__init__) != ("self", "maxlen"):
        missing.append("_SpanRecorder")
    return missing


def _within_bounds(generate: Callable[..., Any]) -> Callable[..., Any]:
    """An infinite rate in a ``baggage`` header raises an OverflowError, or is an endless loop."""

    def generate_within_bounds(
        trace_id: Any, *, interval: tuple[float, float] = (0.0, 1.0), **more: Any
    ) -> Any:
        if not (interval[0] >= 0 and interval[1] <= 1):
            raise ValueError("the rate that came with the trace is none")
        return generate(trace_id, interval=interval, **more)

    return generate_within_bounds


def _numbers_only(convert: Callable[..., Any]) -> Callable[..., Any]:
    """SDK 2.35 compares a random number of "nan" as a Decimal, which raises."""

    def convert_numbers(*args: Any, **more: Any) -> Any:
        found = convert(*args, **more)
        return None if isinstance(found, Decimal) and found.is_nan() else found

    return convert_numbers


def _recording(decide: Callable[..., None]) -> Callable[..., None]:
    def decide_and_record(self: Any, sampling_context: dict[str, Any]) -> None:
        __tracebackhide__ = True
        if _sampler() is None:
            return decide(self, sampling_context)
        sampling_context[PARENT_RATE] = _rate_of(self._baggage)
        sampling_context[RANDOM] = self._sample_rand
        decide(self, sampling_context)
        # What was decided by `sampled=` or without the sampler is left alone.
        if RECORD in sampling_context and (self.sampled or sampling_context[RECORD]):
            self._span_recorder = Recorder(_max_spans(), _head(self, sampling_context))
        elif IGNORED_PATH in sampling_context:
            self.set_data(IGNORED_PATH, sampling_context[IGNORED_PATH])
        return None

    return decide_and_record


def _head(transaction: Any, sampling_context: dict[str, Any]) -> Head:
    return Head(
        bool(transaction.sampled),
        transaction.sample_rate or 0.0,
        transaction._sample_rand,
        transaction.parent_sampled is not None,
        sampling_context.get(PATH, ""),
        0.5 ** _downsample_factor(),
    )


def _judging(finish: Callable[..., Any]) -> Callable[..., Any]:
    def judge_and_finish(
        self: Any, scope: Any = None, end_timestamp: Any = None, **more: Any
    ) -> Any:
        __tracebackhide__ = True
        sampler = _sampler()
        if sampler is None or self.timestamp is not None:
            return finish(self, scope, end_timestamp, **more)
        drop = _drop(self, end_timestamp, sampler)
        leave = Leave() if drop else sampler.leave(self.name)
        if leave.reason is not None:
            drop = leave.reason, self.name
        if drop is None:
            return _finish_and_tell(self, leave, finish, scope, end_timestamp, **more)
        with outcomes.sampled_out_as(*drop):
            _let_go(self)
            finish(self, scope, end_timestamp, **more)
        self.timestamp = datetime.now(timezone.utc)  # finished again, it is not counted again
        return None

    return judge_and_finish


def _finish_and_tell(
    transaction: Any, leave: Leave, finish: Callable[..., Any], *args: Any, **more: Any
) -> Any:
    """Send it with what was held back before, or give the leave back."""
    __tracebackhide__ = True
    for tag, value in leave.tags.items():
        transaction.set_tag(tag, value)
    for name, told in leave.contexts.items():
        transaction.set_context(name, told)
    event_id = None
    try:
        event_id = finish(transaction, *args, **more)
    finally:
        if event_id is None:
            leave.give_back()
    return event_id


def _drop(transaction: Any, end: Any, sampler: TailSampler) -> tuple[str, str] | None:
    """Why it is dropped, and what the log calls it; None if it is kept, which is then prepared."""
    if transaction._span_recorder is None:
        path = transaction._data.get(IGNORED_PATH)
        return (outcomes.IGNORED_URL, path) if path else (outcomes.SAMPLED_OUT, transaction.name)
    try:
        rate, reason = _judge(transaction, end, sampler)
        if rate is not None:
            _keep(transaction, rate)
            return None
    except Exception as error:  # then what the head said holds
        let_through(error)
        outcomes.record_failure("tail_sampling")
        reason = outcomes.SAMPLED_OUT
        if transaction.sampled:
            return None
    return reason, transaction.name


def _judge(transaction: Any, end: Any, sampler: TailSampler) -> tuple[float | None, str]:
    recorder = transaction._span_recorder
    if type(recorder) is Recorder:
        head = recorder.head
    else:  # `sampled=True` is like the decision of a parent
        head = Head(True, transaction.sample_rate or 1.0, transaction._sample_rand, True)
    if bool(transaction.sampled) != head.sampled:  # the application has changed it
        return 1.0 if transaction.sampled else None, outcomes.SAMPLED_OUT
    duration = _duration_ms(transaction, end)
    return sampler.at_end(head, transaction.name, duration, transaction.status)


def _keep(transaction: Any, rate: float) -> None:
    """Send it, with its own rate: others go on with the head's, which they were told."""
    baggage = transaction.get_baggage()
    if baggage.sentry_items.get("sample_rate") != str(rate) or not transaction.sampled:
        items = {**baggage.sentry_items, "sample_rate": str(rate), "sampled": "true"}
        transaction._baggage = tracing_utils.Baggage(items, baggage.third_party_items, False)
    transaction.sampled, transaction.sample_rate = True, rate
    transaction.set_data(RATE_ATTRIBUTE, rate)


def _let_go(transaction: Any) -> None:
    """Drop it before anything of it is serialised; ``finish`` counts it without its spans."""
    recorder = transaction._span_recorder
    # This breaks the circle transaction - recorder - span - transaction as well.
    transaction._span_recorder, transaction.sampled = None, False
    client: Any = sentry_sdk.get_client()
    if recorder is not None and recorder.spans and client.transport:
        lost = "backpressure" if _downsample_factor() else "sample_rate"
        client.transport.record_lost_event(lost, data_category="span", quantity=len(recorder.spans))


def _downsample_factor() -> int:
    """How often the SDK, which cannot keep up, has halved the rates; 0 if it can."""
    monitor: Any = sentry_sdk.get_client().monitor
    return int(monitor.downsample_factor) if monitor else 0


def _max_spans() -> int:
    experiments = sentry_sdk.get_client().options.get("_experiments") or {}
    return experiments.get("max_spans") or MAX_SPANS


def _sampler() -> TailSampler | None:
    """The sampler of the client in force, if it is one of ours."""
    sampler: Any = sentry_sdk.get_client().options.get("traces_sampler")
    return sampler if hasattr(sampler, "at_end") else None


def _rate_of(baggage: Any) -> float | None:
    """The rate that came with the trace, or None."""
    try:
        rate = float(baggage.sentry_items["sample_rate"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return rate if 0 <= rate <= 1 else None


def _duration_ms(transaction: Any, end: Any) -> float:
    if not end:
        return float(utils.nanosecond_time() - transaction._start_timestamp_monotonic_ns) / 1e6
    return (_seconds(end) - _seconds(transaction.start_timestamp)) * 1e3


def _seconds(moment: Any) -> float:
    """Since the epoch; a datetime without a time zone is local time, as the SDK has it."""
    return float(moment.timestamp() if isinstance(moment, datetime) else moment)
