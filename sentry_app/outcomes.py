"""Why something was not sent: one small set of reasons, counted by reason and category.

A category is Sentry's word for the kind of item: error, transaction, log_item, monitor, ...
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import Any

logger = logging.getLogger("sentry_app")

DISABLED = "disabled"
IGNORED_ERROR = "ignored_error"
IGNORED_LOGGER = "ignored_logger"
IGNORED_URL = "ignored_url"
IGNORED_TRANSACTION = "ignored_transaction"
TEST_USER = "test_user"
ASGI_LIFESPAN = "asgi_lifespan"
INTERRUPT = "interrupt"
REPEATED = "repeated"
STORM = "storm"
QUOTA = "quota"
WITHIN_HOOK = "within_hook"
HOOK = "hook"
EVENT_PROCESSOR = "event_processor"
SAMPLED_OUT = "sampled_out"
BACKPRESSURE = "backpressure"
RATE_LIMITED = "rate_limited"
QUEUE_FULL = "queue_full"
SPOOL_FULL = "spool_full"
SPOOL_EXPIRED = "spool_expired"
NETWORK = "network"
REFUSED = "refused"
INTERNAL_ERROR = "internal_error"

#: What each reason means, and the setting that decides; for the docs and for ``sentry_test``.
REASONS: Mapping[str, tuple[str, str]] = {
    DISABLED: ("the SDK is off", "DSN, FORCE_DISABLE, TEST_MODE"),
    IGNORED_ERROR: ("the exception's class or the logger is ignored", "IGNORED_ERRORS"),
    IGNORED_LOGGER: ("the logger is ignored", "IGNORED_LOGGERS"),
    IGNORED_URL: ("it happened in a request whose path is ignored", "IGNORED_URLS"),
    IGNORED_TRANSACTION: ("the transaction's name is ignored", "IGNORED_TRANSACTIONS"),
    TEST_USER: ("the user is a test user", "TEST_USER_EMAILS"),
    ASGI_LIFESPAN: ("Django's answer to an ASGI server's lifespan question", ""),
    INTERRUPT: ("Ctrl-C", ""),
    REPEATED: ("the request met the same error before", ""),
    STORM: (
        "so many of its kind were sent this minute",
        "STORM_LIMIT, STORM_TRANSACTION_LIMIT, STORM_CACHE",
    ),
    QUOTA: ("so many events were sent this hour", "STORM_HOURLY_QUOTA, STORM_CACHE"),
    WITHIN_HOOK: (
        "a hook logged or captured it, and must not feed itself",
        "BEFORE_SEND, BEFORE_SEND_TRANSACTION, BEFORE_BREADCRUMB",
    ),
    HOOK: ("a hook returned None", "BEFORE_SEND, BEFORE_SEND_TRANSACTION"),
    EVENT_PROCESSOR: ("an event processor or an integration returned None", "OPTIONS"),
    SAMPLED_OUT: (
        "the trace's random number was not below the rate",
        "TRACES_SAMPLE_RATE, TRACES_SAMPLE_RATES, TAIL_SAMPLING, SLOW_THRESHOLD_MS",
    ),
    BACKPRESSURE: ("the SDK could not keep up and sampled less", "OPTIONS"),
    RATE_LIMITED: ("Sentry said that it takes no more for now (429)", ""),
    QUEUE_FULL: ("the queue of what waits to be sent was full", "OPTIONS"),
    SPOOL_FULL: ("the spool was full and this the oldest in it", "SPOOL_MAX_BYTES"),
    SPOOL_EXPIRED: ("it waited too long in the spool", "SPOOL_MAX_AGE"),
    NETWORK: ("Sentry could not be reached, or failed", ""),
    REFUSED: ("Sentry refused it (400, 403, 413)", ""),
    INTERNAL_ERROR: ("an error in the SDK or in a transport", "TRANSPORT"),
}

#: The SDK's names of them (https://develop.sentry.dev/sdk/telemetry/client-reports/). Any other is
#: counted under its own name.
_SDK_REASONS = {
    "before_send": HOOK,
    "cache_expired": SPOOL_EXPIRED,
    "cache_overflow": SPOOL_FULL,
    "internal_sdk_error": INTERNAL_ERROR,
    "network_error": NETWORK,
    "queue_overflow": QUEUE_FULL,
    "ratelimit_backoff": RATE_LIMITED,
    "sample_rate": SAMPLED_OUT,
    "send_error": REFUSED,
}

_counts: Counter[tuple[str, str]] = Counter()
_failures: Counter[str] = Counter()
_scrubbed: Counter[str] = Counter()
_left_out: Counter[str] = Counter()
# A finalizer or a signal's handler may log an error while its own thread holds the lock.
_lock = RLock()

#: Why the transaction is dropped that ends here, and its name. The SDK only says "sample_rate" for
#: both an ignored URL and bad luck.
_sampling: ContextVar[tuple[str, str]] = ContextVar("sampling", default=(SAMPLED_OUT, ""))


def record(reason: str, category: str, what: str = "", quantity: int = 1) -> None:
    """Count something that was not sent; ``what`` names it in the debug log."""
    with _lock:
        _counts[reason, category] += quantity
    logger.debug("dropped %s %s: %s", category, what, reason)


def record_event(reason: str, event: Any, hint: Any, category: str = "") -> list[tuple[str, int]]:
    """Count an event that was not sent, a transaction with its spans; returns what was counted.

    The debug log names the class of its exception, or else its transaction or logger. It is counted
    by its own type, if no ``category`` is given.
    """
    info = hint.get("exc_info")
    kind = info[0] if isinstance(info, tuple) and info else None
    named = getattr(kind, "__name__", None) or event.get("transaction") or event.get("logger")
    lost = [(category or event.get("type") or "error", 1)]
    if lost[0][0] == "transaction":
        lost.append(("span", span_count(event) + 1))  # it is a span itself
    for each, quantity in lost:
        record(reason, each, str(named or ""), quantity)
    return lost


def span_count(event: Any) -> int:
    """How many spans a transaction has."""
    spans = event.get("spans")
    return len(spans) if isinstance(spans, list) else 0


@contextmanager
def sampled_out_as(reason: str, what: str) -> Iterator[None]:
    """Say why the transaction ``what`` is dropped, while the SDK counts it as sampled out."""
    token = _sampling.set((reason, what))
    try:
        yield
    finally:
        _sampling.reset(token)


def record_sdk(reason: str, category: str, quantity: int = 1) -> None:
    """Count what the SDK reports as lost, unless a hook of ours has counted it already."""
    if reason == "before_send" and category in ("error", "transaction", "span", "feedback"):
        return
    reason, what = _SDK_REASONS.get(reason, reason), ""
    if reason in (SAMPLED_OUT, BACKPRESSURE) and category in ("transaction", "span"):
        why, what = _sampling.get()
        reason = reason if why == SAMPLED_OUT else why
    record(reason, category, what, quantity)


def snapshot() -> Mapping[tuple[str, str], int]:
    """How often each (reason, category) occurred in this process, since its start."""
    with _lock:
        return dict(_counts)


def record_failure(step: str) -> None:
    """Count a step or a user's hook that raised; what it was given was kept."""
    with _lock:
        _failures[step] += 1


def failures() -> Mapping[str, int]:
    """How often each step or hook raised in this process."""
    with _lock:
        return dict(_failures)


def record_scrubbed(rules: Iterable[str]) -> None:
    """Count what the scrubber removed, by the rule that removed it."""
    with _lock:
        _scrubbed.update(rules)


def scrubbed() -> Mapping[str, int]:
    """How often each rule removed something in this process; "internal error" is one of them."""
    with _lock:
        return dict(_scrubbed)


def record_left_out(counts: Mapping[str, int]) -> None:
    """Count what was left out of an item, so that it neither hurts the site nor is too large."""
    with _lock:
        _left_out.update(counts)


def left_out() -> Mapping[str, int]:
    """How many variables, texts, frames, ... were left out in this process."""
    with _lock:
        return dict(_left_out)


def reset() -> None:
    """Start counting anew."""
    with _lock:
        _counts.clear()
        _failures.clear()
        _scrubbed.clear()
        _left_out.clear()
