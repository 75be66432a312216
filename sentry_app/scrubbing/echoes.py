"""Echoes: a value that is known to be secret is removed wherever else it stands.

Known are the values found under a sensitive name in the same item, and those that the caller names:
Django's own secrets and those of the environment. A value that any text might hold by chance (a
word, a short number) is no echo.
"""

import ast
import base64
import html
import json
import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import quote, quote_plus

from sentry_app.scrubbing.findings import FILTERED, Findings

_SHORTEST = 6
_LONGEST = 2_000
_QUOTED = re.compile(r"[bBuU]?(['\"])(.*)\1", re.S)
_KINDS = (
    re.compile("[a-z]"),
    re.compile("[A-Z]"),
    re.compile("[0-9]"),
    re.compile(r"[^\w\s.,:/\-]"),
)
#: What looks the same in every notation.
_SAFE = re.compile(r"[A-Za-z0-9_.\-]+")
_SCHEME = re.compile(r"[A-Za-z][\w\-]{1,20}\s+(?=\S{8,}\Z)")
#: What is no secret itself: ``<Session: ...>``, ``Session(...)``, the name of a variable.
_REPR = re.compile(r"<.*>|\w+\(.*\)|\$?\{?[A-Z_]+\}?", re.S)


def plain(value: str) -> Iterable[str]:
    """The secrets that the text of a value holds: it may be a repr, or have a scheme before it."""
    value = value.strip()
    quoted = _QUOTED.fullmatch(value)
    if quoted:
        value = _unescaped(value, quoted[2])
    yield value
    scheme = _SCHEME.match(value)
    if scheme:
        yield value[scheme.end() :]


def _unescaped(literal: str, content: str) -> str:
    """What ``literal`` says, which has ``content`` between its quotation marks."""
    if "\\" not in content or len(literal) > _LONGEST:
        return content
    try:
        said = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return content
    return said if isinstance(said, str) else content


def encoded(secrets: Collection[str], decoded: Mapping[str, str]) -> set[str]:
    """Those of the encoded texts in ``decoded`` that say one of ``secrets``."""
    return {run for run, text in decoded.items() if any(secret in text for secret in secrets)}


def is_distinct(secret: str) -> bool:
    """Whether ``secret`` is long and odd enough to stand in no text by chance."""
    if not _SHORTEST <= len(secret) <= _LONGEST:
        return False
    if secret.isdecimal():
        return len(secret) >= 8
    if FILTERED in secret or _REPR.fullmatch(secret):
        return False
    kinds = sum(kind.search(secret) is not None for kind in _KINDS)
    return kinds >= 2 and (len(secret) >= 8 or kinds >= 3)


def spellings(secret: str) -> set[str]:
    """How ``secret`` may be written in a text."""
    if _SAFE.fullmatch(secret):
        return {secret}
    return {
        secret,
        quote(secret, safe="", errors="replace"),
        quote(secret, errors="replace"),
        quote_plus(secret, errors="replace"),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
    }


def opening(secret: str) -> str:
    """The beginning of every spelling of ``secret``, as much of it as a text that was cut off must
    have: where it does not stand, no spelling has to be made and looked for.
    """
    safe = _SAFE.match(secret)
    return safe[0][: len(secret) * 55 // 100] if safe else ""


def is_heard(secrets: Iterable[str], text: str) -> bool:
    """Whether one of ``secrets`` stands in ``text``, in any spelling."""
    likely = [secret for secret in secrets if opening(secret) in text]
    return bool(likely) and Echoes(likely).heard_in(text) is not None


def encodings(secret: str) -> set[str]:
    """The base64 spellings of ``secret``, without the ends that its neighbours decide."""
    raw = secret.encode("utf-8", "replace")
    found = set()
    for offset in range(3):
        shifted = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        middle = shifted[(0, 2, 3)[offset] : -1 if (len(raw) + offset) % 3 else None]
        found |= {middle, middle.replace("+", "-").replace("/", "_")}
    return found


def hexadecimal(secret: str) -> set[str]:
    """``secret`` in hexadecimal digits."""
    digits = secret.encode("utf-8", "replace").hex()
    return {digits, digits.upper()}


class Echoes:
    """A set of secrets, to be found in texts again: whole, or cut off at the end.

    With ``thorough``, what was cut off at the beginning is found too.
    """

    def __init__(self, secrets: Iterable[str], thorough: bool = False) -> None:
        #: What is looked for, and the spelling that it is a part of.
        self._forms: dict[str, str] = {}
        for secret in secrets:
            for form in spellings(secret):
                self._forms[_head(form)] = form
                if thorough:
                    self._forms.setdefault(_tail(form), form)

    def secrets(self) -> Iterable[str]:
        """The spellings that are looked for."""
        return self._forms.values()

    def heard_in(self, text: str) -> "Echoes | None":
        """Those of the echoes that occur in ``text``; None if there are none."""
        heard = {part: form for part, form in self._forms.items() if part in text}
        if not heard:
            return None
        echoes = Echoes(())
        echoes._forms = heard
        return echoes

    def scrub(self, text: str, found: Findings) -> str:
        """``text`` without the echoes, whole or cut off."""
        for part, form in sorted(self._forms.items(), key=lambda entry: -len(entry[1])):
            at = text.find(part) if part in text else -1
            while at >= 0:
                start, end = _extent(text, at, part, form)
                text = text[:start] + found.remove("echo") + text[end:]
                at = text.find(part, start + len(FILTERED))
        return text


def _head(form: str) -> str:
    return form if len(form) < 16 else form[: len(form) * 55 // 100]


def _tail(form: str) -> str:
    return form if len(form) < 16 else form[-(len(form) * 55 // 100) :]


def _extent(text: str, at: int, part: str, form: str) -> tuple[int, int]:
    """From where to where ``form``, or what is left of it, stands around ``part`` at ``at``."""
    if form.startswith(part):
        end, rest = at + len(part), form[len(part) :]
        for sign in rest:
            if text[end : end + 1] != sign:
                break
            end += 1
        return at, end
    start, before = at, form[: -len(part)]
    for sign in reversed(before):
        if start == 0 or text[start - 1] != sign:
            break
        start -= 1
    return start, at + len(part)
