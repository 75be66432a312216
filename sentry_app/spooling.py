"""The spool as the configuration asks for it."""

import logging
from typing import Any

import sentry_sdk
from sentry_sdk.transport import Transport

from sentry_app import check_ids
from sentry_app.conf import Config
from sentry_app.seams import sending
from sentry_app.spool import Directory
from sentry_app.transports.spooled import SpooledTransport, directory_for

logger = logging.getLogger("sentry_app")


def spooled(inner: Transport, config: Config) -> Transport:
    """``inner``, the SDK's HTTP transport, behind the spool in SPOOL_DIR."""
    found = directory(config)
    missing = sending.missing_parts(inner)
    if missing:
        told = ", ".join(missing)
        logger.warning("%s: without a spool: this SDK has no %s", check_ids.SEAM_MISSING, told)
    if missing or found is None:
        return inner
    return SpooledTransport(
        sending.HttpSender(inner), found, retry_server_errors=config.SPOOL_RETRY_SERVER_ERRORS
    )


def directory(config: Config) -> Directory | None:
    """The spool of the DSN's project, or None if there is none."""
    if config.SPOOL_DIR is None or config.DSN is None:
        return None
    return directory_for(config.DSN, config.SPOOL_DIR, config.SPOOL_MAX_BYTES, config.SPOOL_MAX_AGE)


def running() -> SpooledTransport | None:
    """The spool of the client that runs in this process, or None."""
    transport: Any = sentry_sdk.get_client().transport
    inner = getattr(transport, "inner", None)
    return inner if isinstance(inner, SpooledTransport) else None
