"""Redis: commands as spans and breadcrumbs."""

from importlib.util import find_spec
from typing import Any

from sentry_app.conf import Config


def integration(config: Config) -> Any:
    """The SDK's Redis integration, or None without redis (starting it would fail)."""
    if find_spec("redis") is None:
        return None
    from sentry_sdk.integrations.redis import RedisIntegration

    return RedisIntegration(cache_prefixes=list(config.REDIS_CACHE_PREFIXES))
