"""Secrets in texts that stand after their name: ``password='x'``, ``"token": "x"``, ``pin => 1``.

One rule for log lines, query strings, form bodies, headers, JSON, reprs of dicts, dataclasses and
models, YAML, dotenv, GraphQL and SQL comparisons: a name, a separator, a value.
"""

import re

from sentry_app.scrubbing.findings import FILTERED, Findings
from sentry_app.scrubbing.keys import SecretKeys, is_name_of_resource, words
from sentry_app.scrubbing.literals import QUOTE, SCHEME, Span, value_at
from sentry_app.scrubbing.messages import RANDOM, are_complaints, is_complaint

_PAIR = re.compile(
    # The name, without backtracking into it; then what may close it, and a separator.
    rf"(?:(?<![\w%])|(?<=%[0-9A-Fa-f]{{2}}))(?=([^\W][\w.\-]{{0,80}}(?:\[[\w.\-]{{0,40}}\]){{0,4}}))\1(?P<close>(?:{QUOTE}|[\])*]|%5[dD])*)"
    r"(?P<sign>:\s?(?P<type>[A-Za-z_][\w.]{0,40})(?:\[[\w., ]{0,40}\])?\s=\s(?=[\"'`])"
    r"|\s{0,4}(?:=>|(?:[=!]==|[=!<>:]?=)(?!=)(?:%20)?|<>|:(?!:|//)\*{0,2}|::(?=\s)|\uff1a|->|&\#(?:61|x3d);)\s{0,4}"
    r"|\s{1,4}(?:not\s{1,4})?(?:(?:i?like|is)\s{1,4}(?=[\"'(])|in\s{1,4}(?=\()))",
    re.I,
)
#: Looked for first; most texts have none of them.
_SEPARATOR = re.compile(r"[=:\uff1a]|->|&#|(?i:like|in|is)\s+[\"'(]")

#: The second of two words that make a name: ``API Key: ...``.
_SECOND_WORDS = frozenset(
    {"card", "code", "hash", "id", "key", "number", "phrase", "string", "word"}
)
#: What is no secret after some words: ``next token: ...``.
_FIRST_WORDS = frozenset({"token"})
_WORD_BEFORE = re.compile(r"([A-Za-z]{2,20})[ ]\Z")

