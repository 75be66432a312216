"""Texts within texts: percent-encoded, escaped for HTML, base64. They are decoded, scrubbed, and
encoded again.

What is base64 goes as a whole if anything in it is secret, since its reader sees nothing of it.
"""

import base64
import binascii
import html
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from sentry_app.scrubbing.findings import Findings

Scrub = Callable[[str, Findings], str]

_PERCENT = re.compile(r"%(?:25)*(?:3[DAdaFf]|2[0247Ff]|5[BbDd]|7[BbDd]|40)")
#: What is encoded as one piece: between the delimiters of the URL or form around it.
_PERCENT_RUN = re.compile(r"[^\s\"'<>?&=/;,%]*%[0-9A-Fa-f]{2}[^\s\"'<>?&=/;,]*")
#: A value in a form or a query string, with blanks in it.
_SPACED_RUN = re.compile(r"(?<==)(?=[^\s\"'<>?&=;,+]*\+)[^\s\"'<>?&=;,]+")
#: Markup that is shown in markup.
_MARKUP_RUN = re.compile(r"&lt;[^<>]*&gt;")
#: Base64 of ``{"``, ``{'``, ``[{``, ``[[``, ``["``, of ``{`` and a line break, and of longer texts.
_BASE64 = re.compile(
    r"(?:(?<![A-Za-z0-9+/_-])|(?<=/)(?=e[wy]|W[3y]))(?:e[wy]|W[3y]|[A-Za-z0-9])[A-Za-z0-9+/_\-]{22,}(?:={0,2}|(?:%3D){0,2})(?![A-Za-z0-9+/=_-])"
)
#: What is printable ASCII in hexadecimal; a hash is that by chance less than once in a million.
_HEX = re.compile(r"(?<![A-Za-z0-9])(?:[2-7][0-9a-f]|0[9ad]){12,10000}(?![A-Za-z0-9])")
_LONGEST = 20_000


def scrub(text: str, found: Findings, inner: Scrub) -> str:
    """``text`` with what is encoded in it scrubbed by ``inner``."""
    if "%" in text and _PERCENT.search(text):
        text = _PERCENT_RUN.sub(lambda match: _percent(match[0], found, inner), text)
    if "+" in text and "=" in text:
        text = _SPACED_RUN.sub(lambda match: _form(match[0], found, inner), text)
    if "&lt;" in text:
        text = _MARKUP_RUN.sub(lambda match: _markup(match[0], found, inner), text)
    if len(text) >= 24:
        text = _BASE64.sub(lambda match: _base64(match[0], found, inner), text)
        text = _HEX.sub(lambda match: _hexadecimal(match[0], found, inner), text)
    return text


def _percent(run: str, found: Findings, inner: Scrub) -> str:
    if len(run) > _LONGEST:
        return run
    if "+" in run and "%20" not in run:
        return _form(run, found, inner)
    plain = unquote(run)
    scrubbed = inner(plain, found) if plain != run else plain
    return run if scrubbed == plain else quote(scrubbed, safe="[]", errors="replace")


def _form(run: str, found: Findings, inner: Scrub) -> str:
    if len(run) > _LONGEST:
        return run
    plain = unquote_plus(run)
    scrubbed = inner(plain, found)
    return run if scrubbed == plain else quote_plus(scrubbed, safe="[]", errors="replace")


def _markup(run: str, found: Findings, inner: Scrub) -> str:
    plain = html.unescape(run)
    scrubbed = inner(plain, found) if len(run) <= _LONGEST else plain
    return run if scrubbed == plain else html.escape(scrubbed, quote="&quot;" in run)


def _base64(run: str, found: Findings, inner: Scrub) -> str:
    if (
        len(run) > _LONGEST
        or run.isalpha()
        or run.isdigit()
        or ("=" not in run and len(run) % 4 == 1)
    ):
        return run
    standard = run.replace("%3D", "=").rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return run
    if (
        not decoded.isprintable()
        and not decoded.replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
    ):
        return run
    return _decoded(run, decoded, found, inner)


def _hexadecimal(run: str, found: Findings, inner: Scrub) -> str:
    if run.isdecimal():
        return run
    return _decoded(run, bytes.fromhex(run).decode("ascii", "replace"), found, inner)


def _decoded(run: str, decoded: str, found: Findings, inner: Scrub) -> str:
    found.decoded[run] = decoded
    return run if inner(decoded, found) == decoded else found.remove("encoded")
