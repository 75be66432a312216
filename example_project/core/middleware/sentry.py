"""The middleware that tells events about their request and user.

It stands here so that the project can add to it; what it does by itself is enough for this one.
"""

from sentry_app.middleware import SentryContextMiddleware

__all__ = ["SentryContextMiddleware"]
