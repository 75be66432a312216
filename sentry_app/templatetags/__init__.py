"""Template tags: ``{% load sentry %}``."""
