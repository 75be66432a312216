"""The shop's settings, one file for each subject."""

from settings.components.base import *  # noqa: F403
from settings.components.celery import *  # noqa: F403
from settings.components.sentry import *  # noqa: F403
