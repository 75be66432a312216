"""What the settings say about a transaction: when it starts, and when it ends."""

import logging
from typing import Any

from sentry_app import filters, outcomes, sampling
from sentry_app.conf import Config
from sentry_app.dotted import resolve
from sentry_app.interrupts import let_through
from sentry_app.sampling import IGNORED_PATH, PARENT_RATE, PATH, RANDOM, RECORD, Head
from sentry_app.setting import as_repr
from sentry_app.storms import Leave, Storms, of_limits

logger = logging.getLogger("sentry_app")


class Sampler:
    """The ``traces_sampler`` of the SDK: IGNORED_URLS, the project's own sampler, the rates.

    Never raises: older SDKs would pass that on to the application.
    """

    def __init__(self, config: Config, storms: Storms | None = None) -> None:
        self._config = config
        self._storms = of_limits(0, 0, 0) if storms is None else storms
        self._own = config.OPTIONS.get("traces_sampler")
        self._rates = config.TRACES_SAMPLE_RATES if self._own is None else {}

    def __call__(self, sampling_context: dict[str, Any]) -> float:
        """The rate of a transaction that starts."""
        try:
            return self._rate(sampling_context)
        except Exception as error:
            let_through(error)
            outcomes.record_failure("traces_sampler")
            logger.warning("the sampler failed and is passed over", exc_info=True)
            return self._config.TRACES_SAMPLE_RATE

    def ignores_path(self, path: str) -> bool:
        """IGNORED_URLS. Never raises: asked in the middle of each request."""
        try:
            return filters.url_is_ignored(path, self._config.IGNORED_URLS)
        except Exception as error:
            let_through(error)
            outcomes.record_failure("ignored_url")
            return False

    def at_end(
        self, head: Head, name: str, duration_ms: float, status: str | None
    ) -> tuple[float | None, str]:
        """The rate with which a transaction that ends is kept, or None; and why not."""
        name = str(name or "")  # the application may have set anything
        if filters.matches_glob(name, self._config.IGNORED_TRANSACTIONS):
            return None, outcomes.IGNORED_TRANSACTION
        if not self._config.TAIL_SAMPLING:
            return head.rate if head.sampled else None, outcomes.SAMPLED_OUT
        by_tail = sampling.is_slow_or_failed(duration_ms, status, self._config.SLOW_THRESHOLD_MS)
        return sampling.final_rate(head, name, self._rates, by_tail=by_tail), outcomes.SAMPLED_OUT

    def leave(self, name: str) -> Leave:
        """STORM_TRANSACTION_LIMIT: the leave of a transaction that is kept. Never raises."""
        return self._storms.admit_transaction(str(name or ""))

    def _rate(self, sampling_context: dict[str, Any]) -> float:
        path = request_path(sampling_context)
        if path and self.ignores_path(path):
            sampling_context[IGNORED_PATH] = path
            return 0.0
        sampling_context[PATH] = path
        rate = self._own_rate(sampling_context)
        if rate is None:
            return self._rate_by_settings(sampling_context, path)
        sampling_context[RECORD] = self._config.TAIL_SAMPLING and rate > 0
        return rate

    def _rate_by_settings(self, sampling_context: dict[str, Any], path: str) -> float:
        name = str((sampling_context.get("transaction_context") or {}).get("name") or "")
        rate = sampling.head_rate(name, path, self._rates, self._config.TRACES_SAMPLE_RATE)
        # A glob may match the name that the transaction has at its end.
        can_be_kept = rate > 0 or any(self._rates.values())
        sampling_context[RECORD] = self._config.TAIL_SAMPLING and can_be_kept
        sampled = sampling_context.get("parent_sampled")
        if sampled is None:
            return rate
        parent_rate, random = sampling_context.get(PARENT_RATE), sampling_context.get(RANDOM)
        return sampling.inherited_rate(sampled, parent_rate, random)

    def _own_rate(self, sampling_context: dict[str, Any]) -> float | None:
        """The rate that the project's sampler gives; None without one, or if it fails."""
        if self._own is None:
            return None
        try:
            rate = float(resolve(self._own)(sampling_context))
            if not 0 <= rate <= 1:
                raise ValueError(f"{rate} is not a sample rate")
            return rate
        except Exception as error:
            let_through(error)
            shown = as_repr(self._own)
            name = getattr(self._own, "__name__", shown)
            outcomes.record_failure(str(name))
            logger.warning("%s failed and is passed over", shown, exc_info=True)
            return None


def request_path(sampling_context: dict[str, Any]) -> str:
    """The path of the request that a transaction starts for, from WSGI or ASGI, or empty."""
    environ = sampling_context.get("wsgi_environ")
    if environ is not None:
        return wsgi_path(environ)
    scope = sampling_context.get("asgi_scope")
    return str(scope.get("path", "")) if scope is not None else ""


def wsgi_path(environ: dict[str, Any]) -> str:
    """The path of a request, from the WSGI environment."""
    return str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
