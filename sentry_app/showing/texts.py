"""Long texts, cut so that no half of a secret is left over, and what stands for an object."""

import re

#: A token is no longer; it goes as a whole, for half of one is not recognised as a secret.
_LONGEST_TOKEN = 4_096
_SEPARATOR = re.compile(r"[\s,;]")


class Told:
    """Stands for an object, with what that said of itself."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def head(text: str, limit: int) -> str:
    """The first ``limit`` characters of ``text`` at most, without a word that would be halved."""
    if len(text) <= limit:
        return text
    start = max(0, limit - _LONGEST_TOKEN)
    ends = [match.end() for match in _SEPARATOR.finditer(text, start, limit)]
    return text[: ends[-1] if ends else limit]


def cut(text: str, limit: int) -> str:
    """``text``, or its head and how long it was.

    >>> cut("a b c", 4)
    'a b ... <5 characters>'
    """
    if len(text) <= limit:
        return text
    return f"{head(text, limit)}... <{len(text):,} characters>"
