"""Which of many texts have to be looked at: a cheap test over all of them at once.

A rule by name needs a sensitive word in the text, a rule by form a long run of letters and digits,
a card's digits, or one of a few marks. Both are asked of the joined texts with ``translate``,
``split`` and ``find``, which cost a fraction of a regular expression. What is not ASCII is always
looked at.

No test asks which digit it is, nor which hexadecimal digits an id has. So the verdicts are kept by
form: the text with every digit as 0 and every id as the same one. Most texts of a site differ in
nothing else (``order 17``, ``... WHERE id = 4711``), and then no test is made at all.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from sentry_app.scrubbing.keys import SecretKeys, words

#: Stands between joined texts.
SEPARATOR = "\0"

_ALL = bytes(range(256))
_DIGITS = b"0123456789"
_LOWER = b"abcdefghijklmnopqrstuvwxyz"
_LETTERS = _LOWER + _LOWER.upper()


def _table(keep: bytes = b"", other: bytes = b" ", **classes: bytes) -> bytes:
    """A table for ``translate``: each of ``classes`` becomes its name, the rest ``other``."""
    table = bytearray(other * 256)
    for sign in keep:
        table[sign] = sign
    for name, signs in classes.items():
        for sign in signs:
            table[sign] = ord(name)
    return bytes(table)


_TO_WORDS = _table(keep=_LETTERS)
_TO_RUNS = _table(a=_LETTERS + _DIGITS + b"_-")
_TO_NUMBERS = bytes(
    ord("0") if sign in _DIGITS else ord("-") if sign in b" -+" else sign for sign in _ALL
)
_TO_FORM = bytes(ord("0") if sign in _DIGITS else sign for sign in _ALL)
_RUN = b"a" * 16
_POINT = ord(".")
#: Words, constants, UUIDs, plain numbers, and hexadecimal ids that are no printable text: of a byte
#: of that, the first digit is none from a to f. At last what ``sentry-trace`` and ``traceparent``
#: have, which come with most requests: the ids of a trace and of a span.
_NO_TOKEN = re.compile(
    rb"[a-z_-]+|[A-Z]+_[A-Z_]+|(?!(?:0[0a-f]){12,}\Z)[0-9a-f]+"
    rb"|(?:00-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-[0-9a-f]{16}(?:-00?)?)?"
)
_CARDS = (b"0" * 13, b"0000-0000-0000", b"0000-000000-0000", b"000-00-0000")

#: Marks of a form, whatever stands around it; 0 is any digit.
_MARKS = (
    b"@", b"%00", b"-----", b"eyJ", b"$", b"earer ", b"EARER ", b"asic ", b"ASIC ", b"#00;",
    b"AGE-SECRET", b"django-insecure", b"/webhook", b"hooks.slack",
    b"igest username=", b"AWS0-HMAC-", b" code 0000", b"our code is 0000",
    b"\\u00", b"{SSHA", b"{SHA", b"{MD0", b"{SMD0", b"{CRYPT",
)  # fmt: skip
_IPV4 = re.compile(rb"\.0{1,3}\.0{1,3}\.0")
_IPV6 = re.compile(rb":(?::[0-9a-fA-F]|(?:[0-9A-Fa-f]{0,4}:){3})")
_IPV6_ENCODED = re.compile(rb"%0[Aa](?:%0[Aa]|[0-9A-Fa-f]{1,4}%0[Aa])")

#: Words that say too little: the one before them in a field decides.
_COMMON = frozenset({"answer", "code", "data", "id", "no", "number", "phrase", "string"})
#: Words that make a statement with a secret (see ``statements.py``), or the name of one.
_STATEMENTS = frozenset(
    {"identified", "insert", "into", "curl", "masterauth", "mysql", "mysqldump", "redis"}
    | {"requirepass", "sshpass", "openssl", "keygen", "ldapsearch", "cqlsh", "htpasswd", "sqlplus"}
    | {"sqlcmd", "smbclient", "mongo", "mongodump", "mongosh", "twine", "docker", "podman"}
)
#: An id, alone between other signs; and what stands for it, which is no less suspect.
_ID = re.compile(
    rb"(?<![0-9A-Za-z%#])"
    rb"(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?!(?:[0-9][0-9a-f]){16})[0-9a-f]{32}|0x[0-9a-f]{6,13})"
    rb"(?![0-9A-Za-z])"
)
_AN_ID = b"a0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a0a0a0"
_MAX_WORDS = 50_000
_MAX_FORMS = 20_000
_LONGEST_FORM = 300


class Triage:
    """Remembers which words, and which forms of texts, are harmless."""

    def __init__(self, keys: SecretKeys, *, ip_addresses: bool) -> None:
        self._keys = keys
        ends = {_telling(field) for field in keys.fields if field}
        self._short = frozenset(end for end in ends if len(end) < 5)
        self._long = tuple(end for end in ends if len(end) >= 5)
        self._harmless: set[bytes] = set()
        self._ip_addresses = ip_addresses
        #: Whether no field can stand in an id.
        self._has_ids = not any(re.fullmatch("[a-f0-9]+", "".join(f)) for f in keys.fields)
        self._harmless_forms: set[bytes] = set()
        #: The hashes of forms that are not: of a secret nothing is kept.
        self._suspect_forms: set[int] = set()

    def suspects(self, texts: list[str], joined: str) -> set[str]:
        """Those of ``texts`` that may hold a secret; ``joined`` is all of them."""
        if not joined.isascii():
            foreign = {text for text in texts if not text.isascii()}
            texts = [text for text in texts if text not in foreign]
            return foreign | self.suspects(texts, SEPARATOR.join(texts))
        forms = _split(_form(joined), texts)
        new = set(forms).difference(self._harmless_forms)
        if not new:
            return set()
        unknown = [form for form in new if hash(form) not in self._suspect_forms]
        new.difference_update(self._harmless_of(unknown))
        return {text for form, text in zip(forms, texts, strict=True) if form in new}

    def _harmless_of(self, unknown: list[bytes]) -> list[bytes]:
        """Those of the ``unknown`` forms that are harmless; all verdicts are kept."""
        if not unknown:
            return []
        data = b"\0".join(unknown)
        alike = _split(_ID.sub(_AN_ID, data) if self._has_ids else data, unknown)
        new = list(set(alike).difference(self._harmless_forms))
        data = b"\0".join(new)
        ends = list(accumulate(len(form) + 1 for form in new))
        suspects = {
            new[min(bisect_right(ends, at), len(new) - 1)] for at in set(self._positions(data))
        }
        self._remember(new, suspects)
        return [form for form, like in zip(unknown, alike, strict=True) if like not in suspects]

    def _remember(self, forms: list[bytes], suspects: set[bytes]) -> None:
        for known in (self._harmless_forms, self._suspect_forms):
            if len(known) > _MAX_FORMS:
                known.clear()
        self._suspect_forms.update(map(hash, suspects))
        self._harmless_forms.update(
            form for form in forms if len(form) <= _LONGEST_FORM and form not in suspects
        )

    def _positions(self, data: bytes) -> Iterator[int]:
        yield from self._names(data)
        yield from _runs(data)
        numbers = data.translate(_TO_NUMBERS)
        for card in filter(numbers.__contains__, _CARDS):
            for at in _find(numbers, card):
                if at == 0 or data[at - 1] != _POINT or b"-" in card:
                    yield at
        for mark in filter(data.__contains__, _MARKS):
            yield from _find(data, mark)
        if self._ip_addresses:
            yield from (match.start() for match in _IPV4.finditer(numbers))
            if data.count(b":") > 1:
                yield from (match.start() for match in _IPV6.finditer(data))
            if b"%0" in data:
                yield from (match.start() for match in _IPV6_ENCODED.finditer(data))

    def _names(self, data: bytes) -> Iterator[int]:
        found = data.translate(_TO_WORDS).split()
        if self._harmless.issuperset(found):
            return
        sensitive = []
        for word in set(found) - self._harmless:
            if self._is_sensitive(word.decode()):
                sensitive.append(word)
            elif len(self._harmless) < _MAX_WORDS and len(word) <= 40:
                self._harmless.add(word)
        for word in sensitive:
            yield from _find(data, word)

    def _is_sensitive(self, word: str) -> bool:
        if word.lower() in _STATEMENTS or word in self._keys:
            return True
        parts = {word.lower(), *words(word)}
        parts |= {part.removesuffix("s") for part in parts}
        return not self._short.isdisjoint(parts) or any(part.endswith(self._long) for part in parts)


def _telling(field: tuple[str, ...]) -> str:
    """The word without which a text cannot hold ``field``."""
    for word in reversed(field):
        if word not in _COMMON:
            return word
    return field[-1]


def _split(data: bytes, texts: list[Any]) -> list[bytes]:
    """The forms of ``texts`` from ``data``, in which they are joined."""
    forms = data.split(b"\0")
    if len(forms) != len(texts):  # a separator stands within: there is nothing to be sure of
        forms = [text if type(text) is bytes else _form(text) for text in texts]
    return forms


def _form(text: str) -> bytes:
    return text.encode().translate(_TO_FORM)


def _find(data: bytes, part: bytes) -> Iterator[int]:
    """Where ``part`` begins in ``data``; one place in each text is enough."""
    at = data.find(part)
    while at >= 0:
        yield at
        end = data.find(b"\0", at + len(part))
        if end < 0:
            return
        at = data.find(part, end)


def _runs(data: bytes) -> Iterator[int]:
    """Where a long run of letters and digits begins that is no plain word."""
    runs = data.translate(_TO_RUNS)
    at = runs.find(_RUN)
    while at >= 0:
        end = runs.find(b" ", at)
        end = len(runs) if end < 0 else end
        run = data[at:end]
        if not _NO_TOKEN.fullmatch(run):
            yield at
        at = runs.find(_RUN, end)
