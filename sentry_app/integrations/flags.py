"""django-flags: events tell which flags were asked for, and the answers."""

from django.apps import apps

from sentry_app.conf import Config
from sentry_app.integrations.evaluations import watch


def connect(config: Config) -> None:
    """Watch every flag, whatever its source; without the app do nothing."""
    if apps.is_installed("flags"):
        from flags.sources import Flag

        watch(Flag, "check_state")
