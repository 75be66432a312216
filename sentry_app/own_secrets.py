"""The secrets that this process knows: Django's own, and those of its environment.

They are handed to the scrubber as plain strings, which removes them wherever they stand.
"""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from sentry_app.scrubbing import SecretKeys

_TOO_LARGE = 4_096

#: Not passwords but working directories, which POSIX shells set: their paths stand everywhere.
_DIRECTORIES = frozenset({"PWD", "OLDPWD"})


def collect(fields: Iterable[str]) -> set[str]:
    """The secrets in Django's settings and in environment variables with a name of ``fields``.

    Only settings that the project made itself are read. Never raises: what cannot be read is not
    collected.
    """
    keys = SecretKeys(fields)
    environment = {name: os.environ[name] for name in os.environ if name not in _DIRECTORIES}
    found = set(_below(environment, keys))
    with suppress(Exception):
        found.update(_below(_own_settings(), keys))
    return {secret for secret in found if 0 < len(secret) < _TOO_LARGE}


def _own_settings() -> dict[str, Any]:
    from django.conf import settings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a deprecated setting is no news here
        return {
            name: getattr(settings, name)
            for name in dir(settings)
            if name.isupper() and name != "SENTRY" and settings.is_overridden(name)
        }


def _below(value: Any, keys: SecretKeys) -> Iterator[str]:
    """The secrets in a settings dictionary: under a secret key, or in a URL."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in keys:
                yield from _texts(item)
            else:
                yield from _below(item, keys)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _below(item, keys)
    elif isinstance(value, str):
        yield from _in_url(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        yield from (item for item in value if isinstance(item, str))


def _in_url(value: str) -> Iterator[str]:
    if "://" not in value or "@" not in value:
        return
    try:
        password = urlsplit(value).password
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)
