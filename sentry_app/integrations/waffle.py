"""django-waffle: events tell which flags, switches and samples were asked for, and the answers."""

from django.apps import apps

from sentry_app.conf import Config
from sentry_app.integrations.evaluations import watch


def connect(config: Config) -> None:
    """Watch the base classes, which a project's own flags extend; without the app do nothing."""
    if apps.is_installed("waffle"):
        from waffle.models import AbstractBaseFlag, AbstractBaseSample, AbstractBaseSwitch

        for cls in (AbstractBaseFlag, AbstractBaseSample, AbstractBaseSwitch):
            watch(cls, "is_active")
