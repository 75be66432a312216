"""Is the rest of the project set up for it: INSTALLED_APPS, MIDDLEWARE, CACHES, no second start?"""

from collections.abc import Iterator, Mapping

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from sentry_app import check_ids, sdk
from sentry_app.conf import Config
from sentry_app.setting import Problem

MIDDLEWARE = "sentry_app.middleware.SentryContextMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"

#: Django's caches that cannot count for all processes, and why.
UNFIT_CACHES: Mapping[str, str] = {
    "django.core.cache.backends.dummy.DummyCache": "keeps nothing",
    "django.core.cache.backends.locmem.LocMemCache": "is not shared by processes",
    "django.core.cache.backends.filebased.FileBasedCache": "is not shared by hosts, nor atomic",
    "django.core.cache.backends.db.DatabaseCache": "could break the site's transactions",
}


def second_init(config: Config) -> Iterator[Problem]:
    """Another caller of ``sentry_sdk.init``."""
    if sdk.has_another_client():
        yield Problem(
            check_ids.SECOND_INIT,
            "sentry_sdk.init",
            "The project calls sentry_sdk.init itself: whichever call is later replaces the other.",
            'Remove that call; its arguments are keys of SENTRY or entries of SENTRY["OPTIONS"].',
        )


def storm_cache(config: Config) -> Iterator[Problem]:
    """STORM_CACHE names a cache that all processes share."""
    alias, source = config.STORM_CACHE, config.sources["STORM_CACHE"]
    if alias is None:
        return
    if alias not in settings.CACHES:
        yield Problem(
            check_ids.STORM_CACHE_UNKNOWN,
            "STORM_CACHE",
            f"{source} is {alias!r}, which is not in CACHES.",
            "Correct the alias, or add it to CACHES; until then each process counts for itself.",
        )
        return
    backend = settings.CACHES[alias].get("BACKEND", "")
    if backend in UNFIT_CACHES:
        yield Problem(
            check_ids.STORM_CACHE_UNFIT,
            "STORM_CACHE",
            f"{source} is {alias!r}: its backend {backend} {UNFIT_CACHES[backend]}.",
            "Name a cache in Redis or memcached; until then each process counts for itself.",
        )


def middleware(config: Config) -> Iterator[Problem]:
    """SentryContextMiddleware, or a subclass, stands after AuthenticationMiddleware."""
    ours = _position(MIDDLEWARE)
    authentication = _position(AUTHENTICATION)
    if ours is None:
        yield Problem(
            check_ids.MIDDLEWARE_MISSING,
            "MIDDLEWARE",
            "SentryContextMiddleware is not in MIDDLEWARE: events do not say who was at work.",
            f"Add {MIDDLEWARE!r} to MIDDLEWARE, after AuthenticationMiddleware.",
        )
    elif authentication is not None and ours < authentication:
        yield Problem(
            check_ids.MIDDLEWARE_ORDER,
            "MIDDLEWARE",
            f"{settings.MIDDLEWARE[ours]!r} stands before AuthenticationMiddleware in MIDDLEWARE, "
            "where no request has a user yet.",
            "Move it to a place after AuthenticationMiddleware.",
        )


def first_app(config: Config) -> Iterator[Problem]:
    """The app stands first in INSTALLED_APPS."""
    first = next(iter(apps.get_app_configs()))
    if first.name != "sentry_app":
        yield Problem(
            check_ids.NOT_FIRST,
            "INSTALLED_APPS",
            f"{first.name!r} stands before 'sentry_app' in INSTALLED_APPS: errors while it is "
            "loaded are not captured.",
            "Make 'sentry_app' the first entry of INSTALLED_APPS.",
        )


def _position(middleware: str) -> int | None:
    """The first place in MIDDLEWARE of this class or a subclass of it, or None."""
    for index, path in enumerate(settings.MIDDLEWARE or ()):
        if _is_middleware(path, middleware):
            return index
    return None


def _is_middleware(path: str, wanted: str) -> bool:
    """Whether ``path`` is that of ``wanted`` or of a subclass.

    What is no class (a function, a module that does not import) goes by its name.
    """
    try:
        found = import_string(path)
    except Exception:  # Django says it when the site starts
        found = None
    if isinstance(found, type):
        return wanted in (f"{base.__module__}.{base.__name__}" for base in found.__mro__)
    return path.rpartition(".")[2] == wanted.rpartition(".")[2]
