"""Remove what is secret from serialised data. Plain Python: no Django, no SDK.

Read ``scrubber.py`` first, then ``walk.py``, which asks ``keys.py`` for every key, ``pairs.py`` for
every list and ``rules.py`` for every text. What Sentry itself reads stands in ``protocol.py``.
"""

from sentry_app.scrubbing.findings import FILTERED
from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.scrubber import Scrubber

__all__ = ["FILTERED", "Scrubber", "SecretKeys"]
