"""The configuration: one table of settings, and how each gets its value.

Environment over ``settings.SENTRY`` over default. The table is the fields of :class:`Config`; the
README's table, the checks and ``sentry_config`` are derived from it.
"""

import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from django.conf import settings as django_settings

from sentry_app import check_ids, defaults, env, env_names, schedules
from sentry_app.setting import UNSET, Problem, Setting, Source, as_repr
from sentry_app.sources import resolved


def _row(default: Any, kind: env.Kind, help: str, **more: Any) -> Any:
    return _Row(default=default, kind=kind, help=help, **more)


class _Row(dict[str, Any]):
    """What a setting is, until :data:`SETTINGS` gives it the name of its attribute."""


_RATE = env.number(0.0, 1.0)
_NAME_FORBIDS = "/\\\n\r\t\f"


# No dataclass: writing its methods takes as long as half a start without a DSN. And no repr: a
# frame's local variable would tell the DSN and what OPTIONS hold.
class Config:
    """Every setting with its checked value, where each came from, and what was wrong.

    Two configurations are equal if their values are. They are not changed, but see ``replace``.
    """

    # what is sent, and as what
    DSN: str | None = _row(
        None,
        env.dsn(),
        "where events go; without one nothing is sent",
        secret=True,
        check_id=check_ids.BAD_DSN,
    )
    ENVIRONMENT: str = _row(
        "production",
        env.name(64, _NAME_FORBIDS, ("none", ".", "..")),
        "the deployment: production, staging, ...",
        fallbacks=("ENVIRONMENT",),
        check_id=check_ids.BAD_ENVIRONMENT,
    )
    RELEASE: str | None = _row(
        None,
        env.name(200, _NAME_FORBIDS, ("none", "latest", ".", "..")),
        'the version; without it what is found (platform, version.json, git), else "unknown"',
        fallbacks=("GIT_SHA",),
        check_id=check_ids.BAD_RELEASE,
    )
    RELEASE_FILE: str | None = _row(
        None, env.text(), "file that holds the release: text, or JSON as version.json"
    )
    RELEASE_PACKAGE: str | None = _row(
        None, env.text(), "installed package whose name and version are the release"
    )
    TRACES_SAMPLE_RATE: float = _row(
        0.1, _RATE, "share of fast, successful transactions kept; 0 is none at all"
    )
    TRACES_SAMPLE_RATES: Mapping[str, float] = _row(
        {}, env.mapping(_RATE), "{glob of a transaction's name or path: its sample rate}"
    )
    TAIL_SAMPLING: bool = _row(True, env.boolean(), "keep every slow or failed transaction")
    SLOW_THRESHOLD_MS: int = _row(1000, env.integer(1), "what counts as slow")
    PROFILES_SAMPLE_RATE: float = _row(0.1, _RATE, "share of the kept transactions profiled")
    ATTACH_STACKTRACE: bool = _row(True, env.boolean(), "stack traces on messages too")
    MAX_BREADCRUMBS: int = _row(100, env.integer(0), "breadcrumbs kept for each event")
    # switches
    DEBUG: bool = _row(False, env.boolean(), "the SDK's debug output")
    FORCE_DISABLE: bool = _row(False, env.boolean(), "off, whatever else is set")
    TEST_MODE: bool = _row(False, env.boolean(), "off in tests", variable="TEST_MODE")
    # privacy
    SEND_DEFAULT_PII: bool = _row(
        False, env.boolean(), "send personal data: user name, e-mail, address", strictest=False
    )
    SCRUB_IP_ADDRESS: bool = _row(
        False, env.boolean(), "anonymise client addresses wherever they appear", strictest=True
    )
    REQUEST_BODIES: str = _row(
        "medium",
        env.choice("never", "small", "medium", "always"),
        "largest request body sent: never, small (1 kB), medium (10 kB), always",
        strictest="never",
    )
    WITH_LOCALS: bool = _row(
        True, env.boolean(), "local variables in stack traces", strictest=False
    )
    SCRUB_FIELDS: tuple[str, ...] = _row(
        (), env.strings(), "names of secret fields, added to the built-in set", strictest=()
    )
    SCRUB_ALLOW: tuple[str, ...] = _row(
        (), env.strings(), "fields that are never scrubbed (for false alarms)"
    )
    SCRUB_PATTERNS: tuple[str, ...] = _row(
        (), env.patterns(), "further regular expressions for secret values", strictest=()
    )
    USER_FIELDS: tuple[str, ...] | str | Callable[[Any], Any] = _row(
        defaults.USER_FIELDS,
        env_names.user_fields(),
        "what is said about a user beside the id, with SEND_DEFAULT_PII: attributes, or a callable",
        strictest=(),
    )
    # filters
    IGNORED_ERRORS: tuple[str, ...] = _row(
        defaults.IGNORED_ERRORS,
        env.strings(),
        "exception classes by dotted path (subclasses count), or loggers; no events",
    )
    IGNORED_URLS: tuple[str, ...] = _row(
        defaults.IGNORED_URLS,
        env.strings(),
        "path prefixes or globs; neither events nor transactions",
    )
    IGNORED_LOGGERS: tuple[str, ...] = _row(
        defaults.IGNORED_LOGGERS, env.strings(), "globs of loggers; neither events nor breadcrumbs"
    )
    IGNORED_TRANSACTIONS: tuple[str, ...] = _row(
        (), env.strings(), "globs of transaction names; not sent"
    )
    TEST_USER_EMAILS: tuple[str, ...] = _row(
        defaults.TEST_USER_EMAILS, env.strings(), "globs; events of these users are dropped"
    )
    BEFORE_SEND: tuple[Any, ...] = _row(
        (), env.hooks(), "called with each event and its hint; returns it, or None to drop it"
    )
    BEFORE_SEND_TRANSACTION: tuple[Any, ...] = _row((), env.hooks(), "the same for transactions")
    BEFORE_BREADCRUMB: tuple[Any, ...] = _row((), env.hooks(), "the same for breadcrumbs")
    # transport
    TRANSPORT: str = _row("http", env.transport(), "http, console, file, locmem, or a dotted path")
    TRANSPORT_DIR: str = _row(
        "sentry-envelopes", env.path(), "directory that the file transport writes to"
    )
    SHUTDOWN_TIMEOUT: float = _row(
        2.0,
        env.number(0.0, 600.0),
        "seconds for which a process that ends waits until all was sent",
    )
    CAPTURE_BUDGET_MS: int = _row(
        200, env.integer(1), "time that building one event may take; then variables are left out"
    )
    # storms
    STORM_LIMIT: int = _row(
        60, env.integer(0), "events of one kind sent in a minute, the rest is counted; 0: no limit"
    )
    STORM_TRANSACTION_LIMIT: int = _row(0, env.integer(0), "the same for transactions of one name")
    STORM_HOURLY_QUOTA: int = _row(
        0, env.integer(0), "events of all kinds sent in an hour; 0: no limit"
    )
    STORM_CACHE: str | None = _row(
        None, env.text(), "alias of the cache through which all processes share these limits"
    )
    # integrations
    TRACE_RESPONSE_HEADER: str | None = _row(
        None, env_names.header_name(), "response header with the trace's id, for example X-Trace-Id"
    )
    MIDDLEWARE_SPANS: bool = _row(False, env.boolean(), "a span for each middleware")
    SIGNALS_SPANS: bool = _row(False, env.boolean(), "a span for each signal receiver")
    CACHE_SPANS: bool = _row(True, env.boolean(), "a span for each cache access")
    TEMPLATE_SPANS: bool = _row(
        True, env.boolean(), "a span for each template, with the names in its context"
    )
    DB_TRANSACTION_SPANS: bool = _row(
        False, env.boolean(), "a span for each COMMIT and ROLLBACK (SDK 2.44 and later)"
    )
    CELERY_MONITOR_BEAT: bool = _row(
        False, env.boolean(), "a Sentry cron monitor for each beat entry"
    )
    CELERY_MONITOR_EXCLUDE: tuple[str, ...] = _row(
        (), env.strings(), "globs of beat entries that are not monitored"
    )
    CELERY_REPORT_RETRIES: str = _row(
        "never",
        env.choice("never", "first", "every"),
        "which retries of a task are events: never, first, every",
    )
    REDIS_CACHE_PREFIXES: tuple[str, ...] = _row(
        (), env.strings(), "key prefixes that mark a Redis command as a cache access"
    )
    EXCLUDED_COMMANDS: tuple[str, ...] = _row(
        defaults.EXCLUDED_COMMANDS, env.strings(), "globs of commands that are no transactions"
    )
    MONITORED_COMMANDS: Mapping[str, Any] = _row(
        {},
        env.mapping(schedules.monitor()),
        '{command: schedule} for cron monitors: a crontab or "10 minutes"',
    )
    OPTIONS: Mapping[str, Any] = _row(
        {}, env.mapping(), "any other argument of sentry_sdk.init, as it is", concealed=True
    )
    # when Sentry is away
    SPOOL_DIR: str | None = _row(
        None, env.path(), "directory where envelopes wait until Sentry has taken them; none: memory"
    )
    SPOOL_MAX_BYTES: int = _row(
        256 * 2**20, env.integer(1), "largest size of the spool, in bytes; the oldest go first"
    )
    SPOOL_MAX_AGE: int = _row(7 * 86400, env.integer(1), "longest stay in the spool, in seconds")
    SPOOL_RETRY_SERVER_ERRORS: bool = _row(
        True, env.boolean(), "keep and retry after 429 and 5xx; False: drop, as upstream SDKs do"
    )

    sources: Mapping[str, Source]
    problems: tuple[Problem, ...]

    def __init__(
        self,
        values: Mapping[str, Any],
        sources: Mapping[str, Source],
        problems: tuple[Problem, ...] = (),
    ) -> None:
        vars(self).update(values, sources=sources, problems=problems)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and self.values() == other.values()

    __hash__ = None  # type: ignore[assignment]

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Config is not changed; use replace({name}=...)")

    def values(self) -> dict[str, Any]:
        """The value of each setting."""
        return {name: vars(self)[name] for name in SETTINGS}

    def replace(self, *, sources: Mapping[str, Source] | None = None, **values: Any) -> "Config":
        """A copy with other values."""
        return Config({**self.values(), **values}, sources or self.sources, self.problems)

    @property
    def is_enabled(self) -> bool:
        """Whether there is a destination and nothing switches the SDK off."""
        if self.FORCE_DISABLE or self.TEST_MODE:
            return False
        return self.DSN is not None or self.TRANSPORT != "http"


