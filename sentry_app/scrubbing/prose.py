"""Secrets in sentences: ``Your API key is: x``, ``wrong token x``, ``PIN 1234``, ``password - x``.

A sentence is no notation, so the value has to look like one that a machine or a careful user made:
letters and digits mixed. Numbers alone are taken after the names of codes only.
"""

import re

from sentry_app.scrubbing.findings import Findings
from sentry_app.scrubbing.keys import SecretKeys, is_name_of_resource, words

#: What may be a value: a word with a digit in it.
_VALUE = re.compile(
    r"(?<![^\s\"'`(|:])(?=[^\s\d]{0,60}\d)[^\s\"'`<>()\[\]{},;:|&=]{3,200}(?![^\s\"'`)\],;.!?|])"
)
#: The words before it, and what leads from them to it.
_LEAD = re.compile(
    r"(?<![\w.\-/])([A-Za-z][\w\-]{1,40}(?: [A-Za-z\d][\w\-]{0,40}){0,4})"
    r"(\s?[:|\t\-\u2013\u2014]\s?[\"'`]?|\s[\"'`(]?)\Z"
)
#: A code that stands before its name.
_CODE_FIRST = re.compile(
    r"(?<![\w.\-])(?P<secret>\d{4,8})\sis your\s(?:[\w\-]{1,20}\s){0,4}?"
    r"(?:code|otp|pin|passcode)\b",
    re.I,
)
#: A code, and what it is for.
_CODE_USED = re.compile(
    r"\b(?:use|enter) (?:the |this )?code:? (?P<secret>\d{4,8}) (?:to|for) "
    r"(?:sign|log|verif|confirm|complet|reset|authenticat|activat)",
    re.I,
)
_CODE_ALONE = re.compile(r"\byour code is:? (?P<secret>\d{4,8})(?=[.,;!?]\s|[.!?\s\"']*\Z)", re.I)
#: Whose it is: ``the password for ann is x``.
_WHOSE = re.compile(
    r"(?<=[A-Za-z]) (?:for|of) (?:the )?(?:account |card |order |user )?[\w.@\-]{1,40}"
    r"(?= (?:is|was|are)\b)",
    re.I,
)
#: What makes the word after ``to`` a value: ``changed password to x``.
_SET = re.compile(r"(?<!\w)(?:set|chang|updat|reset|rotat)(?:e|ed|es|s|ing|ting)? ", re.I)
_SET_TO = frozenset({"passcode", "passphrase", "passwd", "password", "pin", "pwd"})
#: A secret that stands before its name: ``x was the password``; and what may stand behind that.
_NAMED_LATER = re.compile(
    r"(?<![^\s\"'`(])(?P<secret>[^\s\"'`<>()\[\]{},;:|&=]{8,100})[\"'`]? (?:is|was) "
    r"(?:the|my|our|your|their) (?P<name>(?:[A-Za-z]{2,20} ){0,2}?[A-Za-z]{3,20})"
    r"(?=[.,;!?)]|\s*\Z|\r?\n|\\n| (?:and|but|for|from|i|in|of|on|that|we|which|you)\b)",
    re.I,
)
_NAMES_LATER = _SET_TO | {"key", "secret", "token"}
_NAME_OF_CLASS = re.compile(r"(?:[A-Z][a-z]+\d?){2,}[A-Z]?\d{0,2}")
_LINKS = frozenset("are as given is of provided received sent used value was".split())  # noqa: SIM905
_LONGEST_LEAD = 80

_CODES = frozenset({"code", "cvc", "cvv", "number", "otp", "passcode", "pin"})
_CODE = re.compile(r"\d{4,8}")
_SHORT_CODE = re.compile(r"\d{3,4}")
_PATH = re.compile(r"[./\\]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Prose:
    """Finds the values of secret names in sentences."""

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys

    def scrub(self, text: str, found: Findings) -> str:
        """``text`` without what looks like a secret after the name of one."""
        parts, done = [], 0
        for match in _VALUE.finditer(text):
            value = match[0].rstrip(".!?-")
            if value and self._is_secret(value, text, match.start()):
                parts += [text[done : match.start()], found.remove("key", value)]
                done = match.start() + len(value)
        text = "".join([*parts, text[done:]]) if parts else text
        if " is " in text or " was " in text:
            text = _NAMED_LATER.sub(lambda match: self._later(match, found), text)
        text = found.replace("key", _CODE_FIRST, text) if " is your " in text else text
        if " code" in text:
            text = found.replace("key", _CODE_ALONE, found.replace("key", _CODE_USED, text))
        return text

    def _later(self, match: re.Match[str], found: Findings) -> str:
        """What is left of ``match``; what may be a word of the sentence stays."""
        value, name = match["secret"], match["name"].replace(" ", "_")
        last = words(name)[-1]
        if (
            last not in _NAMES_LATER
            or name not in self._keys
            or not any(map(str.isdigit, value))
            or _NAME_OF_CLASS.fullmatch(value)
            or not _fits(value, last, False)
        ):
            return match[0]
        return found.remove("key", value) + match[0][len(value) :]

    def _is_secret(self, value: str, text: str, start: int) -> bool:
        lead = _LEAD.search(text, max(0, start - _LONGEST_LEAD), start)
        if lead is None:
            return False
        before = _WHOSE.sub("", lead[1]).split(" ")
        linked = len(before)
        is_set = before[-1] == "to" and _SET.match(lead[1]) is not None
        if is_set:
            before.pop()
            linked = len(before)
        while before and before[-1].lower() in _LINKS:
            before.pop()
        is_linked = len(before) < linked or lead[2].strip() != ""
        for count in range(1, min(len(before), 3) + 1):
            name = "_".join(before[-count:])
            if name in self._keys and not is_name_of_resource(name, value):
                last = words(name)[-1]
                return _fits(value, last, is_linked or (is_set and last in _SET_TO))
        return False


def _fits(value: str, name: str, is_linked: bool) -> bool:
    """Whether ``value`` may be what ``name`` says, and no word of the sentence."""
    if value.isdecimal():
        pattern = _SHORT_CODE if name in ("cvv", "cvc") else _CODE
        return name in _CODES and pattern.fullmatch(value) is not None
    if _PATH.search(value) or not any(map(str.isalpha, value)):
        return False
    if is_linked:
        return len(value) >= 6
    if len(value) < 8 or _UUID.fullmatch(value):
        return False
    is_mixed = not value.islower() and not value.isupper()
    return is_mixed or (len(value) >= 16 and value.isalnum())
