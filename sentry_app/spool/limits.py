"""What Sentry asks to wait for, by category.

The headers are those of https://develop.sentry.dev/sdk/expected-features/rate-limiting/.
"""

import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

#: Stands for every category.
ALL = ""
#: Nothing waits longer, in seconds: whoever asks for years is a broken proxy, and no thread can
#: wait so long.
LONGEST = 86400.0


class Limits:
    """Until when each category has to wait; times are those of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def wait(self, category: str, now: float) -> float:
        """How many seconds the ``category`` still has to wait; 0 if it need not."""
        until = max(self._until.get(category, 0), self._until.get(ALL, 0))
        return max(0.0, until - now)

    def update(self, headers: Mapping[str, str], now: float, *, refused: bool) -> None:
        """Take what an answer says; ``headers`` have lower-case names.

        ``Retry-After`` counts only where the answer ``refused`` (429), and where there is nothing
        more precise.
        """
        found = dict(_sentry_limits(headers.get("x-sentry-rate-limits", "")))
        if not found and refused:
            seconds = _retry_after(headers.get("retry-after", ""))
            found = {} if seconds is None else {ALL: seconds}
        for category, seconds in found.items():
            self._until[category] = max(self._until.get(category, 0), now + min(seconds, LONGEST))


def _sentry_limits(header: str) -> Iterator[tuple[str, float]]:
    """``60:error;transaction:organization:quota_exceeded, 2700::project`` and the like."""
    for limit in header.split(","):
        seconds, _, rest = limit.strip().partition(":")
        if seconds.isdecimal():
            for category in rest.partition(":")[0].split(";"):
                yield category.strip(), float(seconds)


def _retry_after(header: str) -> float | None:
    """Seconds, from a number or an HTTP date."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError, OSError):
        return None
