"""The SDK's integrations as this project sets them up; one file for each optional package."""

import logging
from collections.abc import Callable
from typing import Any

from sentry_app.conf import Config
from sentry_app.integrations import celery, commands, django, redis

logger = logging.getLogger("sentry_app")

#: Each gives the integration, or None if its package is not installed.
BUILDERS: tuple[Callable[[Config], Any], ...] = (
    django.integration,
    commands.integration,
    celery.integration,
    redis.integration,
)


def build(config: Config) -> list[Any]:
    """The integrations of what is installed."""
    return [built for builder in BUILDERS if (built := _built(builder, config)) is not None]


def _built(builder: Callable[[Config], Any], config: Config) -> Any:
    from sentry_sdk.integrations import DidNotEnable

    try:
        return builder(config)
    except DidNotEnable as error:  # a version that the SDK does not know
        logger.warning("%s: not monitored: %s", builder.__module__, error)
        return None
