"""The SDK's integrations as this project sets them up; one file for each optional package."""

from collections.abc import Callable
from typing import Any

from sentry_app.conf import Config
from sentry_app.integrations import celery, django, redis

#: Each gives the integration, or None if its package is not installed.
BUILDERS: tuple[Callable[[Config], Any], ...] = (
    django.integration,
    celery.integration,
    redis.integration,
)


def build(config: Config) -> list[Any]:
    """The integrations of what is installed."""
    return [built for builder in BUILDERS if (built := builder(config)) is not None]
