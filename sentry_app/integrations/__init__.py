"""The SDK's integrations as this project sets them up; one file for each optional package."""

import logging
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.apps import apps

from sentry_app.conf import Config
from sentry_app.integrations import celery, commands, django, redis
from sentry_app.integrations.installed import is_installed

logger = logging.getLogger("sentry_app")

#: Each gives the integration, or None if its package is not installed.
BUILDERS: tuple[Callable[[Config], Any], ...] = (
    django.integration,
    commands.integration,
    celery.integration,
    redis.integration,
)


def _connector(package: str) -> Callable[[Config], None]:
    """The function ``connect`` of the module that has the name of ``package``.

    Imported when the package is found: few sites have one of them.
    """

    def connect(config: Config) -> None:
        if is_installed(package):
            import_module(f"{__name__}.{package}").connect(config)

    connect.__name__ = package
    return connect


#: Each watches a package that the SDK does not, if it is installed; twice does no harm.
CONNECTORS: tuple[Callable[[Config], None], ...] = tuple(
    map(_connector, ("channels", "flags", "rest_framework", "waffle"))
)


def connect(config: Config) -> None:
    """Watch what is installed. Never raises, and does nothing before the apps are loaded."""
    for connector in CONNECTORS if apps.models_ready else ():
        try:
            connector(config)
        except Exception:  # a version of the package that is made differently
            logger.warning("%s: not monitored", connector.__name__, exc_info=True)


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
