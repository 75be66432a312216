"""SQL with placeholders: which of its parameters are secret, by the columns that they are for.

The placeholders are those of PEP 249's ``format``, ``qmark`` and ``numeric``, and PostgreSQL's own
``$1``. Parameters with names need none of this: they have keys.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.literals import elements

INSERT = re.compile(
    r"\binto\s+[^\s(]+\s*\(([^()]{1,4000})\)\s*(?:overriding \w+ \w+ )?values\s*\(", re.I
)
_STATEMENT = re.compile(r"\b(?:select|insert|update|delete|replace|merge)\s", re.I)
_PLACEHOLDER = re.compile(r"%s|\?|\$(\d{1,4})|(?<!:):(\d{1,4})\b")
_COLUMN_BEFORE = re.compile(
    r"(?<!\w)([A-Za-z_]\w{0,60})[\"`\]]?\s{0,4}(?:[<>!]?=|<>|\b(?:not\s)?i?like\b"
    r"|\bin\s?\((?:[\s%s?$\d:]{1,4},){0,10})\s{0,4}(?:\w{1,30}\()?\Z",
    re.I,
)
_LONGEST_LEAD = 140
_LONGEST = 10_000
_MOST = 300


class Parameters(NamedTuple):
    """``secret`` are the places of secret ones; ``number`` is that of all."""

    secret: frozenset[int]
    number: int


NO_PARAMETERS = Parameters(frozenset(), 0)


def parameters_of(sql: str, keys: SecretKeys) -> Parameters:
    """The parameters of the statement ``sql``; it may stand in a text."""
    if "%s" in sql or "?" in sql or "$1" in sql or ":1" in sql:
        statement = _STATEMENT.search(sql, 0, _LONGEST)
        if statement is not None:
            return _parameters(sql[:_LONGEST], statement.start(), keys)
    return NO_PARAMETERS


def _parameters(sql: str, start: int, keys: SecretKeys) -> Parameters:
    numbers: set[int] = set()
    secret: set[int] = set()
    inserted = list(_inserted(sql))
    starts = [start for start, _, _ in inserted]
    for place, mark in enumerate(_PLACEHOLDER.finditer(sql, start)):
        if place >= _MOST:
            break
        number = int(mark[1] or mark[2]) - 1 if mark[1] or mark[2] else place
        numbers.add(number)
        at = bisect_right(starts, mark.start()) - 1
        if at >= 0 and mark.start() < inserted[at][1]:
            column = inserted[at][2]
        else:
            before = _COLUMN_BEFORE.search(sql, max(0, mark.start() - _LONGEST_LEAD), mark.start())
            column = before[1] if before else ""
        if column in keys:
            secret.add(number)
    return Parameters(frozenset(secret), len(numbers))


def _inserted(sql: str) -> Iterator[tuple[int, int, str]]:
    """From where to where the values of an INSERT stand, and the column of each."""
    match = INSERT.search(sql)
    if match is not None:
        columns = columns_of(match)
        # A question mark at the end of a word would be one of the sentence.
        for place, span in enumerate(elements(sql.replace("?", "x"), match.end())):
            yield span.start, span.end, columns[place % len(columns)]


def columns_of(match: re.Match[str]) -> list[str]:
    """The names of the columns in a match of ``INSERT``."""
    return [column.strip(' "`[]\n\t') for column in match[1].split(",")]
