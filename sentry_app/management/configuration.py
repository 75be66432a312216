"""The configuration as ``sentry_test`` and ``sentry_config`` use it."""

from typing import Any
from urllib.parse import urlsplit

from sentry_app import check_ids, releases
from sentry_app.conf import SETTINGS, Config
from sentry_app.management.reasons import Verdict, verdict
from sentry_app.setting import Source, masked_dsn

#: The entries of OPTIONS that may drop something.
_DROPPING_OPTIONS = frozenset(
    {
        "before_send_log",
        "before_send_metric",
        "before_send_span",
        "error_sampler",
        "ignore_errors",
        "sample_rate",
        "traces_sampler",
    }
)


def with_dsn(config: Config, dsn: str) -> Config:
    """``config`` with the DSN of the command line; raises ``ValueError`` if it is malformed."""
    sources = {**config.sources, "DSN": Source("--dsn")}
    value = SETTINGS["DSN"].kind.read(dsn, is_text=True)
    return config.replace(DSN=value, sources=sources)


def raw(config: Config) -> Config:
    """``config`` without filters, hooks, sampling and limits; what is scrubbed stays scrubbed."""
    return config.replace(
        BEFORE_SEND=(),
        BEFORE_SEND_TRANSACTION=(),
        BEFORE_BREADCRUMB=(),
        IGNORED_ERRORS=(),
        IGNORED_URLS=(),
        IGNORED_LOGGERS=(),
        IGNORED_TRANSACTIONS=(),
        TEST_USER_EMAILS=(),
        TRACES_SAMPLE_RATE=1.0,
        TRACES_SAMPLE_RATES={},
        STORM_LIMIT=0,
        STORM_TRANSACTION_LIMIT=0,
        STORM_HOURLY_QUOTA=0,
        OPTIONS={
            name: value for name, value in config.OPTIONS.items() if name not in _DROPPING_OPTIONS
        },
    )


def off_switch(config: Config) -> str | None:
    """The setting that switches the SDK off, or None."""
    return next((key for key in ("FORCE_DISABLE", "TEST_MODE") if getattr(config, key)), None)


def obstacle(config: Config) -> Verdict | None:
    """Why nothing can be sent with ``config``, or None."""
    switch = off_switch(config)
    if switch is not None:
        source = config.sources[switch]
        return verdict("switched_off", f"{switch} is on ({source})", source=source)
    if config.is_enabled:
        return None
    for problem in config.problems:
        if problem.id == check_ids.BAD_DSN:
            return verdict("bad_dsn", problem.message)
    source = config.sources["DSN"]
    if source.kind == "default":
        return verdict("no_dsn", "there is no DSN, so nothing is sent")
    return verdict("no_dsn", f"the DSN is empty ({source}), so nothing is sent")


def header(config: Config) -> dict[str, Any]:
    """Where events go and as what: ``{name: {"value": ..., "source": ...}}``, the key masked."""
    parts = urlsplit(config.DSN or "")
    dsn = config.sources["DSN"]
    return {
        "dsn": _row(masked_dsn(config.DSN) if config.DSN else None, dsn),
        "host": _row(parts.netloc.rpartition("@")[2] or None, dsn),
        "project": _row(parts.path.rpartition("/")[2] or None, dsn),
        "environment": _row(config.ENVIRONMENT, config.sources["ENVIRONMENT"]),
        "release": _row(*releases.release(config)),
        "transport": _row(config.TRANSPORT, config.sources["TRANSPORT"]),
    }


def proxy_row(config: Config, proxy: str) -> dict[str, Any]:
    """The line of the header for ``proxy``, which is its host and port; nothing without one."""
    own = any(config.OPTIONS.get(key) for key in ("https_proxy", "http_proxy"))
    source = config.sources["OPTIONS"] if own else "environment"
    return {"proxy": _row(proxy, source)} if proxy else {}


def _row(value: str | None, source: object) -> dict[str, str | None]:
    return {"value": value, "source": str(source)}
