"""The configuration as arguments of ``sentry_sdk.init``."""

import inspect
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.module_loading import import_string
from sentry_sdk.consts import DEFAULT_OPTIONS
from sentry_sdk.transport import Transport, make_transport

from sentry_app import (
    check_ids,
    defaults,
    hooks,
    integrations,
    outcomes,
    releases,
)
from sentry_app.conf import Config
from sentry_app.integrations.installed import is_installed
from sentry_app.sampler import Sampler
from sentry_app.seams import breadcrumbs, exits, forks
from sentry_app.setting import Problem, one_line
from sentry_app.storms import Storms, of_limits
from sentry_app.transports.gate import Gate, Scrub

logger = logging.getLogger("sentry_app")

#: The arguments that have a setting of their own, and the setting's name.
OWN_ARGUMENTS: Mapping[str, str] = {
    "dsn": "DSN",
    "environment": "ENVIRONMENT",
    "release": "RELEASE",
    "traces_sample_rate": "TRACES_SAMPLE_RATE",
    "profiles_sample_rate": "PROFILES_SAMPLE_RATE",
    "send_default_pii": "SEND_DEFAULT_PII",
    "max_request_body_size": "REQUEST_BODIES",
    "include_local_variables": "WITH_LOCALS",
    "debug": "DEBUG",
    "attach_stacktrace": "ATTACH_STACKTRACE",
    "max_breadcrumbs": "MAX_BREADCRUMBS",
    "before_send": "BEFORE_SEND",
    "before_send_transaction": "BEFORE_SEND_TRANSACTION",
    "before_breadcrumb": "BEFORE_BREADCRUMB",
    "transport": "TRANSPORT",
    "shutdown_timeout": "SHUTDOWN_TIMEOUT",
}

_LOCAL_TRANSPORTS = {
    "console": "sentry_app.transports.console.ConsoleTransport",
    "locmem": "sentry_app.transports.locmem.LocmemTransport",
}


def build(config: Config) -> dict[str, Any]:
    """The keyword arguments of ``sentry_sdk.init``."""
    config = usable(config)
    limits = storms(config)
    arguments = {
        **{name: getattr(config, key) for name, key in OWN_ARGUMENTS.items()},
        # The SDK reads SENTRY_DSN itself when it is given None; that one may be malformed.
        "dsn": config.DSN or "",
        "release": releases.release(config)[0],
        "before_send": hooks.BeforeSend(config, limits),
        "before_send_transaction": hooks.before_send_transaction(config),
        "before_breadcrumb": breadcrumbs.folding_hook(hooks.before_breadcrumb(config)),
        # The gate scrubs everything; the SDK's own scrubber knows neither SCRUB_FIELDS nor
        # SCRUB_ALLOW, and changes the application's objects. None would switch it on.
        "event_scrubber": False,
        **config.OPTIONS,
        "traces_sampler": Sampler(config, limits),
        "integrations": [
            *integrations.build(config),
            *_repairs(),
            *config.OPTIONS.get("integrations", ()),
        ],
    }
    return {**arguments, "transport": transport(config, arguments)}


def _repairs() -> list[Any]:
    """What has to stand after the SDK's own integrations."""
    if not is_installed("redis"):
        return []
    from sentry_app.seams.redis import RedisRepairs

    return [RedisRepairs()]


def storms(config: Config) -> Storms:
    """The budgets of the STORM settings, shared with other processes by STORM_CACHE."""
    fleet = None
    if config.STORM_CACHE:
        # Imported here: most sites share nothing.
        from sentry_app.fleet import Fleet
        from sentry_app.seams.silence import silence

        fleet = Fleet(config.STORM_CACHE, f"{config.DSN} {config.ENVIRONMENT}", silence)
    return of_limits(
        config.STORM_LIMIT, config.STORM_TRANSACTION_LIMIT, config.STORM_HOURLY_QUOTA, fleet
    )


def own_options(config: Config) -> dict[str, Any]:
    """OPTIONS, without what :func:`problems` objects to."""
    bad = {problem.key for problem in problems(config)}
    return {name: value for name, value in config.OPTIONS.items() if name not in bad}


def usable(config: Config) -> Config:
    """``config`` with the entries of OPTIONS that can be used."""
    return config.replace(OPTIONS=own_options(config)) if config.OPTIONS else config


