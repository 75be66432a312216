"""Secrets whose name stands before them without a separator, or in another place.

Options (``--password x``), Redis commands (``HSET 'k' 'password' 'x'``), SQL (``INSERT INTO t
(password) VALUES ('x')``), validation errors and reprs of pairs (``('password', 'x')``).
"""

import re
from collections.abc import Collection

from sentry_app.scrubbing.columns import INSERT, columns_of, parameters_of
from sentry_app.scrubbing.findings import Findings
from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.literals import QUOTE, elements, value_at
from sentry_app.scrubbing.texts import is_placeholder

_FLAG = re.compile(r"(?<![\w-])--?([A-Za-z][\w\-]{1,60})(?:\s{1,4}|(?:[\"'],\s?))(?=[^\s-])")
_AFTER_NAME = re.compile(
    rf"(?P<open>{QUOTE})?(?<![\w])(?=(?P<name>[^\W\d][\w.:\-]{{1,120}}))(?P=name)(?P<close>{QUOTE})?"
    rf"(?P<gap>\s{{0,2}},\s{{0,2}}|\s{{1,4}})(?=[bBuUrN]?{QUOTE})"
)
#: The parameters of a statement, as Django's log and SQLAlchemy's errors have them.
_PARAMETERS = re.compile(r"\b(?:args|params|parameters)(?:\s?=\s?|:\s?)(?=[\[(])[\[(]{1,2}", re.I)
#: ``add_argument("--password", default="x")``; ``setdefault("API_KEY", "x")``,
#: ``config("API_KEY", default="x")``.
_MAY_BE_BOUND = re.compile(r"arg|param|ARG|PARAM").search
_DEFAULT = re.compile(r"[\"']--?([A-Za-z][\w\-]{1,60})[\"'][^\n]{0,200}?\bdefault=(?=[\"'])")
_ARGUMENT = re.compile(
    r"\([\"'](?=([A-Za-z_][\w\-.]{1,60}))\1[\"'],\s?(?:default=)?(?=[\"'](?=[^\s\"']{0,80}\d)[^\s\"']{8,}[\"'])"
)
_FIELD = re.compile(
    r"[a-z_\-]{1,40}|[a-z]{2,20}(?:[A-Z][a-z]{1,20}){1,4}|(?:[A-Z]?[a-z]{1,20}-){1,5}[A-Za-z]{1,20}"
)
#: The values of migrations look random: ``("auth", "0001_initial")``.
_MIGRATION = re.compile(r"\d{4}_[a-z_0-9]{1,100}")
#: What a usage line calls the value of an option: ``[--token TOKEN]``.
_METAVAR = re.compile(r"[A-Z][A-Z_\-]{1,30}(?=[\s\])|,]|\Z)")
#: A name in JSON with letters as numbers, as ``json.dumps`` writes those of other alphabets.
_ESCAPED = re.compile(
    r"(?P<quote>\\{0,8}\")(?P<name>(?:[\w.\-]|\\{1,8}u[0-9a-fA-F]{4}){2,80})(?P=quote)\s?:\s?"
)
_LETTER = re.compile(r"\\+u([0-9a-fA-F]{4})")
#: The message of Django's fields: ``Field 'pin' expected a number but got '12x'``.
_EXPECTED = re.compile(r"\bField [\"'](\w{1,80})[\"'] expected \w{1,10} \w{1,20} but got (?=\S)")
#: What a query calls a literal: ``SELECT 'x' AS password``.
_ALIAS = re.compile(
    r"(?<![\w'])'(?P<secret>[^'\n]{3,400})'\s{1,4}AS\s{1,4}[\"`]?(?P<name>\w{1,60})", re.I
)
#: A validation error of Pydantic 2: the field on a line of its own, its value in the next.
_VALIDATED = re.compile(
    r"(?:^|\n)(?:[\w\[\]]{1,80}\.){0,8}([\w]{1,80})\n\s{1,4}[^\n]{0,400}?\binput_value="
)


