"""Texts without the secrets in them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

from sentry_app.conf import Config

MASK = "***"
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]*@")

Mask = Callable[[str], str]


def masker(config: Config) -> Mask:
    """A function that hides in a text the DSN's key, the proxies' passwords, and what a terminal
    would obey instead of show.
    """
    secrets = sorted({*_secrets(config)}, key=len, reverse=True)
    patterns = [re.compile(_pattern(secret)) for secret in secrets]

    def mask(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub(MASK, text)
        text = _CREDENTIALS.sub(f"{MASK}@", text)
        return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)

    return mask


def masked_tree(value: Any, mask: Mask) -> Any:
    """A copy of JSON data with ``mask`` applied to every text in it."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {str(key): masked_tree(entry, mask) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked_tree(entry, mask) for entry in value]
    return value


def _secrets(config: Config) -> Iterator[str]:
    key, password = _credentials(config.DSN)
    proxies = [config.OPTIONS.get("https_proxy"), config.OPTIONS.get("http_proxy")]
    passwords = [_credentials(url)[1] for url in [*proxies, *getproxies().values()]]
    headers = config.OPTIONS.get("proxy_headers")
    sent = [*headers.values()] if isinstance(headers, Mapping) else []
    for secret in [key, password, *passwords, *sent]:
        if isinstance(secret, str) and secret:
            yield from (secret, unquote(secret))


def _credentials(url: Any) -> tuple[str | None, str | None]:
    try:
        parts = urlsplit(url)
        return parts.username, parts.password
    except (ValueError, TypeError, AttributeError):  # no URL at all
        return None, None


def _pattern(secret: str) -> str:
    # A short one may be part of any word: whole words of it are enough then.
    edge = r"\b" if len(secret) < 8 and secret.isalnum() else ""
    return edge + re.escape(secret) + edge
