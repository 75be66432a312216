"""The steps that an event takes, in order: our filters, then the user's hooks.

A step that fails keeps the event and is counted.
"""

import logging
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from sentry_app import context, filters, outcomes
from sentry_app.conf import Config
from sentry_app.dotted import resolve
from sentry_app.interrupts import let_through
from sentry_app.setting import as_repr
from sentry_app.storms import LEAVE_HINT, Leave, Storms, of_limits

logger = logging.getLogger("sentry_app")

Event = Any
Hint = dict[str, Any]
Hook = Callable[[Any, Hint], Any]

#: A filter says why something is dropped, or None to keep it.
Filter = Callable[[Config, Event, Hint], str | None]


def within_hook(config: Config, event: Event, hint: Hint) -> str | None:
    """What a hook of the project's logs or captures, which would run it again."""
    if not context.hook_runs.get():
        return None
    _warn_within_hook()
    return outcomes.WITHIN_HOOK


def ignored_request(config: Config, event: Event, hint: Hint) -> str | None:
    """IGNORED_URLS: whatever happens in such a request."""
    return outcomes.IGNORED_URL if context.request_is_ignored.get() else None


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
    if not isinstance(error, ValueError):
        return None
    from sentry_app.showing import message

    return outcomes.ASGI_LIFESPAN if "not lifespan" in message(error) else None


def interrupt(config: Config, event: Event, hint: Hint) -> str | None:
    """Ctrl-C is no error."""
    error = (hint.get("exc_info") or (None, None))[1]
    return outcomes.INTERRUPT if isinstance(error, KeyboardInterrupt) else None


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


def repeated_error(config: Config, event: Event, hint: Hint) -> str | None:
    """An error that the request has met before."""
    from sentry_app import repeats

    error = (hint.get("exc_info") or (None, None))[1]
    return outcomes.REPEATED if repeats.is_repeat(event, error, hint) else None


#: What can be told of anything before there is an event.
FIRST_FILTERS: tuple[Filter, ...] = (within_hook, ignored_request)
#: What can be told then of an error, from the exception or the logger alone.
EARLY_FILTERS: tuple[Filter, ...] = (
    *FIRST_FILTERS,
    ignored_error,
    asgi_lifespan,
    interrupt,
    ignored_logger,
)
ERROR_FILTERS: tuple[Filter, ...] = (
    *EARLY_FILTERS,
    ignored_url,
    from_test_user,
    repeated_error,
)
TRANSACTION_FILTERS: tuple[Filter, ...] = (ignored_url, ignored_transaction, from_test_user)


#: The ids of what has failed and was said of, or its dotted path: hooks may have the same name.
_failed: set[Any] = set()


class BeforeSend:
    """The ``before_send`` of the SDK: filters, then BEFORE_SEND. Check-ins pass untouched.

    With ``storms`` only so many of a kind are sent. They decide before there is an event, or here
    if nobody has asked them.
    """

    def __init__(self, config: Config, storms: Storms | None = None) -> None:
        _failed.clear()
        self._config = config
        self.budget_ms = config.CAPTURE_BUDGET_MS
        self._storms = of_limits(0, 0, 0) if storms is None else storms
        self._steps = _chain(config, "error", ERROR_FILTERS, config.BEFORE_SEND)

    def __call__(self, event: Event, hint: Hint) -> Event | None:
        """The event that is to be sent, or None."""
        if event.get("type") == "check_in":
            return event
        if LEAVE_HINT in hint:
            return self._steps(event, hint)
        leave = self.leave(event, hint)
        if leave.reason is not None:
            outcomes.record_event(leave.reason, event, hint, "error")
            return None
        leave.tell(event)
        kept = self._steps(event, hint)
        if kept is None:
            leave.give_back()
        return kept

    def over_reason(self, error: BaseException | None, record: Any = None) -> str | None:
        """Why an error or a log record is held back, if that is known at once; never raises."""
        if context.hook_runs.get() or context.request_is_ignored.get():
            return None
        if self._storms.is_over_quota() and self._is_ignored(error, record):
            return None  # it is no part of what the quota holds back
        return self._storms.over_reason(error, record)

    def leave(self, event: Event, hint: Hint) -> Leave:
        """The leave of an event that is about to be built; never raises."""
        is_error = event.get("type") in (None, "error", "event", "default")
        return self._storms.admit(event, hint) if is_error else Leave()

    def early_reason(self, event: Event, hint: Hint) -> str | None:
        """Why an event will be dropped that is about to be built, or None; never raises.

        ``event`` holds what is known so far, which may be nothing.
        """
        kind = event.get("type")
        if kind == "check_in":
            return None
        steps = FIRST_FILTERS if kind == "transaction" else EARLY_FILTERS
        return _first_reason(self._config, event, hint, steps)

    def _is_ignored(self, error: BaseException | None, record: Any) -> bool:
        event = {} if record is None else {"logger": record.name}
        hint = {} if error is None else {"exc_info": (type(error), error, error.__traceback__)}
        return self.early_reason(event, hint) is not None


