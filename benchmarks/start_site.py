"""A small site that starts with one variant of monitoring; see ``startup.py``."""

import os
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

DSN = "http://key@127.0.0.1:9/1"
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]


def start(variant: str) -> None:
    """Start it."""
    ours = variant.startswith("this project")
    more: dict[str, Any] = {}
    if variant == "this project":
        more["SENTRY"] = {"DSN": DSN}
    if variant in ("import sentry_sdk", "SDK"):
        import sentry_sdk

        if variant == "SDK":
            sentry_sdk.init(DSN, traces_sample_rate=0.1)
    settings.configure(
        SECRET_KEY=os.urandom(16).hex(),
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["sentry_app", *APPS] if ours else APPS,
        MIDDLEWARE=["sentry_app.middleware.SentryContextMiddleware"] if ours else [],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        **more,
    )
    django.setup()
    get_wsgi_application()


urlpatterns: list[Any] = []
