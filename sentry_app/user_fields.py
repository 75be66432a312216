"""USER_FIELDS: what is said about a user, with a callable of the project's own that may fail."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.module_loading import import_string

from sentry_app import outcomes
from sentry_app.conf import Config
from sentry_app.interrupts import let_through

logger = logging.getLogger("sentry_app")


def user_fields(config: Config) -> tuple[str, ...] | Callable[[Any], Mapping[str, Any]]:
    """USER_FIELDS as ``context.describe_user`` takes them: names, or a callable that never raises.

    A callable by its dotted path is imported when it is first needed. One that fails says nothing,
    which leaves the id.
    """
    chosen = config.USER_FIELDS
    if isinstance(chosen, tuple):
        return chosen

    def describe(user: Any) -> Mapping[str, Any]:
        try:
            told = (import_string(chosen) if isinstance(chosen, str) else chosen)(user)
            if not isinstance(told, Mapping):
                raise TypeError(f"it returned a {type(told).__name__}, not a dict")
        except Exception as error:
            let_through(error)
            outcomes.record_failure("USER_FIELDS")
            logger.warning("USER_FIELDS: %r failed: only the id is told", chosen, exc_info=True)
            return {}
        return told

    return describe
