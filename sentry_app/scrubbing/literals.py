"""Where a value ends that stands in a text: a quoted literal, a container, or a bare word.

Every scan is linear; a literal or a container that was cut off reaches to the end of the text.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

#: The end of a line, also as the repr of a text writes it.
LINE_END = r"(?:\r?\n|(?:\\r)?\\n)"
#: A quotation mark, as it is written in a text within a text too: ``\\"``, ``&quot;``,
#: ``\\u0022`` (Django's ``escapejs``).
QUOTE = r"(?:\\{0,16}(?:[\"'`]|u002[27])|&(?:amp;)?(?:quot|apos|\#x27|\#39|\#34);)"

_OPENING = re.compile(rf"(?:[bBrRuUfF]{{1,2}}|@|N)?(?P<quote>{QUOTE})")
_PLAIN = {
    # A quotation mark within is escaped, or doubled as in SQL.
    quote: re.compile(rf"[^{quote}\\]*(?:(?:\\.|{quote}{quote})[^{quote}\\]*)*", re.S)
    for quote in ("'", '"', "`")
}
#: A quotation mark within a literal of JSON, of which this is the repr.
_ESCAPED_TWICE = re.compile(r"\\\\[\"'`](?=[^\s,:;)\]}\"'])")
_CONTAINER = re.compile(r"(?:[A-Za-z_][\w.]{0,60})?[\[({]")
_BRACKETS = re.compile(r"[\[\](){}\"']")
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_REPR = re.compile(r"<[A-Za-z_][\w.]*[^<>]{0,2000}(?:>|\Z)")
_WORD = re.compile(r"(?:[^\s&;\"'`<>,]|,(?![\s\"']|\Z|[\w.\-]+\s?[=:])|[\"'](?=[\w!#$%*+.@]))+")
_LINE = re.compile(
    r"(?:[^\r\n\"'`<>\\]|(?<==)\"[^\r\n\"]*\"|(?<==)'[^\r\n']*')+"  # cookies may be quoted
)
#: What may stand before a credential (RFC 7235).
SCHEME = re.compile(
    r"(?:Bearer|Basic|Token|JWT|Digest|Negotiate|NTLM|ApiKey|Api-Key|Bot|DPoP|OAuth|Key|Splunk|"
    r"GenieKey|SSWS|AWS4-HMAC-SHA256|Signature|Hawk|MAC)(?:\s+|%20|\+)(?=\S)",
    re.I,
)
#: The parameters of Digest and AWS4-HMAC-SHA256.
_PARAMETERS = re.compile(r"(?:[\w\-]+=(?:\\*\"[^\"\\]*\\*\"|[^\s,\"'\\]+)(?:,\s*)?)+")
#: A text of several lines in YAML.
_BLOCK = re.compile(r"[|>][+-]?[ ]*\r?\n(?:[ \t]+[^\n]*(?:\n|\Z))+")

_BETWEEN = re.compile(r"['\"`]?\s*(?:\)\s*,\s*\(|,)?\s*")


class Span(NamedTuple):
    """A value in a text: the text between ``start`` and ``end``; ``kind`` says what it is."""

    start: int
    end: int
    kind: str  # quoted, container, word


def value_at(text: str, start: int, whole_line: bool = False) -> Span | None:
    """The value that begins at ``start``, or None if there is none.

    ``whole_line`` says that a bare value has words: it reaches to the end of the line.
    """
    opening = _OPENING.match(text, start)
    if opening:
        return Span(opening.end(), _literal_end(text, opening), "quoted")
    if _CONTAINER.match(text, start):
        return Span(start, _container_end(text, start), "container")
    found = _REPR.match(text, start)
    if found:
        return Span(start, found.end(), "container")
    block = _BLOCK.match(text, start)
    if block:
        return Span(start, block.end(), "container")
    scheme = SCHEME.match(text, start)
    parameters = _PARAMETERS.match(text, scheme.end()) if scheme else None
    if parameters:
        return Span(start, parameters.end(), "word")
    pattern = _LINE if whole_line else _WORD
    found = pattern.match(text, scheme.end() if scheme and pattern is _WORD else start)
    if not found:
        return None
    return Span(start, start + len(_without_end(text[start : found.end()])), "word")


def elements(text: str, start: int) -> Iterator[Span]:
    """The values between commas from ``start`` on, row after row of them."""
    while start < len(text):
        span = value_at(text, start)
        if span is None or span.end <= start:
            return
        yield span
        between = _BETWEEN.match(text, span.end)
        start = between.end() if between else span.end


def _literal_end(text: str, opening: re.Match[str]) -> int:
    quote = opening["quote"]
    plain = _PLAIN.get(quote)
    if plain is not None:
        if text.startswith(quote * 2, opening.end()):  # a triple quotation mark
            end = text.find(quote * 3, opening.end() + 2)
            return len(text) if end < 0 else end
        end = opening.end()
        while found := plain.match(text, end):
            end = found.end()
            if not _ESCAPED_TWICE.match(text, end - 2):
                break
            end += 1
        return end
    end = opening.end()
    while True:
        end = text.find(quote, end)
        if end < 0:
            return len(text)
        if quote[0] != "\\" or text[end - 1] != "\\":
            return end
        end += len(quote)


def _container_end(text: str, start: int) -> int:  # noqa: C901
    open_ones: list[str] = []
    quote = ""
    for bracket in _BRACKETS.finditer(text, start):
        sign = bracket[0]
        if sign in "\"'":
            if not quote:
                quote = sign
            elif quote == sign and text[bracket.start() - 1] != "\\":
                quote = ""
        elif quote:
            continue
        elif sign in _CLOSING:
            open_ones.append(_CLOSING[sign])
        elif open_ones and sign == open_ones[-1]:
            open_ones.pop()
            if not open_ones:
                return bracket.end()
    return len(text)


def _without_end(word: str) -> str:
    """``word`` without the punctuation of the sentence or call that it stands in."""
    while word and word[-1] in ")]}.,:\\!?\"'" and not word.endswith("[Filtered]"):
        opening = {")": "(", "]": "[", "}": "{"}.get(word[-1])
        if opening and opening in word:
            break
        if word[-1] in "!?" and len(word) > 1 and any(map(str.isdigit, word)):
            break
        word = word[:-1]
    return word
