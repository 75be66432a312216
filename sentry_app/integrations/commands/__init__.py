"""Management commands: transactions, errors with the command's name, check-ins for monitors."""

from typing import Any

from sentry_app.conf import Config


def integration(config: Config) -> Any:
    """The integration that watches management commands."""
    from sentry_app.integrations.commands.base import Commands

    return Commands(config)
