"""Is the configuration fit for a deployed site? Only asked by ``manage.py check --deploy``."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from sentry_app import check_ids
from sentry_app.conf import SETTINGS, Config
from sentry_app.setting import Problem, shown


def no_dsn(config: Config) -> Iterator[Problem]:
    """Neither a DSN nor another transport."""
    if config.DSN is None and config.TRANSPORT == "http" and not _is_reported(config, "DSN"):
        yield Problem(
            check_ids.DEPLOY_NO_DSN,
            "DSN",
            f"There is no DSN ({config.sources['DSN']}): nothing is sent.",
            f"Set ${SETTINGS['DSN'].variable} to the DSN of your Sentry project.",
        )


def switched_off(config: Config) -> Iterator[Problem]:
    """FORCE_DISABLE or TEST_MODE."""
    for key in ("FORCE_DISABLE", "TEST_MODE"):
        if getattr(config, key):
            yield Problem(
                check_ids.DEPLOY_SWITCHED_OFF,
                key,
                f"{_said(config, key)}: nothing is sent.",
                f"Remove {config.sources[key]} where the site is deployed.",
            )


def debug(config: Config) -> Iterator[Problem]:
    """The SDK's debug output."""
    if config.DEBUG:
        yield Problem(
            check_ids.DEPLOY_DEBUG,
            "DEBUG",
            f"{_said(config, 'DEBUG')}: the SDK fills the log with its debug output.",
            f"Remove {config.sources['DEBUG']} where the site is deployed.",
        )


def local_variables(config: Config) -> Iterator[Problem]:
    """Local variables are sent although personal data is not."""
    if config.WITH_LOCALS and not config.SEND_DEFAULT_PII:
        yield Problem(
            check_ids.DEPLOY_LOCALS,
            "WITH_LOCALS",
            f"{_said(config, 'WITH_LOCALS')} while {_said(config, 'SEND_DEFAULT_PII')}: local "
            "variables in stack traces may hold personal data.",
            f"Set WITH_LOCALS to False, or silence {check_ids.DEPLOY_LOCALS} if that is meant.",
        )


def sample_rate(config: Config) -> Iterator[Problem]:
    """Every transaction is sent."""
    if config.TRACES_SAMPLE_RATE == 1.0:
        yield Problem(
            check_ids.DEPLOY_SAMPLE_RATE,
            "TRACES_SAMPLE_RATE",
            f"{_said(config, 'TRACES_SAMPLE_RATE')}: every request is sent as a transaction.",
            "Use a smaller share, such as 0.1; TRACES_SAMPLE_RATES makes exceptions.",
        )


def plain_http(config: Config) -> Iterator[Problem]:
    """Events leave the machine without TLS."""
    parts = urlsplit(config.DSN or "")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        yield Problem(
            check_ids.DEPLOY_PLAIN_HTTP,
            "DSN",
            f"{_said(config, 'DSN')}: over plain http anyone on the way can read the events.",
            "Use https:// in the DSN.",
        )


def unknown_release(config: Config) -> Iterator[Problem]:
    """Neither RELEASE nor anything that the SDK finds."""
    if config.RELEASE is not None or _is_reported(config, "RELEASE"):
        return
    from sentry_app import releases

    if releases.release(config)[0] == "unknown":
        yield Problem(
            check_ids.DEPLOY_RELEASE,
            "RELEASE",
            "The release is unknown: Sentry cannot tell which version an error came with.",
            f"Set ${SETTINGS['RELEASE'].variable} or $GIT_SHA when you deploy.",
        )


def local_transport(config: Config) -> Iterator[Problem]:
    """A transport for development."""
    if config.TRANSPORT in ("console", "locmem"):
        kept = {"console": "printed", "locmem": "kept in memory"}[config.TRANSPORT]
        yield Problem(
            check_ids.DEPLOY_TRANSPORT,
            "TRANSPORT",
            f"{_said(config, 'TRANSPORT')}: events are {kept}, not sent.",
            f"Remove {config.sources['TRANSPORT']} where the site is deployed.",
        )


def _said(config: Config, key: str) -> str:
    """For example ``DEBUG is True ($SENTRY_DEBUG)``."""
    return f"{key} is {shown(SETTINGS[key], getattr(config, key))} ({config.sources[key]})"


def _is_reported(config: Config, key: str) -> bool:
    return any(problem.key == key for problem in config.problems)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
