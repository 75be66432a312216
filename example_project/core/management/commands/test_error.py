"""``manage.py test_error``: an error in a command."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Fails, to see that errors of commands arrive."""

    help = "Raise an exception, which Sentry is told about"

    def handle(self, *args: Any, **options: Any) -> None:
        """Raise the exception."""
        # This will be captured by Sentry
        raise Exception("Test error for Sentry")
