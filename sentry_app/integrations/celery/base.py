"""The SDK's integration as this project sets it up, and whether it runs."""

from collections.abc import Iterable, Iterator
from fnmatch import translate
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration

from sentry_app.conf import Config

#: That of the last integration that was made.
_config: Config | None = None


def build(config: Config) -> Any:
    """The SDK's Celery integration with the settings of ``config``."""
    global _config
    _config = config
    return CeleryIntegration(
        monitor_beat_tasks=config.CELERY_MONITOR_BEAT,
        exclude_beat_tasks=list(_patterns(config.CELERY_MONITOR_EXCLUDE)),
    )


def running() -> Config | None:
    """The configuration while the SDK watches Celery, else None."""
    watching = sentry_sdk.get_client().get_integration(CeleryIntegration)
    return _config if watching is not None else None


def _patterns(globs: Iterable[str]) -> Iterator[str]:
    """Globs as the SDK wants them: regular expressions, which it searches for."""
    return (rf"\A{translate(glob)}" for glob in globs)