#: Every setting by its name, in the order of the documentation.
SETTINGS: Mapping[str, Setting] = {
    name: Setting(**{"name": name, "variable": f"SENTRY_{name}", **row})
    for name, row in vars(Config).items()
    if isinstance(row, _Row)
}


def load(given: Any = UNSET, environ: Mapping[str, str] | None = None, **overrides: Any) -> Config:
    """The configuration in force.

    ``given`` is the SENTRY dict (default: the project's), ``environ`` the environment (default:
    the process's); ``overrides`` are final. Never raises: what cannot be used is in ``problems``.
    """
    if given is UNSET:
        given = getattr(django_settings, "SENTRY", {})
    problems: list[Problem] = []
    given = _checked_dict(given, problems)
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    for setting in SETTINGS.values():
        value, source = resolved(
            setting, given, os.environ if environ is None else environ, problems
        )
        values[setting.name], sources[setting.name] = value, source
    return Config({**values, **overrides}, sources, tuple(problems))


def _checked_dict(given: Any, problems: list[Problem]) -> Mapping[str, Any]:
    found = f"is a {type(given).__name__}"
    entries: dict[Any, Any] | None = None
    try:
        # A lazy one is evaluated here.
        entries = dict(given) if isinstance(given, Mapping) else None
    except Exception as error:
        found = f"cannot be read ({type(error).__name__})"
    if entries is None:
        problems.append(
            Problem(
                check_ids.NOT_A_DICT,
                "SENTRY",
                f"settings.SENTRY {found}, but must be a dict.",
                'Write SENTRY = {"DSN": "..."}. Until then it counts as empty.',
            )
        )
        return {}
    problems.extend(_unknown_key(key) for key in entries if key not in SETTINGS)
    return entries


def _unknown_key(key: Any) -> Problem:
    name = key if isinstance(key, str) else as_repr(key)
    wanted = name.upper().removeprefix("SENTRY_")
    close = get_close_matches(wanted, SETTINGS, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else "Remove it."
    if name.islower() and wanted not in SETTINGS:
        hint += ' If it is an argument of sentry_sdk.init, put it into SENTRY["OPTIONS"].'
    message = f"SENTRY[{as_repr(key)}] is not a setting."
    return Problem(check_ids.UNKNOWN_KEY, name, message, hint)
