"""Which of many texts have to be looked at: a cheap test over all of them at once.

A rule by name needs a sensitive word in the text, a rule by form a long run of letters and digits,
a card's digits, or one of a few marks. Both are asked of the joined texts with ``translate``,
``split`` and ``find``, which cost a fraction of a regular expression. What is not ASCII is always
looked at.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from sentry_app.scrubbing.keys import SecretKeys, words

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
    ord("0") if sign in _DIGITS else ord("-") if sign in b" -" else sign for sign in _ALL
)
_RUN = b"a" * 16
_POINT = ord(".")
#: Words, constants, UUIDs, plain numbers, and hexadecimal ids that are no printable text.
_NO_TOKEN = re.compile(
    rb"[a-z_-]+|[A-Z]+_[A-Z_]+|(?!(?:[2-7][0-9a-f]|0[9ad]){12,}\Z)[0-9a-f]+"
    rb"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_CARDS = (b"0" * 13, b"0000-0000-0000", b"0000-000000-0000", b"000-00-0000")

#: Marks of a form, whatever stands around it. Those in lower case stand for both cases.
_MARKS = (
    b"@", b"%40", b"-----", b"eyJ", b"$", b"earer ", b"EARER ", b"asic ", b"ASIC ", b"#64;",
    b"AGE-SECRET", b"django-insecure", b"/webhook", b"hooks.slack",
    b"{SSHA", b"{SHA", b"{MD5", b"{SMD5", b"{CRYPT",
)  # fmt: skip
_IPV4 = re.compile(rb"\.0{1,3}\.0{1,3}\.0")
_IPV6 = re.compile(rb":(?::[0-9a-fA-F]|(?:[0-9A-Fa-f]{0,4}:){3})")

#: Words that say too little: the one before them in a field decides.
_COMMON = frozenset({"answer", "code", "data", "id", "no", "number", "phrase", "string"})
#: Words that make a statement with a secret (see ``statements.py``), or the name of one.
_STATEMENTS = frozenset(
    {"identified", "mysql", "mysqldump", "sshpass", "redis", "curl", "into", "insert"}
)
_MAX_WORDS = 50_000


class Triage:
    """Remembers which words are harmless."""

    def __init__(self, keys: SecretKeys, *, ip_addresses: bool) -> None:
        self._keys = keys
        ends = {_telling(field) for field in keys.fields if field}
        self._short = frozenset(end for end in ends if len(end) < 5)
        self._long = tuple(end for end in ends if len(end) >= 5)
        self._harmless: set[bytes] = set()
        self._ip_addresses = ip_addresses

    def suspects(self, texts: list[str], joined: str) -> set[str]:
        """Those of ``texts`` that may hold a secret; ``joined`` is all of them, by lines."""
        data = joined.encode("ascii", "replace")
        positions = set(self._positions(data, joined))
        if not positions:
            return set()
        ends = list(accumulate(len(text) + 1 for text in texts))
        return {texts[min(bisect_right(ends, at), len(texts) - 1)] for at in positions}

    def _positions(self, data: bytes, joined: str) -> Iterator[int]:
        if not joined.isascii():
            yield from (match.start() for match in re.finditer(r"[^\x00-\x7f]+", joined))
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


def _find(data: bytes, part: bytes) -> Iterator[int]:
    """Where ``part`` begins in ``data``; one place in each line is enough."""
    at = data.find(part)
    while at >= 0:
        yield at
        line = data.find(b"\n", at + len(part))
        if line < 0:
            return
        at = data.find(part, line)


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
