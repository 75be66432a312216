"""Which transactions are kept, and with which rate: plain functions over plain values.

A transaction is judged twice. When it starts, the *head* decides: a share of all of them, by the
random number of the trace, so that all services decide alike. When it ends, the *tail* keeps every
slow or failed one besides.

What is kept carries the rate with which it was kept. Sentry weighs by its inverse (Horvitz and
Thompson, 1952): a slow or failed one stands for itself alone, any other for 1 / head rate of its
kind. So counts and percentiles stay unbiased.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

#: What the SDK makes of a 5xx, of an exception, and of a failed task. Sentry's names for a span's
#: status: https://develop.sentry.dev/sdk/data-model/event-payloads/span/
FAILED = frozenset(
    {
        "data_loss",
        "deadline_exceeded",
        "internal_error",
        "unavailable",
        "unimplemented",
        "unknown_error",
    }
)

#: What stands in the SDK's sampling context besides its own keys: the rate that a parent's decision
#: was made with, the random number of the trace, and whether a transaction that the head does not
#: keep is to be recorded for the tail.
PARENT_RATE, RANDOM, RECORD = "parent_sample_rate", "sample_rand", "sentry_app_record"

#: The path of the request, and the same if it is one of IGNORED_URLS.
PATH, IGNORED_PATH = "sentry_app_path", "sentry_app_ignored_path"


class Head(NamedTuple):
    """What was decided when a transaction started.

    ``random`` is the trace's own number, ``rate`` what it was compared with; ``has_parent`` says
    whether the trace began elsewhere, so that its decision was taken over. ``path`` is that of the
    request, or empty; ``share`` what the SDK multiplied the rate by because it could not keep up.
    """

    sampled: bool
    rate: float
    random: float
    has_parent: bool = False
    path: str = ""
    share: float = 1.0


def head_rate(name: str, path: str, rates: Mapping[str, float], default: float) -> float:
    """The rate of a trace that begins here: that of the first glob of ``rates`` that matches the
    name or the path, else ``default``.
    """
    rate = rate_by_glob(name, path, rates)
    return default if rate is None else rate


def inherited_rate(sampled: bool, rate: float | None, random: float | None) -> float:
    """The rate that takes over the decision of a trace that began elsewhere: its own if it agrees
    with the decision, so that what is kept has the weight of the whole trace.

    >>> inherited_rate(True, 0.25, random=0.1), inherited_rate(True, None, random=0.1)
    (0.25, 1.0)
    """
    agrees = rate is not None and random is not None and (random < rate) == sampled
    return rate if rate is not None and agrees else float(sampled)


def rate_by_glob(name: str, path: str, rates: Mapping[str, float]) -> float | None:
    """The rate of the first glob that matches the name or the path, if there is one, or None.

    >>> rate_by_glob("buy", "/api/buy/", {"/api/*": 0.5, "*": 0.1}), rate_by_glob("buy", "", {})
    (0.5, None)
    """
    texts = (name, path) if path else (name,)
    globs = (glob for glob in rates if any(fnmatchcase(text, glob) for text in texts))
    glob = next(globs, None)
    return None if glob is None else rates[glob]


def is_slow_or_failed(duration_ms: float, status: str | None, slow_ms: float) -> bool:
    """Whether the tail keeps a transaction that took so long and ended so.

    >>> is_slow_or_failed(999.9, "ok", 1000), is_slow_or_failed(1000, "ok", 1000)
    (False, True)
    >>> is_slow_or_failed(2, "internal_error", 1000), is_slow_or_failed(2, "not_found", 1000)
    (True, False)
    """
    return duration_ms >= slow_ms or status in FAILED


def final_rate(head: Head, name: str, rates: Mapping[str, float], *, by_tail: bool) -> float | None:
    """The rate with which a transaction that ends is kept, or None if it is not.

    Its ``name`` is known only now: a glob of ``rates`` that matches it is compared with the same
    random number. A rate of 0 is off, for the tail too: what is never kept without being slow
    cannot be told by any weight.
    """
    late = rate_by_glob(name, head.path, rates) if rates and not head.has_parent else None
    if late is not None:
        late *= head.share
        head = Head(head.random < late, late, head.random)
    if not head.rate and not head.has_parent:
        return None
    if by_tail:
        return 1.0
    return head.rate if head.sampled else None