def before_send_transaction(config: Config) -> Hook:
    """The ``before_send_transaction`` of the SDK: filters, then BEFORE_SEND_TRANSACTION."""
    return _chain(config, "transaction", TRANSACTION_FILTERS, config.BEFORE_SEND_TRANSACTION)


def before_breadcrumb(config: Config) -> Hook:
    """The ``before_breadcrumb`` of the SDK: IGNORED_LOGGERS, then BEFORE_BREADCRUMB."""

    def step(crumb: Any, hint: Hint) -> Any:
        if context.hook_runs.get():
            return None
        category = crumb.get("category") or ""
        if "log_record" in hint and filters.matches_glob(category, config.IGNORED_LOGGERS):
            return None
        return _run_hooks(crumb, hint, config.BEFORE_BREADCRUMB)

    return step


def limit_user(config: Config, event: Event) -> None:
    """USER_FIELDS: take out what the SDK says about the user beside them."""
    user = event.get("user")
    if isinstance(user, dict) and isinstance(config.USER_FIELDS, tuple):
        for field in {"username", "email", "ip_address"} - set(config.USER_FIELDS):
            user.pop(field, None)


def forget_typed_names(event: Event, hint: Hint) -> None:
    """Take out the names that were typed at a failed login."""
    if not (names := hint.get(context.TYPED_HINT)):
        return
    try:
        from sentry_app import typed_names

        typed_names.forget(event, names)
    except Exception as error:
        let_through(error)
        _log_failure(forget_typed_names)


def _chain(config: Config, category: str, steps: Iterable[Filter], hooks: Iterable[Any]) -> Hook:
    def run(event: Event, hint: Hint) -> Event | None:
        reason = _first_reason(config, event, hint, steps)
        if reason is None:
            limit_user(config, event)
            forget_typed_names(event, hint)
            spans = outcomes.span_count(event)
            kept = _run_hooks(event, hint, hooks)
            if kept is not None:
                _count_removed(spans - outcomes.span_count(kept))
                return kept
            reason = outcomes.HOOK
        outcomes.record_event(reason, event, hint, category)
        return None

    return run


def _count_removed(spans: int) -> None:
    """Count the spans that hooks took out of a transaction."""
    if spans > 0:
        outcomes.record(outcomes.HOOK, "span", quantity=spans)


def _first_reason(config: Config, event: Event, hint: Hint, steps: Iterable[Filter]) -> str | None:
    for step in steps:
        try:
            reason = step(config, event, hint)
        except Exception as error:
            let_through(error)
            _log_failure(step)
            continue
        if reason is not None:
            return reason
    return None


def _run_hooks(value: Any, hint: Hint, hooks: Iterable[Any]) -> Any:
    if not hooks:
        return value
    token = context.hook_runs.set(True)
    try:
        return _run_each(value, hint, hooks)
    finally:
        context.hook_runs.reset(token)


def _run_each(value: Any, hint: Hint, hooks: Iterable[Any]) -> Any:
    for hook in hooks:
        try:
            changed = resolve(hook)(value, hint)
        except Exception as error:
            let_through(error)
            _log_failure(hook)
            continue
        if changed is None:
            return None
        if isinstance(changed, dict):
            value = changed
        else:
            shown = as_repr(hook)
            logger.warning("%s returned neither a dict nor None: its result is ignored", shown)
    return value


@cache
def _warn_within_hook() -> None:
    logger.warning("a hook logs or captures something while it runs: that makes no event")


def _log_failure(step: Any) -> None:
    shown = as_repr(step)
    # Said once: a hook that cannot be imported fails for every event.
    key = step if isinstance(step, str) else id(step)
    is_known = key in _failed
    _failed.add(key)
    name = getattr(step, "__name__", step)
    outcomes.record_failure(name if isinstance(name, str) else shown)
    level = logging.DEBUG if is_known else logging.WARNING
    logger.log(level, "%s failed and is passed over", shown, exc_info=True)
