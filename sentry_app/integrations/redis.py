"""Redis: commands as spans and breadcrumbs."""

from typing import Any

from sentry_app.conf import Config
from sentry_app.integrations.installed import is_installed


def integration(config: Config) -> Any:
    """The SDK's Redis integration, or None without redis (starting it would fail)."""
    if not is_installed("redis"):
        return None
    from sentry_sdk.integrations.redis import RedisIntegration

    return RedisIntegration(cache_prefixes=list(config.REDIS_CACHE_PREFIXES))
