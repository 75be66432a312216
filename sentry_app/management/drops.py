"""Why something never left the process: from the outcomes to a verdict."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from sentry_app import dotted, outcomes
from sentry_app.conf import Config
from sentry_app.management.reasons import Verdict, verdict

#: The filters, and the setting that each obeys.
_FILTERS: Mapping[str, str] = {
    outcomes.IGNORED_ERROR: "IGNORED_ERRORS",
    outcomes.IGNORED_LOGGER: "IGNORED_LOGGERS",
    outcomes.IGNORED_URL: "IGNORED_URLS",
    outcomes.IGNORED_TRANSACTION: "IGNORED_TRANSACTIONS",
    outcomes.TEST_USER: "TEST_USER_EMAILS",
    outcomes.STORM: "STORM_LIMIT",
    outcomes.QUOTA: "STORM_HOURLY_QUOTA",
}

#: What may drop an item without a word, by Sentry's category.
_SILENT: Mapping[str, str] = {
    "error": 'SENTRY["OPTIONS"]: ignore_errors',
    "log_item": 'SENTRY["OPTIONS"]: before_send_log',
    "transaction": 'SENTRY["OPTIONS"]: trace_lifecycle, instrumenter',
}


#: The name of the transaction that ``sentry_test`` sends.
TRANSACTION = "sentry_test"


class Loss(NamedTuple):
    """An item that was lost here: its category, the outcomes counted meanwhile, what dropped it.

    ``hook`` is the name of the hook that dropped something, or empty.
    """

    category: str
    outcomes: frozenset[str]
    hook: str = ""


class WatchedHook:
    """A hook of the project's that notes its name in ``dropped`` when it returns None."""

    def __init__(self, hook: Any, dropped: list[str]) -> None:
        self._hook = hook
        self._dropped = dropped
        self.__name__ = name_of(hook)

    def __call__(self, value: Any, hint: dict[str, Any]) -> Any:
        """What the hook returns; what it raises comes through."""
        result = dotted.resolve(self._hook)(value, hint)
        if result is None:
            self._dropped.append(self.__name__)
        return result

    def __repr__(self) -> str:
        return repr(self.__name__)


def name_of(value: Any) -> str:
    """The dotted path of a hook, function or class; of an object that of its class."""
    if isinstance(value, str):
        return value
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def of_loss(loss: Loss, config: Config) -> Verdict | None:
    """The verdict on ``loss``, or None if the outcomes say nothing about it."""
    for outcome in loss.outcomes:
        if outcome in _FILTERS:
            return _of_filter(outcome, loss.category, config)
        if outcome == outcomes.HOOK:
            return _of_hook(loss, config)
        if outcome == outcomes.SAMPLED_OUT:
            return _of_sampling(loss, config)
        if outcome == "callback_error":
            return _of_option(outcome)
        if outcome == outcomes.EVENT_PROCESSOR:
            return verdict("dropped_by_processor", "an event processor dropped it")
    return None


def of_silence(category: str, *, logs_are_on: bool) -> Verdict:
    """The verdict on an item that vanished without an outcome."""
    if category == "log_item" and not logs_are_on:
        return verdict("logs_off", "the SDK sends no logs: enable_logs is off")
    source = _SILENT.get(category, 'SENTRY["OPTIONS"]')
    return verdict("dropped", "the SDK dropped it and does not say why", source=source)


def _of_filter(outcome: str, category: str, config: Config) -> Verdict:
    setting = _FILTERS[outcome]
    if outcome == outcomes.STORM and category == "transaction":
        setting = "STORM_TRANSACTION_LIMIT"
    source = f"{setting} ({config.sources[setting]})"
    return verdict("dropped_by_filter", f"a filter dropped it: {outcome}", source=source)


def _of_hook(loss: Loss, config: Config) -> Verdict:
    if loss.category == "log_item":
        return _of_option(outcomes.HOOK)
    setting = "BEFORE_SEND_TRANSACTION" if loss.category == "transaction" else "BEFORE_SEND"
    source = f"{setting} ({config.sources[setting]})"
    return verdict("dropped_by_hook", f"{loss.hook or setting} returned None", source=source)


def _of_option(outcome: str) -> Verdict:
    return verdict(
        "dropped_by_hook",
        f"a hook of OPTIONS dropped it ({outcome})",
        source='SENTRY["OPTIONS"]: before_send_log',
    )


def _of_sampling(loss: Loss, config: Config) -> Verdict:
    if loss.category != "transaction":
        source = 'SENTRY["OPTIONS"]: sample_rate, error_sampler'
        return verdict("not_sampled", "sampling dropped it", source=source)
    if callable(config.OPTIONS.get("traces_sampler")):
        return verdict(
            "not_sampled", "traces_sampler kept it out", source='SENTRY["OPTIONS"]: traces_sampler'
        )
    named = any(fnmatchcase(TRANSACTION, pattern) for pattern in config.TRACES_SAMPLE_RATES)
    setting = "TRACES_SAMPLE_RATES" if named else "TRACES_SAMPLE_RATE"
    return verdict(
        "not_sampled",
        f"{setting} is {getattr(config, setting)}, and this one was not kept",
        source=f"{setting} ({config.sources[setting]})",
    )
