"""Card numbers and social security numbers.

Cards: ISO/IEC 7812 (the check digit) and the networks' published ranges and lengths. SSN: the
areas and groups that the Social Security Administration never assigns are left alone.
"""

import re

from sentry_app.scrubbing.findings import Findings

_CARD = re.compile(
    r"(?:(?<![\w.])(?<!\d[ -])|(?<=\\[nrt]))(?:"
    r"[3-6]\d{3}([ -])\d{4}\1\d{4}\1\d{1,7}"  # in groups of four
    r"|3[47]\d\d([ -])\d{6}\2\d{5}"  # American Express
    r"|3[0689]\d\d([ -])\d{6}\3\d{4}"  # Diners Club
    r"|[2-6]\d{12,18}"
    r")(?![\w]|[.-]\d)"
)
_GROUPED_MASTERCARD = re.compile(
    r"(?:(?<![\w.-])|(?<=\\[nrt]))2[2-7]\d\d([ -])\d{4}\1\d{4}\1\d{4}(?![\w]|[.-]\d)"
)
_NETWORKS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|2720\d{12}"
    r"|3[47]\d{13}|3(?:0[0-59]|[689]\d)\d{11,13}|(?:352[89]|35[3-8]\d)\d{12,15}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}|(?:50|5[6-9]|6[0-9])\d{14,17}"
)
#: Without dashes it might be anything, unless its name stands before it.
_NAMED_SSN = re.compile(
    r"\b(?:ssn|social security(?: number| no\.?)?)\b[^\d\n]{1,20}"
    r"(?P<secret>\d{3}[ ]?\d\d[ ]?\d{4})(?!\w)",
    re.I,
)
_SSN = re.compile(
    r"(?:(?<![\w-])|(?<=\\[nrt]))(?!000|666|9)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}(?![\w-]|\.\d)"
)
#: In ``200 51 1234`` of a log line blanks stand between any numbers; alone, or among a few words
#: that have nothing to do with requests and amounts, it is one.
_LONGEST_ALONE = 100
_ALONE = re.compile(
    r"b?['\"]?(?:(?!(?i:account|batch|code|get|head|id|in|invoice|item|line|lot|no|number|of|options|order"
    r"|page|part|patch|phone|post|put|ref|returned|room|row|status|tel|ticket|took|zip)\b)"
    r"[A-Za-z]{1,20}[:,]? ){0,4}"
    r"(?P<secret>(?!000|666|9)\d{3} (?!00)\d\d (?!0000)\d{4})"
    r"(?:[,.]? (?!(?:b|bytes|[km]b|items|ms|rows|s|sec|seconds|times)\b)[A-Za-z]{1,20}){0,4}"
    r"[.!]?['\"]?"
)


def scrub(text: str, found: Findings) -> str:
    """``text`` without card numbers and social security numbers."""
    if len(text) < 9:
        return text

    def card(match: re.Match[str]) -> str:
        return found.remove("card number") if is_card(match[0]) else match[0]

    text = _CARD.sub(card, text)
    text = _GROUPED_MASTERCARD.sub(card, text)
    if "-" in text:
        text = found.replace("ssn", _SSN, text)
    if len(text) <= _LONGEST_ALONE and _ALONE.fullmatch(text):
        text = found.replace("ssn", _ALONE, text)
    if " " in text and ("ssn" in text.lower() or "ocial" in text):
        text = found.replace("ssn", _NAMED_SSN, text)
    return text


def is_card(number: str) -> bool:
    """Whether ``number``, with or without separators, is in a card network's range and passes
    the Luhn test.
    """
    digits = number.replace(" ", "").replace("-", "")
    return _NETWORKS.fullmatch(digits) is not None and _passes_luhn(digits)


def _passes_luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
