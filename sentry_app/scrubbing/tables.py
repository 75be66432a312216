"""Secrets in tables: a line of names, and lines of as many values below it.

CSV (RFC 4180) with commas, semicolons or tabs, and what the shells of databases print, with bars.
In the repr of a text, the end of a line is written out.
"""

import re
from collections.abc import Iterator

from sentry_app.scrubbing.findings import Findings
from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.literals import LINE_END
from sentry_app.scrubbing.texts import is_placeholder

#: Between two cells.
_MARK = r"[,;\t]|\\t| {0,30}\| {0,30}"
_NAME = r"[\"']?[A-Za-z_][\w.\-]{0,60}[\"']?"
_HEADER = re.compile(
    rf"(?:^|(?<=\n)|(?<=\\n)|(?<=['\"])) {{0,4}}(?:\| )?{_NAME}"
    rf"(?P<mark>{_MARK}){_NAME}(?:(?:{_MARK}){_NAME}){{0,60}} {{0,30}}\|?(?P<end>{LINE_END})"
)
_LINE = re.compile(rf"(?P<row>[^\r\n]*?)(?:{LINE_END}|['\"]?\Z)")
_RULE = re.compile(r"[-+|:= ]+")
_BLANK = " \"'"
_SHORTEST = 3
_WORD = re.compile(r"[A-Z]?[a-z]*(?:[ _-][A-Za-z]*)*")


def scrub(text: str, found: Findings, keys: SecretKeys) -> str:
    """``text`` without the values below secret names."""
    parts, done, at = [], 0, 0
    while header := _HEADER.search(text, at):
        mark = header["mark"].strip(" ")
        line = text[header.start() : header.start("end")]
        names = [name.strip(_BLANK) for name in line.split(mark)]
        secret = {place for place, name in enumerate(names) if name in keys}
        at = header.end()
        for row, cells in _rows(text, header.end(), mark, len(names)) if secret else ():
            for start, end in _values(cells, row, len(mark), secret):
                parts += [text[done:start], found.remove("key", text[start:end])]
                done = end
            at = row
    return "".join([*parts, text[done:]]) if parts else text


def _rows(text: str, at: int, mark: str, number: int) -> Iterator[tuple[int, list[str]]]:
    """Where the rows begin ``at`` or behind it, and their ``number`` of cells."""
    while line := _LINE.match(text, at):
        cells = line["row"].split(mark)
        is_sentence = mark in ",;" and any(cell.startswith(" ") for cell in cells)
        if len(cells) == number and not is_sentence:
            yield at, cells
        elif not _RULE.fullmatch(line["row"]):
            return
        if line.end() == at:
            return
        at = line.end()


def _values(cells: list[str], at: int, gap: int, secret: set[int]) -> Iterator[tuple[int, int]]:
    for place, cell in enumerate(cells):
        value = cell.strip(_BLANK)
        if place in secret and _is_value(value):
            start = at + cell.index(value)
            yield start, start + len(value)
        at += len(cell) + gap


def _is_value(value: str) -> bool:
    """Whether ``value`` is no word, so that this is no list of names below another."""
    return len(value) >= _SHORTEST and not _WORD.fullmatch(value) and not is_placeholder(value)