class Statements:
    """Finds secrets by the name that stands before them."""

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys

    def scrub(self, text: str, found: Findings) -> str:
        """``text`` without the secrets in command lines, commands and statements."""
        if "-" in text:
            text = self._after(_FLAG, text, found, self._is_flag)
        if "\\u0" in text:
            text = self._after(_ESCAPED, text, found, self._is_escaped)
        if "but got " in text:
            text = self._after(_EXPECTED, text, found, self._is_flag)
        if "' AS " in text or "' as " in text:
            text = _ALIAS.sub(lambda match: self._alias(match, found), text)
        if "input_value=" in text:
            text = self._after(_VALIDATED, text, found, self._is_flag)
        if (
            " '" in text
            or ' "' in text
            or " b'" in text
            or " \\" in text
            or "','" in text
            or '","' in text
        ):
            text = self._after(_AFTER_NAME, text, found, self._is_named)
        if "'" in text and "(" in text:
            text = self._inserted(text, found)
        return self._bound(text, found) if _MAY_BE_BOUND(text) else text

    def scrub_source(self, line: str, found: Findings) -> str:
        """A line of source code: arguments that a literal before them calls secret."""
        if "default=" in line:
            line = self._after(_DEFAULT, line, found, self._is_flag)
        return self._after(_ARGUMENT, line, found, self._is_flag) if "," in line else line

    def _alias(self, match: re.Match[str], found: Findings) -> str:
        if match["name"] not in self._keys or is_placeholder(match["secret"]):
            return match[0]
        rest = match[0][match.end("secret") - match.start() :]
        return f"'{found.remove('key', match['secret'])}{rest}"

    def _is_flag(self, match: re.Match[str]) -> bool:
        return match[1] in self._keys and _METAVAR.match(match.string, match.end()) is None

    def _is_escaped(self, match: re.Match[str]) -> bool:
        name = _LETTER.sub(lambda letter: chr(int(letter[1], 16)), match["name"])
        return name != match["name"] and name in self._keys

    def _is_named(self, match: re.Match[str]) -> bool:
        if match["name"] not in self._keys:
            return False
        if (match["open"] is None) != (match["close"] is None):
            return False
        if "," in match["gap"]:
            # A pair only if it stands in brackets of its own.
            before = match.string[max(0, match.start() - 3) : match.start()].rstrip("bu ")
            return match["open"] is not None and before.endswith(("(", "["))
        return match["open"] is not None or match["name"].isupper() or "\n" not in match["gap"]

    def _after(
        self, pattern: re.Pattern[str], text: str, found: Findings, is_secret: object
    ) -> str:
        parts, done = [], 0
        for match in pattern.finditer(text):
            if match.end() < done or not is_secret(match):  # type: ignore[operator]
                continue
            span = value_at(text, match.end())
            if span is None or span.start == span.end or span.start < done:
                continue
            value = text[span.start : span.end]
            if not is_placeholder(value) and not self._is_name(match, value, span.end):
                parts += [text[done : span.start], found.remove("key", value)]
                done = span.end
        return "".join([*parts, text[done:]]) if parts else text

    def _is_name(self, match: re.Match[str], value: str, end: int) -> bool:
        """Whether what follows a name is one too, and no value."""
        if match.re is _AFTER_NAME:
            return _is_field(match, value, match.string, end)
        if match.re is _ARGUMENT:
            return value in self._keys or _MIGRATION.fullmatch(value) is not None
        return False

    def _inserted(self, text: str, found: Findings) -> str:
        """``INSERT INTO t (a, password) VALUES (1, 'x'), (2, 'y')``: by the place of the column."""
        match = INSERT.search(text)
        if match is None:
            return text
        columns = columns_of(match)
        secret = {index for index, column in enumerate(columns) if column in self._keys}
        return without(secret, len(columns), text, match.end(), found) if secret else text

    def _bound(self, text: str, found: Findings) -> str:
        """``UPDATE t SET password = %s; args=('x',)``: by the place of the placeholder."""
        match = _PARAMETERS.search(text)
        if match is None:
            return text
        parameters = parameters_of(text[: match.start()], self._keys)
        if not parameters.secret:
            return text
        return without(parameters.secret, parameters.number, text, match.end(), found)


def without(secret: Collection[int], count: int, text: str, start: int, found: Findings) -> str:
    """``text`` without those values from ``start`` on whose places, in rows of ``count``, are
    ``secret``.
    """
    parts, done = [], 0
    for place, span in enumerate(elements(text, start)):
        value = text[span.start : span.end]
        if place % count in secret and value and not is_placeholder(value):
            parts += [text[done : span.start], found.remove("key", value)]
            done = span.end
    return "".join([*parts, text[done:]])


def _is_field(match: re.Match[str], value: str, text: str, end: int) -> bool:
    """Whether this may be a list of names of fields, rather than a name and its value."""
    if "," in match["gap"]:
        is_pair = text[end + len(match["close"] or "") :].lstrip()[:1] in (")", "]")
        if not is_pair:
            return True
        before = text[: match.start()].rstrip("bu'\"\\ ")
        if before[-2:] in ("[(", "[[") or (
            before[-1:] in "([" and before[:-1].rstrip()[-1:] == ","
        ):
            return False
    return _FIELD.fullmatch(value) is not None or not any(map(str.isalnum, value))
