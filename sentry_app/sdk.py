"""Start and stop the SDK: the only caller of ``sentry_sdk.init``."""

import logging
import os
import sys
import warnings
from collections.abc import Iterable
from typing import Any

from sentry_app import check_ids
from sentry_app.conf import Config
from sentry_app.setting import Problem, one_line

logger = logging.getLogger("sentry_app")

#: The configuration seen last, and the one that the SDK runs with.
_seen: Config | None = None
_running: Config | None = None

#: The client that was made here last, and why the last start failed.
_client: Any = None
_start_error: Exception | None = None
#: Whether a client that was not made here was ever found and replaced.
_replaced_another = False
#: What this SDK does not have of the parts that the seams need.
_missing_parts: list[str] = []


def start(config: Config) -> None:
    """Run the SDK with ``config``, or stop it if ``config`` is not enabled.

    Calling it again with an equal configuration does nothing; a changed one starts anew. Never
    raises: what cannot be used is logged once and replaced.
    """
    global _seen, _running, _start_error
    if config == _seen or is_reloader_parent():
        return
    stop()
    _seen, _start_error = config, None
    if config.FORCE_DISABLE or config.TEST_MODE:
        return
    _log(config.problems)
    if config.is_enabled and _init(config):
        _running = config


def stop() -> None:
    """Send what is waiting and switch the SDK off. Does nothing if it does not run."""
    global _seen, _running
    _seen = None
    if _running is None:
        return
    _running = None
    import sentry_sdk

    if sentry_sdk.get_client() is _client:
        sentry_sdk.get_global_scope().set_client(None)
    try:
        _client.close()
    except Exception:  # a transport of the project's own
        logger.warning("the transport does not close", exc_info=True)


def is_configured() -> bool:
    """Whether the SDK runs with a destination."""
    return _running is not None


def running() -> Config | None:
    """The configuration that the SDK runs with, or None."""
    return _running


def start_error() -> Exception | None:
    """Why the SDK refused to start, or to start with OPTIONS, or None."""
    return _start_error


def missing_parts() -> list[str]:
    """The private parts of the SDK that are needed and not there, so that something falls back."""
    return list(_missing_parts)


def has_another_client() -> bool:
    """Whether the project calls ``sentry_sdk.init`` itself, before our start or after it."""
    sentry_sdk = sys.modules.get("sentry_sdk")
    if _replaced_another or sentry_sdk is None:
        return _replaced_another
    client = sentry_sdk.get_client()
    return bool(client.is_active()) and client is not _client


def is_reloader_parent() -> bool:
    """Whether this process only watches files for ``runserver`` and serves nothing."""
    variables = {"runserver": "RUN_MAIN", "runserver_plus": "WERKZEUG_RUN_MAIN"}
    variable = variables.get("".join(sys.argv[1:2]))
    if variable is None or "--noreload" in sys.argv:
        return False
    return os.environ.get(variable) != "true"


def _init(config: Config) -> bool:
    """Initialise the SDK; if it refuses, once more without OPTIONS. Whether it can send."""
    global _start_error
    from sentry_app import integrations, options, seams

    seams.prepare()
    _log(options.problems(config))
    for attempt in (config, config.replace(OPTIONS={})) if config.OPTIONS else (config,):
        try:
            started = _init_once(options.build(attempt))
            seams.adjust(attempt)
            integrations.connect(attempt)
            return started
        except Exception as error:
            _start_error = error
            # Without the traceback, which would show the password of a proxy.
            told = one_line(f"{type(error).__name__}: {error}", limit=300)
            logger.error("%s: the SDK does not start: %s", check_ids.START_FAILED, told)
    return False


def _init_once(arguments: dict[str, Any]) -> bool:
    # Imported here, because without a destination nothing of the SDK is needed.
    import sentry_sdk

    from sentry_app.seams import exits, forks

    global _client, _replaced_another
    _replaced_another = has_another_client()
    with warnings.catch_warnings():
        # The SDK deprecates send_default_pii and profiles_sample_rate, which are settings
        # of this project and so not for its users to change.
        warnings.simplefilter("ignore", DeprecationWarning)
        sentry_sdk.init(**arguments)
    _client = sentry_sdk.get_client()
    _install_seams()
    if _client.transport is not None:
        _gate_spotlight(_client)
        forks.renew_in_children()
        exits.install()
        return True
    # TRANSPORT could not be used, and there is no DSN to fall back to.
    sentry_sdk.get_global_scope().set_client(None)
    return False


def _install_seams() -> None:
    from sentry_app import seams

    _missing_parts[:] = seams.install()
    if _missing_parts:
        told = ", ".join(_missing_parts)
        logger.warning("%s: this SDK is built differently: %s", check_ids.SEAM_MISSING, told)


def _gate_spotlight(client: Any) -> None:
    """Put the gate before Spotlight as well; without a gate there is no Spotlight."""
    spotlight = getattr(client, "spotlight", None)
    if spotlight is not None:
        before = getattr(client.transport, "before", None)
        client.spotlight = before(spotlight) if before else None


def _log(problems: Iterable[Problem]) -> None:
    if sys.argv[1:2] == ["check"]:
        return  # that command reports them itself
    for problem in problems:
        level = logging.WARNING if ".W" in problem.id else logging.ERROR
        logger.log(level, "%s: %s %s", problem.id, problem.message, problem.hint)