def problems(config: Config) -> list[Problem]:
    """What is wrong with OPTIONS: unknown arguments, those with a key of their own, wrong types."""
    found = []
    source = config.sources.get("OPTIONS", "OPTIONS")
    for name in config.OPTIONS:
        if name in OWN_ARGUMENTS:
            found.append(
                Problem(
                    check_ids.OPTION_HAS_KEY,
                    name,
                    f"{source}[{name!r}] is ignored: this argument has a setting.",
                    f'Use SENTRY["{OWN_ARGUMENTS[name]}"] instead.',
                )
            )
        elif name not in DEFAULT_OPTIONS:
            found.append(
                Problem(
                    check_ids.UNKNOWN_OPTION,
                    name,
                    f"{source}[{name!r}] is ignored: sentry_sdk.init has no such argument.",
                    "Correct the name, or remove it.",
                )
            )
        elif wanted := _other_type(name, config.OPTIONS[name]):
            found.append(_wrong_type(source, name, config.OPTIONS[name], wanted))
    return found


def _other_type(name: str, value: Any) -> str:
    """The type that an argument wants and ``value`` is not of, or the empty text."""
    from sentry_app import option_types  # of no use to whoever has no OPTIONS

    return option_types.expected(name, value)


def _wrong_type(source: Any, name: str, value: Any, wanted: str) -> Problem:
    # Not the value, which may be a secret.
    return Problem(
        check_ids.BAD_OPTION,
        name,
        f"{source}[{name!r}] is ignored: it is of type {type(value).__name__}, or holds what it "
        f"must not; sentry_sdk.init wants {wanted}.",
        f"Correct it, or remove it; until then the SDK's default holds, {DEFAULT_OPTIONS[name]!r}.",
    )


def scrubber(config: Config) -> Scrub:
    """A function that scrubs as the configuration asks.

    The rules are compiled when it is first called: they are half of what a start costs, and a
    command like ``migrate`` sends nothing. In each process the first item pays for it.
    """

    @lru_cache(maxsize=1)
    def built() -> Scrub:
        scrub: Scrub = _scrubber(config).scrub
        return scrub

    return lambda data: built()(data)


def _scrubber(config: Config) -> Any:
    from sentry_app import own_secrets
    from sentry_app.scrubbing import Scrubber

    fields = [*defaults.SCRUB_FIELDS, *config.SCRUB_FIELDS]
    secrets = own_secrets.collect(fields)
    if not (config.SEND_DEFAULT_PII or config.SCRUB_IP_ADDRESS):
        fields += defaults.PII_FIELDS  # addresses that are anonymised need not go as well
    return Scrubber(
        fields,
        config.SCRUB_ALLOW,
        config.SCRUB_PATTERNS,
        ip_addresses=config.SCRUB_IP_ADDRESS,
        pii=config.SEND_DEFAULT_PII,
        secrets=secrets,
        count=outcomes.record_scrubbed,
    )


def transport(config: Config, arguments: dict[str, Any]) -> Any:
    """The gate before the transport that TRANSPORT names.

    For ``http`` a class, which the SDK calls with its complete options; otherwise an instance,
    because the SDK ignores a class when there is no DSN.
    """
    scrub = scrubber(config)

    def gate(inner: Transport) -> Gate:
        return Gate(inner, scrub, outcomes.record_sdk, _prepare_process)

    if config.TRANSPORT != "http":
        try:
            return gate(_other_transport(config, arguments))
        except Exception as error:  # its class is the project's own
            told = one_line(f"{type(error).__name__}: {error}", limit=300)
            logger.error("%s: TRANSPORT %s: %s", check_ids.BAD_DOTTED_PATH, config.TRANSPORT, told)

    class HttpGate(Gate):
        def __init__(self, options: dict[str, Any]) -> None:
            inner = make_transport({**options, "transport": None})
            assert inner is not None  # the SDK calls this only with a DSN
            spooled = _spooled(inner, config)
            super().__init__(spooled, scrub, outcomes.record_sdk, _prepare_process)

    return HttpGate


def _prepare_process() -> None:
    """Before something is given to a transport: this process has to be able to send it."""
    forks.renew_if_forked()
    exits.watch_sigterm()


def _spooled(inner: Transport, config: Config) -> Transport:
    if config.SPOOL_DIR is None:
        return inner
    from sentry_app import spooling  # of no use to whoever has no spool

    return spooling.spooled(inner, config)


def _other_transport(config: Config, arguments: dict[str, Any]) -> Transport:
    options = {**DEFAULT_OPTIONS, **arguments}
    if config.TRANSPORT == "file":
        from sentry_app.transports.file import FileTransport

        return FileTransport(config.TRANSPORT_DIR, options)
    cls = import_string(_LOCAL_TRANSPORTS.get(config.TRANSPORT, config.TRANSPORT))
    if not (inspect.isclass(cls) and issubclass(cls, Transport)):
        raise ImportError(f"{config.TRANSPORT} is not a subclass of sentry_sdk.Transport")
    return cls(options)
