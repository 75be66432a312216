"""What would happen to the events of a path, an exception, a logger or a transaction, and why."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.utils.module_loading import import_string

from sentry_app import filters, sampling
from sentry_app.conf import Config
from sentry_app.management.configuration import obstacle
from sentry_app.management.drops import name_of
from sentry_app.management.reasons import DROPPED_HERE, MISCONFIGURED, OK

SENT, SAMPLED, LIMITED, DROPPED = "sent", "sampled", "limited", "dropped"


class Finding(NamedTuple):
    """What happens to one kind of item, why, and which setting decides, or empty."""

    kind: str
    outcome: str
    why: str
    setting: str = ""


def explain(config: Config, what: str) -> list[Finding]:
    """The findings about ``what``: a path if it begins with "/", or a URL; the dotted path of an
    exception class; else the name of a logger, a task or a transaction.
    """
    return [*_of_everything(config), *_of_one(config, what)]


def exit_code(config: Config, findings: Iterable[Finding]) -> int:
    """0 if anything would be sent, 3 if nothing, 2 if nothing can be."""
    if obstacle(config) is not None:
        return MISCONFIGURED
    return DROPPED_HERE if all(found.outcome == DROPPED for found in findings) else OK


def _of_everything(config: Config) -> Iterator[Finding]:
    reason = obstacle(config)
    if reason is not None:
        yield Finding("everything", DROPPED, f"disabled: {reason.detail}", reason.remedy)


def _of_one(config: Config, what: str) -> Iterator[Finding]:
    if what.startswith(("/", "http://", "https://")):
        return _of_path(config, _path(what))
    error = _exception(what)
    return _of_name(config, what) if error is None else _of_exception(config, error)


def _path(url: str) -> str:
    """The path that a server would be asked for, without the query."""
    path, _, _ = url.partition("#")[0].partition("?")
    return path if path.startswith("/") else "/" + path.split("://", 1)[1].partition("/")[2]


def _of_path(config: Config, path: str) -> Iterator[Finding]:
    pattern = _first(config.IGNORED_URLS, lambda one: filters.url_is_ignored(path, [one]))
    if pattern is not None:
        why = f"ignored_url: the path matches {pattern!r}"
        setting = _source(config, "IGNORED_URLS")
        yield Finding("error", DROPPED, why, setting)
        yield Finding("transaction", DROPPED, why, setting)
        return
    yield Finding("error", SENT, "unless its exception, logger or user is ignored")
    yield from _limits(config)
    yield from _hooks(config, "error", "BEFORE_SEND")
    yield from _of_transaction(config, _route(path), path)


def _of_exception(config: Config, error: type[BaseException]) -> Iterator[Finding]:
    entry = _first(config.IGNORED_ERRORS, lambda one: filters.class_is_ignored(error, one))
    if entry is not None:
        why = f"ignored_error: {name_of(error)} is {entry} or derived from it"
        yield Finding("error", DROPPED, why, _source(config, "IGNORED_ERRORS"))
        return
    if issubclass(error, KeyboardInterrupt):
        yield Finding("error", DROPPED, "interrupt: Ctrl-C is no error")
        return
    yield Finding("error", SENT, "unless it happens in a request of an ignored URL")
    yield from _limits(config)
    yield from _hooks(config, "error", "BEFORE_SEND")


def _of_name(config: Config, name: str) -> Iterator[Finding]:
    if name in config.IGNORED_ERRORS:
        why = f"ignored_error: errors of the logger {name}"
        yield Finding("error", DROPPED, why, _source(config, "IGNORED_ERRORS"))
    elif glob := _first(config.IGNORED_LOGGERS, lambda one: filters.matches_glob(name, [one])):
        why = f"ignored_logger: errors of a logger that matches {glob!r}"
        yield Finding("error", DROPPED, why, _source(config, "IGNORED_LOGGERS"))
    else:
        yield Finding("error", SENT, f"if {name} is a logger")
        yield from _limits(config)
        yield from _hooks(config, "error", "BEFORE_SEND")
    yield from _of_transaction(config, name, "")


def _of_transaction(config: Config, name: str, path: str) -> Iterator[Finding]:
    glob = _first(config.IGNORED_TRANSACTIONS, lambda one: filters.matches_glob(name, [one]))
    if glob is not None:
        why = f"ignored_transaction: its name {name} matches {glob!r}"
        yield Finding("transaction", DROPPED, why, _source(config, "IGNORED_TRANSACTIONS"))
        return
    rate, setting = _rate(config, name, path)
    if rate == 0:
        yield Finding("transaction", DROPPED, f"sampled_out: {name} has the rate 0", setting)
        return
    share = "what the sampler says" if rate is None else f"{rate:.3g} of all"
    yield Finding("transaction", SAMPLED, f"{name}: {share}, by the trace's number", setting)
    if config.TAIL_SAMPLING:
        why = f"if it takes {config.SLOW_THRESHOLD_MS} ms or more, or fails"
        yield Finding("transaction", SENT, why, _source(config, "TAIL_SAMPLING"))
    if config.STORM_TRANSACTION_LIMIT:
        why = f"storm: {config.STORM_TRANSACTION_LIMIT} of one name a minute{_together(config)}"
        yield Finding("transaction", LIMITED, why, _source(config, "STORM_TRANSACTION_LIMIT"))
    yield from _hooks(config, "transaction", "BEFORE_SEND_TRANSACTION")


def _rate(config: Config, name: str, path: str) -> tuple[float | None, str]:
    """The head rate, None if a sampler of the project's own gives it, and the setting behind it."""
    if config.OPTIONS.get("traces_sampler") is not None:
        return None, f"{_source(config, 'OPTIONS')}: traces_sampler"
    rate = sampling.rate_by_glob(name, path, config.TRACES_SAMPLE_RATES)
    if rate is not None:
        return rate, _source(config, "TRACES_SAMPLE_RATES")
    return config.TRACES_SAMPLE_RATE, _source(config, "TRACES_SAMPLE_RATE")


def _limits(config: Config) -> Iterator[Finding]:
    """How many are sent of what is sent at all."""
    limits = (
        ("STORM_LIMIT", "storm: {} a minute of one class, or log line, and place"),
        ("STORM_HOURLY_QUOTA", "quota: {} events of all kinds an hour"),
    )
    for key, why in limits:
        limit = getattr(config, key)
        if limit:
            told = why.format(limit) + _together(config)
            yield Finding("error", LIMITED, told, _source(config, key))


def _together(config: Config) -> str:
    return ", of all processes" if config.STORM_CACHE else ", of each process"


def _hooks(config: Config, kind: str, key: str) -> Iterator[Finding]:
    """The project's own hooks, whose result nobody can tell beforehand."""
    for hook in getattr(config, key):
        yield Finding(kind, SENT, f"unless {name_of(hook)} returns None", _source(config, key))


def _route(path: str) -> str:
    """The name that the SDK gives the transaction of a path: its route, if there is one."""
    from sentry_sdk.integrations.django.transactions import LEGACY_RESOLVER

    try:
        return LEGACY_RESOLVER.resolve(path) or path
    except Exception:  # the project's urls.py may raise anything
        return path


def _exception(dotted_path: str) -> type[BaseException] | None:
    try:
        found = import_string(dotted_path if "." in dotted_path else f"builtins.{dotted_path}")
    except Exception:  # the project's module may raise anything
        return None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _first(patterns: Iterable[str], matches: Any) -> str | None:
    return next((pattern for pattern in patterns if matches(pattern)), None)


def _source(config: Config, key: str) -> str:
    return f"{key} ({config.sources[key]})"
