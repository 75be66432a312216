"""Django: requests, SQL, templates, cache, signals."""

import inspect
from typing import Any

from sentry_app.conf import Config


def integration(config: Config) -> Any:
    """The SDK's Django integration with this project's toggles."""
    from sentry_sdk.integrations.django import DjangoIntegration

    toggles: dict[str, Any] = {
        "middleware_spans": config.MIDDLEWARE_SPANS,
        "signals_spans": config.SIGNALS_SPANS,
        "cache_spans": config.CACHE_SPANS,
        "db_transaction_spans": config.DB_TRANSACTION_SPANS,
    }
    known = inspect.signature(DjangoIntegration).parameters
    return DjangoIntegration(**{name: on for name, on in toggles.items() if name in known})
