"""Remove what is secret from serialised data. Plain Python: no Django, no SDK."""

from sentry_app.scrubbing.scrubber import FILTERED, Scrubber

__all__ = ["FILTERED", "Scrubber"]
