"""How fast the spool is drained: at once, or slowly after an outage."""

import random

#: Seconds to wait after the first failure, twice as long after each further one, and at most.
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
#: Envelopes a second when Sentry is back; so much faster after each one, until there is no brake.
FIRST_RATE = 10.0
GROWTH = 1.05
FULL_RATE = 1000.0


class Pace:
    """When the next envelope may be sent; times are those of one monotonic clock, in seconds.

    ``failures`` is how many attempts have failed since the last success.
    """

    def __init__(self) -> None:
        self.failures = 0
        self._not_before = 0.0
        self._rate: float | None = None

    def wait(self, now: float) -> float:
        """How many seconds to wait before the next envelope."""
        return max(0.0, self._not_before - now)

    def slow_down(self) -> None:
        """Start slowly, because much has piled up."""
        self._rate = self._rate or FIRST_RATE

    def succeeded(self, now: float) -> None:
        """Sentry has answered."""
        if self.failures:
            self.failures = 0
            self._rate = FIRST_RATE
        if self._rate is not None:
            self._not_before = now + 1 / self._rate
            self._rate = self._rate * GROWTH if self._rate < FULL_RATE else None

    def failed(self, now: float) -> None:
        """Sentry did not answer, or not as it should."""
        self.failures += 1
        longest = min(FIRST_WAIT * 2 ** min(self.failures - 1, 16), LONGEST_WAIT)
        # Jitter: a thousand processes must not come back in the same moment.
        self._not_before = now + longest * random.uniform(0.5, 1.0)  # noqa: S311

    def retry_now(self) -> None:
        """Forget the wait."""
        self._not_before = 0.0