#: What stands for a value, or says that there is none.
_NO_SECRET = re.compile(
    r"%s|%d|%\(\w*\)[sd]|\?|[$:@]\w{0,40}|\$?\{(?!\w*\d\w{8})[\w.: ]*\}"
    r"|\{\{.*\}\}|\{%.*%\}|\[\]|\(\)|\*+|x+"
    r"|\.+|…|<\w*>|<[a-z]+(?:[_\- ][a-z]+)*>|your[_\-][a-z_\-]+"
    r"|\((?:\s{0,2}(?:%s|\?|[$:]\w{1,40}|%\(\w{1,40}\)s|null|default),?)+\s{0,2}\)"
    r"|[\[<(]?(?:redacted|removed|hidden|masked|scrubbed|sanitized|filtered)[\])>]?|default"
    r"|none|null|nil|undefined|true|false|[a-z]|\w+ object|empty|unset|blank|missing|required"
    r"|invalid|expired|unknown|optional|ok|yes|no|not|is|was|are|the|a|an|must|cannot|could|should|has|str|int|bytes|bool"
    r"|string|number|object|any|incorrect|wrong|rejected|accepted|denied|failed|failure|too|this|your|enter"
    r"|and|or|for|in|of|on|to|changed|updated|created|deleted|revoked|started|closed|opened|mismatch"
    r"|options?|arguments?|parameters?|flags?|fields?|instead"
    rf"|\(\s*select\b.*|n/a|-+|[\\]+|{re.escape(FILTERED)}",
    re.I,
)
_CODE = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)+(?:\(.*)?", re.S)
_CALL = re.compile(r"[A-Za-z_][\w.]*\(")
#: A value that is looked up in one of these stands in source code.
_LOOKUP = re.compile(
    r"(?:self|cls|settings|conf|config|request|os|env|environ|args|options|kwargs|form|app|user)"
    r"(?:\.[A-Za-z_]{1,60}){1,5}(?:[(\[].*)?"
    r"|redis\.p?call\(.*|(?:ARGV|KEYS)\[\d+\]",  # Lua within Redis
    re.S,
)
_LOWER = re.compile(r"[a-z]{1,12}")
#: ``config('API_KEY')``, ``data['pin']``
_BY_NAME = re.compile(r"[A-Za-z_][\w.]{0,60}[\[(]([\"'])(?P<name>[A-Za-z_]{1,60})\1[\])]?")
#: ``<Secret: blue-garden>`` is the repr of a model, and what its ``__str__`` says; a token has
#: digits.
_NAME_OF_OBJECT = re.compile(r"[A-Za-z]{1,30}(?:[ _\-][A-Za-z]{1,30}){0,5}")
_ANNOTATION = re.compile(r"[A-Za-z_.]{0,60}[A-Z][a-z]{1,40}(?:[A-Z][a-z]{1,40})*(?:\[.*\])?", re.S)
_WORDS_OF_SOURCE = re.compile(r"[A-Za-z_]{1,40}\d?(?:[ .\-][A-Za-z_]{1,40}){0,12}[.!?]?")
#: A line of a docstring rather than of YAML: ``password: Password for the key.``
_DESCRIPTION = re.compile(r"[A-Z][a-z]{1,20} (?:\D* )?(?:an?|for|if|in|is|not|of|or|the|to) \D*")
#: What AWS names: after ``secret`` stands which one it is.
_ARN = re.compile(r"(?<!\w)arn:[\w:\-]{1,90}:\Z")
#: A line of a log rather than of YAML: ``api_key: undefined at start``.
_NOTHING = re.compile(r"(?:none|null|nil|undefined|unset|missing)\s", re.I)
#: Names whose value may be a plain word.
_PASSWORDS = frozenset(
    {"password", "passwd", "pwd", "pw", "pass", "passphrase", "passcode", "secret"}
)
_TYPE = re.compile(r"(?:str|int|bytes|Optional(?:\[.*\])?|[A-Z][a-z]+!?)(?:\s*\|.*)?")

#: So often a text is looked through for values that then stay; after that they go.
_PATIENCE = 20
#: So short, what has no letter or digit is punctuation (``"; ".join``), and no secret.
_SHORT = 4
#: A field of a template: ``f"{user}:{password}"``.
_FIELD = re.compile(
    r"\{(?:\d{1,2}|[A-Za-z_.]{1,60}\d{0,2})?(?:\[[A-Za-z_'\d]{1,20}\])?(?:\(\))?(?:![rsa])?\}"
    r"|%(?:\(\w{1,40}\))?[sdr]"
)
#: A shorter number is no token, but the number of one (``token:42``).
_SHORTEST_NUMBER = 6
_NUMBERED = frozenset({"auth", "cookie", "csrf", "jwt", "key", "session", "token"})
#: Letters before a name in YAML.
_DEEPEST = 200
#: Names whose bare value has several words.
_LINES = frozenset({"authorization", "cookie", "cookies"})


class Pairs:
    """Finds the values of secret names in texts."""

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys

    def scrub(self, text: str, found: Findings, quoted_only: bool = False) -> str:
        """``text`` without the values of secret names; only quoted ones if ``quoted_only``."""
        if not _SEPARATOR.search(text):
            return text
        parts, done = [], 0
        patience = _PATIENCE * len(text)
        for match in _PAIR.finditer(text):
            if match.start() < done or not self._is_secret(match, text):
                continue
            span = _value(match, text)
            if span is None or span.start == span.end:
                continue
            patience -= span.end - span.start
            if patience < 0 or self._goes(match, span, text, quoted_only):
                parts += [text[done : span.start], found.remove("key", text[span.start : span.end])]
                done = span.end
        return "".join([*parts, text[done:]]) if parts else text

    def _is_secret(self, match: re.Match[str], text: str) -> bool:
        name = match[1]
        is_secret = name in self._keys or (match["type"] or "") in self._keys
        if name.lower() not in (_FIRST_WORDS if is_secret else _SECOND_WORDS):
            return is_secret
        before = _WORD_BEFORE.search(text, max(0, match.start() - 22), match.start())
        return is_secret if before is None else f"{before[1]}_{name}" in self._keys

    def _goes(self, match: re.Match[str], span: Span, text: str, quoted_only: bool) -> bool:
        """Whether what stands at ``span`` is a value, rather than code, prose or nothing."""
        if quoted_only and not _is_in_source(match, span, text):
            return False
        if ")" in match["close"] and span.kind == "word":
            return False
        if match["sign"] == ":" and _ARN.search(text, max(0, match.start() - 100), match.start()):
            return False
        value = text[span.start : span.end]
        if text[match.start() - 1 : match.start()] == "<" and _NAME_OF_OBJECT.fullmatch(value):
            return False
        if span.kind != "quoted" and (_is_code(match, value) or self._is_prose(match, value)):
            return False
        if quoted_only and _is_word_of_source(match, value):
            return False
        if is_name_of_resource(match[1], value):
            return False
        is_message = is_complaint if span.kind == "quoted" else are_complaints
        return not (is_placeholder(value) or is_message(value))

    def _is_prose(self, match: re.Match[str], value: str) -> bool:
        """Whether a bare ``value`` is a word of prose, a count, or the name of a variable."""
        name = words(match[1])
        if _NOTHING.match(value):
            return True
        if name[-1:] == ("tokens",) or (name == ("pass",) and ":" in match["sign"]):
            return value.isdecimal()
        if value.isdecimal() and len(value) < (4 if name == ("pass",) else 2):
            return True  # ``pass: 12``, and the cache's ``session:1``
        if value.isdecimal() and name == ("id",):
            return True  # ``session ID: 12`` of a conference
        if value.isdecimal() and name[-1] in _NUMBERED and len(value) < _SHORTEST_NUMBER:
            return True
        looked_up = _BY_NAME.fullmatch(value)
        name_there = looked_up["name"] if looked_up else value
        if value == match[1] or _DESCRIPTION.fullmatch(value):
            return True
        if (
            match["sign"] in (" = ", ": ")
            and name_there.isidentifier()
            and name_there in self._keys
        ):
            return True
        return _LOWER.fullmatch(value) is not None and _PASSWORDS.isdisjoint(name)


def _value(match: re.Match[str], text: str) -> Span | None:
    is_line = bool(_LINES.intersection(words(match[1])[-1:])) or _is_line_of_yaml(match, text)
    return value_at(text, match.end(), is_line)


def is_placeholder(value: str) -> bool:
    """Whether ``value`` stands for one, or says that there is none."""
    scheme = SCHEME.match(f"{value} -")
    if scheme:
        return is_placeholder(value[scheme.end() :]) if scheme.end() < len(value) else True
    if _NO_SECRET.fullmatch(value):
        return True
    if len(value) > _SHORT and not _FIELD.search(value):
        return False
    return not any(map(str.isalnum, _FIELD.sub("", value)))


def _is_in_source(match: re.Match[str], span: Span, text: str) -> bool:
    """Whether this is a literal, or something random within one."""
    if span.kind == "quoted":
        return text[match.start() - 1 : match.start()] not in ("?", "&")
    before = text[: match.start()]
    is_within = before.count("'") % 2 == 1 or before.count('"') % 2 == 1
    return is_within and RANDOM.fullmatch(text[span.start : span.end]) is not None


def _is_word_of_source(match: re.Match[str], value: str) -> bool:
    """Whether a literal is a type, or a plain word for what is no password: source has many of
    them (``token == "COLLATE"``, ``salt="django.core.signing"``).
    """
    if ":" in match["sign"] and _ANNOTATION.fullmatch(value):
        return True
    is_password = not _PASSWORDS.isdisjoint(words(match[1]))
    return not is_password and _WORDS_OF_SOURCE.fullmatch(_FIELD.sub("", value)) is not None


def _is_code(match: re.Match[str], value: str) -> bool:
    """Whether this is an assignment or annotation in source code, and no value at all."""
    if _LOOKUP.fullmatch(value):
        return True
    if " " not in match["sign"]:
        return False
    if _CALL.match(value) and '"' not in value and "'" not in value:
        return True
    if _CODE.fullmatch(value) and not any(map(str.isdigit, value)):
        return True
    return ":" in match["sign"] and _TYPE.fullmatch(value) is not None


def _is_line_of_yaml(match: re.Match[str], text: str) -> bool:
    """Whether the pair is a line of its own among others, so that its value may have spaces."""
    if ": " not in match["sign"] or "\n" not in text:
        return False
    first = max(0, match.start() - _DEEPEST)
    start = text.rfind("\n", first, match.start())
    return (start >= 0 or first == 0) and not text[start + 1 : match.start()].strip(" -\t")
