"""The steps that an event takes, in order: our filters, then the user's hooks.

A step that fails keeps the event and is counted.
"""

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.utils.module_loading import import_string

from sentry_app import context, filters, outcomes, sampling
from sentry_app.conf import Config

logger = logging.getLogger("sentry_app")

Event = Any
Hint = dict[str, Any]
Hook = Callable[[Any, Hint], Any]

#: A filter says why something is dropped, or None to keep it.
Filter = Callable[[Config, Event, Hint], str | None]


def ignored_error(config: Config, event: Event, hint: Hint) -> str | None:
    """IGNORED_ERRORS: a logger's name, or the class of the exception."""
    if event.get("logger") in config.IGNORED_ERRORS:
        return outcomes.IGNORED_ERROR
    error = (hint.get("exc_info") or (None, None))[1]
    if error is not None and filters.error_is_ignored(error, config.IGNORED_ERRORS):
        return outcomes.IGNORED_ERROR
    return None


def asgi_lifespan(config: Config, event: Event, hint: Hint) -> str | None:
    """Django answers every ASGI server's question about lifespan with an exception."""
    error = (hint.get("exc_info") or (None, None))[1]
    is_answer = isinstance(error, ValueError) and "not lifespan" in str(error)
    return outcomes.ASGI_LIFESPAN if is_answer else None


def ignored_logger(config: Config, event: Event, hint: Hint) -> str | None:
    """IGNORED_LOGGERS."""
    name = event.get("logger") or ""
    return outcomes.IGNORED_LOGGER if filters.matches_glob(name, config.IGNORED_LOGGERS) else None


def ignored_url(config: Config, event: Event, hint: Hint) -> str | None:
    """IGNORED_URLS."""
    path = urlsplit((event.get("request") or {}).get("url") or "").path
    if path and filters.url_is_ignored(path, config.IGNORED_URLS):
        return outcomes.IGNORED_URL
    return None


def ignored_transaction(config: Config, event: Event, hint: Hint) -> str | None:
    """IGNORED_TRANSACTIONS."""
    name = event.get("transaction") or ""
    ignored = filters.matches_glob(name, config.IGNORED_TRANSACTIONS)
    return outcomes.IGNORED_TRANSACTION if ignored else None


def from_test_user(config: Config, event: Event, hint: Hint) -> str | None:
    """TEST_USER_EMAILS."""
    email = (event.get("user") or {}).get("email") or hint.get(context.EMAIL_HINT) or ""
    return outcomes.TEST_USER if filters.matches_glob(email, config.TEST_USER_EMAILS) else None


ERROR_FILTERS: tuple[Filter, ...] = (
    ignored_error,
    asgi_lifespan,
    ignored_logger,
    ignored_url,
    from_test_user,
)
TRANSACTION_FILTERS: tuple[Filter, ...] = (ignored_url, ignored_transaction, from_test_user)


def before_send(config: Config) -> Hook:
    """The ``before_send`` of the SDK: filters, then BEFORE_SEND. Check-ins pass untouched."""
    steps = _chain(config, "error", ERROR_FILTERS, config.BEFORE_SEND)
    return lambda event, hint: event if event.get("type") == "check_in" else steps(event, hint)


def before_send_transaction(config: Config) -> Hook:
    """The ``before_send_transaction`` of the SDK: filters, then BEFORE_SEND_TRANSACTION."""
    return _chain(config, "transaction", TRANSACTION_FILTERS, config.BEFORE_SEND_TRANSACTION)


def before_breadcrumb(config: Config) -> Hook:
    """The ``before_breadcrumb`` of the SDK: IGNORED_LOGGERS, then BEFORE_BREADCRUMB."""

    def step(crumb: Any, hint: Hint) -> Any:
        category = crumb.get("category") or ""
        if "log_record" in hint and filters.matches_glob(category, config.IGNORED_LOGGERS):
            return None
        return _run_hooks(crumb, hint, config.BEFORE_BREADCRUMB)

    return step


