"""One process of a fleet: captures equal errors once it is told to, and says what became of them.

``python -m tests.storm_process NUMBER``, with the URL of a Redis in ``$STORM_REDIS``.
"""

import json
import os
import sys

import django
from django.conf import settings

from tests import settings as defaults


def main(number: int) -> None:
    """Capture so many."""
    settings.configure(
        SECRET_KEY=defaults.SECRET_KEY,
        INSTALLED_APPS=["sentry_app"],
        CACHES={
            "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
            "storms": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": os.environ["STORM_REDIS"],
            },
        },
        SENTRY={"TRANSPORT": "locmem", "STORM_LIMIT": 20, "STORM_CACHE": "storms"},
    )
    django.setup()
    import sentry_sdk

    import sentry_app
    from sentry_app import fleet, outcomes

    # All processes are in the same minute, however long it takes, and no Redis is slow for them.
    before_send = sentry_sdk.get_client().options["before_send"]
    before_send._storms._events._shared._wall = lambda: 600.0
    fleet.SLOW, fleet._REDIS_URL = 30.0, "socket_timeout=30"
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for _ in range(number):
        try:
            raise RuntimeError("equal")
        except RuntimeError as error:
            sentry_sdk.capture_exception(error)
    held = outcomes.snapshot().get((outcomes.STORM, "error"), 0)
    sys.stdout.write(json.dumps({"sent": len(sentry_app.outbox), "held": held}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
