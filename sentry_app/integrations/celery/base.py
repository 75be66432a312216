"""The SDK's integration, which knows our configuration."""

from collections.abc import Iterable
from fnmatch import translate
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration

from sentry_app.conf import Config


class Celery(CeleryIntegration):
    """The SDK's Celery integration with this project's settings; ``config`` holds them."""

    def __init__(self, config: Config) -> None:
        super().__init__(
            monitor_beat_tasks=config.CELERY_MONITOR_BEAT,
            exclude_beat_tasks=list(_patterns(config.CELERY_MONITOR_EXCLUDE)),
        )
        self.config = config


def running() -> Config | None:
    """The configuration that Celery is watched with, or None while it is not watched by us."""
    found: Any = sentry_sdk.get_client().get_integration(CeleryIntegration)
    return found.config if isinstance(found, Celery) else None


def _patterns(globs: Iterable[str]) -> Iterable[str]:
    """Globs as the SDK wants them: regular expressions, which it searches for."""
    return (rf"\A{translate(glob)}" for glob in globs)
