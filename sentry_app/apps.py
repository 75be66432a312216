"""The AppConfig: starts the SDK and connects what listens."""

from typing import Any

from django.apps import AppConfig
from django.conf import LazySettings
from django.core.checks import CheckMessage, register

from sentry_app import conf, sdk


class SentryAppConfig(AppConfig):
    """Starts the SDK as soon as Django constructs it.

    Not only in ``ready()``: an app that stands first in INSTALLED_APPS is constructed before any
    other app's ``apps.py`` or ``models.py`` runs, and so their errors are captured.
    """

    name = "sentry_app"
    verbose_name = "Sentry"

    def __init__(self, app_name: str, app_module: Any) -> None:
        super().__init__(app_name, app_module)
        # A property, because override_settings() hides lower-case attributes of the instance.
        LazySettings.sentry_configured = property(  # type: ignore[attr-defined]
            lambda settings: sdk.is_configured()
        )
        sdk.start(conf.load())

    def ready(self) -> None:
        """Register the checks and the receivers; start again if the settings have changed."""
        from sentry_app import receivers

        sdk.start(conf.load())
        register(check_sentry)
        register(check_deployment, deploy=True)
        receivers.connect()


# Imported when they are run: the checks are not needed to serve a site.


def check_sentry(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What is wrong wherever the site runs."""
    from sentry_app import checks

    return checks.check_sentry(app_configs, **kwargs)


def check_deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What is wrong only where the site is deployed."""
    from sentry_app import checks

    return checks.check_deployment(app_configs, **kwargs)