def limit_user(config: Config, event: Event) -> None:
    """USER_FIELDS: take out what the SDK says about the user beside them."""
    user = event.get("user")
    if isinstance(user, dict):
        for field in {"username", "email", "ip_address"} - set(config.USER_FIELDS):
            user.pop(field, None)


def traces_sampler(config: Config) -> Callable[[dict[str, Any]], float]:
    """The ``traces_sampler`` of the SDK: IGNORED_URLS, the user's own sampler, the rates.

    Never raises: older SDKs would pass that on to the application.
    """

    def sample(sampling_context: dict[str, Any]) -> float:
        try:
            return _rate(config, sampling_context)
        except Exception:
            _log_failure(sample)
            return config.TRACES_SAMPLE_RATE

    return sample


def _rate(config: Config, sampling_context: dict[str, Any]) -> float:
    path = request_path(sampling_context)
    if path and filters.url_is_ignored(path, config.IGNORED_URLS):
        outcomes.sampling_reason.set(outcomes.IGNORED_URL)
        return 0.0
    outcomes.sampling_reason.set(outcomes.SAMPLED_OUT)
    own_rate = _own_rate(config.OPTIONS.get("traces_sampler"), sampling_context)
    if own_rate is not None:
        return own_rate
    name = (sampling_context.get("transaction_context") or {}).get("name") or ""
    parent = sampling_context.get("parent_sampled")
    return sampling.head_rate(
        name,
        path,
        config.TRACES_SAMPLE_RATES,
        config.TRACES_SAMPLE_RATE,
        None if parent is None else float(parent),
    )


def _own_rate(sampler: Any, sampling_context: dict[str, Any]) -> float | None:
    """The rate that the user's sampler gives; None without one, or if it fails."""
    if sampler is None:
        return None
    try:
        sample: Any = resolve(sampler)
        rate = float(sample(sampling_context))
        if not 0 <= rate <= 1:
            raise ValueError(f"{rate} is not a sample rate")
        return rate
    except Exception:
        _log_failure(sampler)
        return None


def request_path(sampling_context: dict[str, Any]) -> str:
    """The path of the request that a transaction starts for, from WSGI or ASGI, or empty."""
    environ = sampling_context.get("wsgi_environ")
    if environ is not None:
        return str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
    scope = sampling_context.get("asgi_scope")
    return str(scope.get("path", "")) if scope is not None else ""


def resolve(hook: Any) -> Hook:
    """The callable that a hook names; imported when it is first needed, because models may not
    be loaded when the SDK starts. Raises ``ImportError``.
    """
    return hook if callable(hook) else _imported(hook)


@lru_cache(maxsize=256)
def _imported(dotted_path: str) -> Hook:
    found: Hook = import_string(dotted_path)
    if not callable(found):
        raise ImportError(f"{dotted_path!r} is not callable")
    return found


def _chain(config: Config, category: str, steps: Iterable[Filter], hooks: Iterable[Any]) -> Hook:
    def run(event: Event, hint: Hint) -> Event | None:
        reason = _first_reason(config, event, hint, steps)
        if reason is None:
            limit_user(config, event)
            kept = _run_hooks(event, hint, hooks)
            if kept is not None:
                return kept
            reason = outcomes.HOOK
        outcomes.record(reason, category, what=str(event.get("transaction") or ""))
        return None

    return run


def _first_reason(config: Config, event: Event, hint: Hint, steps: Iterable[Filter]) -> str | None:
    for step in steps:
        try:
            reason = step(config, event, hint)
        except Exception:
            _log_failure(step)
            continue
        if reason is not None:
            return reason
    return None


def _run_hooks(value: Any, hint: Hint, hooks: Iterable[Any]) -> Any:
    for hook in hooks:
        try:
            changed = resolve(hook)(value, hint)
        except Exception:
            _log_failure(hook)
            continue
        if changed is None:
            return None
        if isinstance(changed, dict):
            value = changed
        else:
            logger.warning("%r returned neither a dict nor None: its result is ignored", hook)
    return value


def _log_failure(step: Any) -> None:
    outcomes.record_failure(str(getattr(step, "__name__", step)))
    logger.warning("%r failed and is passed over", step, exc_info=True)
