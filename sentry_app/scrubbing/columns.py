"""SQL with placeholders: which of its parameters are secret, by the columns that they are for.

The placeholders are those of PEP 249's ``format``, ``qmark`` and ``numeric``, and PostgreSQL's own
``$1``. Parameters with names need none of this: they have keys.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.literals import elements

INSERT = re.compile(
    r"\binto\s+[^\s(]+\s*\(([^()]{1,4000})\)\s*(?:overriding \w+ \w+ )?values\s*\(", re.I
)
_STATEMENT = re.compile(r"\b(?:select|insert|update|delete|replace|merge)\s", re.I)
#: A statement has one style; what looks like another stands in its literals (``'12:30'``).
_STYLES = (
    ("%s", re.compile("%s")),
    ("?", re.compile(r"\?")),
    ("$1", re.compile(r"\$(?P<number>\d{1,4})")),
    (":1", re.compile(r"(?<![:\w]):(?P<number>\d{1,4})\b")),
)
#: With a name, which need not be that of the column.
_NAMED = re.compile(r"%\((?P<python>\w{1,60})\)s|(?<![:\w]):(?P<colon>[A-Za-z]\w{0,60})\b")
_COLUMN_BEFORE = re.compile(
    r"(?<!\w)([A-Za-z_]\w{0,60})[\"`\]]?\s{0,4}(?:[<>!]?=|<>|\b(?:not\s)?i?like\b"
    r"|\bin\s?\((?:[\s%s?$\d:]{1,4},){0,10})\s{0,4}(?:\w{1,30}\()?\Z",
    re.I,
)
_LONGEST_LEAD = 140
_LONGEST = 10_000
_MOST = 300


class Parameters(NamedTuple):
    """``secret`` are the places of secret ones, ``names`` their names if they have any; ``number``
    is that of all.
    """

    secret: frozenset[int]
    number: int
    names: frozenset[str] = frozenset()


Inserted = tuple[int, int, str]

NO_PARAMETERS = Parameters(frozenset(), 0)


def parameters_of(sql: str, keys: SecretKeys) -> Parameters:
    """The parameters of the statement ``sql``; it may stand in a text."""
    for needle, placeholder in _STYLES:
        if needle in sql:
            statement = _STATEMENT.search(sql, 0, _LONGEST)
            if statement is None:
                break
            marks = placeholder.finditer(sql, statement.start(), _LONGEST)
            return _parameters(sql[:_LONGEST], islice(marks, _MOST), keys)
    return _named(sql[:_LONGEST], keys) if "%(" in sql or "= :" in sql else NO_PARAMETERS


def _named(sql: str, keys: SecretKeys) -> Parameters:
    """The parameters with names; those that are called secret themselves too."""
    if not _STATEMENT.search(sql):
        return NO_PARAMETERS
    inserted = list(_inserted(sql))
    names = {
        mark["python"] or mark["colon"]
        for mark in islice(_NAMED.finditer(sql), _MOST)
        if _column(mark.start(), sql, inserted) in keys
    }
    return Parameters(frozenset(), 0, frozenset(names))


def _parameters(sql: str, marks: Iterable[re.Match[str]], keys: SecretKeys) -> Parameters:
    numbers: set[int] = set()
    secret: set[int] = set()
    inserted = list(_inserted(sql))
    for place, mark in enumerate(marks):
        number = int(mark["number"]) - 1 if mark.re.groups else place
        numbers.add(number)
        if _column(mark.start(), sql, inserted) in keys:
            secret.add(number)
    return Parameters(frozenset(secret), len(numbers))


def _column(at: int, sql: str, inserted: list[Inserted]) -> str | None:
    """The column that the placeholder ``at`` this place is for."""
    place = bisect_right(inserted, at, key=itemgetter(0)) - 1
    if place >= 0 and at < inserted[place][1]:
        return inserted[place][2]
    before = _COLUMN_BEFORE.search(sql, max(0, at - _LONGEST_LEAD), at)
    return before[1] if before else None


def _inserted(sql: str) -> Iterator[Inserted]:
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
