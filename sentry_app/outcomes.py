"""Why something was not sent: one small set of reasons, counted by reason and category.

A category is Sentry's word for the kind of item: error, transaction, log_item, monitor, ...
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from threading import Lock

logger = logging.getLogger("sentry_app")

IGNORED_ERROR = "ignored_error"
ASGI_LIFESPAN = "asgi_lifespan"
IGNORED_LOGGER = "ignored_logger"
IGNORED_URL = "ignored_url"
IGNORED_TRANSACTION = "ignored_transaction"
TEST_USER = "test_user"
HOOK = "hook"
SAMPLED_OUT = "sampled_out"

#: The SDK's own reasons, where ours are clearer. Any other is counted under the SDK's name:
#: network_error, queue_overflow, ratelimit_backoff, event_processor, ...
_SDK_REASONS = {"sample_rate": SAMPLED_OUT}

_counts: Counter[tuple[str, str]] = Counter()
_failures: Counter[str] = Counter()
_scrubbed: Counter[str] = Counter()
_lock = Lock()

#: What decided on the transaction that runs here; set by the sampler, read when it is dropped.
#: The SDK only says "sample_rate" for both an ignored URL and bad luck.
sampling_reason: ContextVar[str] = ContextVar("sampling_reason", default=SAMPLED_OUT)


def record(reason: str, category: str, what: str = "", quantity: int = 1) -> None:
    """Count something that was not sent; ``what`` names it in the debug log."""
    with _lock:
        _counts[reason, category] += quantity
    logger.debug("dropped %s %s: %s", category, what, reason)


def record_sdk(reason: str, category: str, quantity: int = 1) -> None:
    """Count what the SDK reports as lost, unless a hook of ours has counted it already."""
    if reason == "before_send" and category in ("error", "transaction", "span"):
        return
    reason = _SDK_REASONS.get(reason, reason)
    if reason == SAMPLED_OUT and category in ("transaction", "span"):
        reason = sampling_reason.get()
    record(reason, category, quantity=quantity)


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


def reset() -> None:
    """Start counting anew."""
    with _lock:
        _counts.clear()
        _failures.clear()
        _scrubbed.clear()
