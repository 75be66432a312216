"""Secrets at a place that the command around them gives: no name stands before them.

Command lines (the manuals of the programs say which option takes a password), SQL (``IDENTIFIED
BY``, ``SET PASSWORD``, functions that take a key), and the commands of Redis, IMAP and SMTP.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sentry_app.scrubbing.findings import FILTERED, Findings
from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.literals import value_at
from sentry_app.scrubbing.messages import RANDOM
from sentry_app.scrubbing.pairs import unquoted
from sentry_app.scrubbing.texts import is_placeholder


class Place(NamedTuple):
    """After a match of ``pattern`` stands a secret; tried if one of ``needles`` occurs."""

    needles: tuple[str, ...]
    pattern: re.Pattern[str]


#: What stands between two words of a command line, which may be a list.
_GAP = r"(?:\s{1,4}|[\"'],\s?[\"'])"
_REST = rf"\b[^\n]{{0,200}}?{_GAP}"
_NAMES = r"[\w.]*(?:token|password|secret|session|api_?key)[\w.]*"

#: Options of programs.
_OPTIONS = (
    (("mysql", "maria"), rf"\b(?:mysql|maria)\w*{_REST}-p(?=[^\s-])"),
    (("sshpass",), rf"\bsshpass{_GAP}-p{_GAP}?"),
    (("redis-cli",), rf"\bredis-cli{_REST}(?:-a|--pass){_GAP}"),
    (
        ("curl",),
        rf"\bcurl{_REST}(?:-u|--user|-U|--proxy-user){_GAP}?[\"']?[^\s:\"']{{1,80}}:",
    ),
    (
        (" login",),
        rf"\b(?:docker|podman|helm|az|oc|skopeo|cf|nerdctl)\b[^\n]{{0,40}} login{_REST}-p{_GAP}",
    ),
    (("mongo", "cqlsh", "twine "), rf"\b(?:mongo\w*|cqlsh|twine){_REST}-p{_GAP}"),
    (("sqlcmd", "zip ", "bcp "), rf"\b(?:sqlcmd|bcp|zip|unzip){_REST}-P{_GAP}"),
    (("ldap",), rf"\bldap\w+{_REST}-w{_GAP}"),
    (("htpasswd",), r"\bhtpasswd\s+-\w*b\w*\s+\S{1,200}\s+\S{1,200}\s+"),
    (("sqlplus",), r"\bsqlplus\s+(?:-\w+\s+)?[^\s/]{1,80}/(?=[^\s@])"),
    (("pass:",), r"\s-pass(?:in|out)?\s+pass:"),
    (("-U ",), rf"\bsmb\w+{_REST}-U\s+[^\s%]{{1,80}}%"),
    (("openssl ",), rf"\bopenssl\s+enc{_REST}-[kK]{_GAP}"),
    (("ssh-keygen ",), rf"\bssh-keygen{_REST}-[NP]{_GAP}"),
    # The files of FTP's and curl's clients, and of Redis.
    (("machine ",), r"\bmachine\s+\S{1,200}\s+login\s+\S{1,200}\s+password\s+"),
    (("requirepass ", "masterauth "), r"\b(?:requirepass|masterauth)\s+(?=[\"']?\S*[\dA-Z])"),
    (("configure set",), r"\bconfigure set \S{0,80}(?:secret|token|password|key)\w*\s+"),
)
#: Statements and functions of SQL, and what the database says about them.
_SQL = (
    (("dentified", "DENTIFIED"), r"\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?=')"),
    (
        ("assword", "ASSWORD"),
        r"\bset\s+password\s+(?:for\s+\S{1,200}\s+)?=\s*(?:(?:old_)?password\s*\(\s*)?(?=')",
    ),
    (
        ("ATTACH ", "attach ", "PRAGMA ", "pragma "),
        r"\b(?:attach\s+database\s+\S{1,200}\s+as\s+\S{1,80}\s+key\s+|pragma\s+(?:re)?key\s*=\s*)(?=')",
    ),
    (("crypt(", "CRYPT("), r"(?<![\w.])crypt\(\s*(?=')"),
    (
        ("crypt(", "CRYPT(", "crypt_bytea(", "hmac(", "HMAC("),
        r"\b(?:pgp_sym_(?:en|de)crypt(?:_bytea)?|aes_(?:en|de)crypt|hmac|(?:en|de)crypt(?:_iv)?)\("
        r"\s*(?:'[^']{0,400}'|[^',()]{1,200}),\s*(?=')",
    ),
    (("Duplicate entry",), rf"Duplicate entry (?='[^']{{1,500}}' for key '{_NAMES}')"),
)
#: Commands of IMAP and SMTP.
_PROTOCOLS = (
    (("LOGIN ",), r"(?<![\w ])\w{1,8} LOGIN [^\s\"']{1,200}\s(?=[^\s]{0,100}\d)"),
    (("LOGIN ",), r"(?<![\w ])\w{1,8} LOGIN \"[^\"\n]{1,200}\"\s(?=\")"),
    (("AUTH ",), r"\bAUTH (?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5)\s+(?=[A-Za-z0-9+/=]{8})"),
)
PLACES = (
    *(Place(needles, re.compile(pattern)) for needles, pattern in (*_OPTIONS, *_PROTOCOLS)),
    *(Place(needles, re.compile(pattern, re.I)) for needles, pattern in _SQL),
)
#: Source code: ``auth=("ann", "x")``, as HTTP clients take it.
_AUTH = re.compile(
    r"\bauth\s?=\s?(?:[A-Za-z_.]{0,60})\(\s?[bru]?[\"'][^\"']{0,200}[\"'],\s?[bru]?[\"'](?P<secret>[^\"']+)"
)
#: ``user.set_password("x")``, whose first argument is one.
_PASSWORD_CALL = re.compile(
    r"(?:set|make|check|hash|verify)_password\(\s?[bru]?[\"'](?P<secret>[^\s\"']{3,})[\"']"
)

_REDIS = re.compile(
    r"(?:^|(?<=\n)|(?<=[\"'>;|] )|(?<=[\"']))"
    r"(AUTH|HELLO|MIGRATE|CONFIG|ACL|H?M?SET|P?SETEX|H?SETNX|GETSET|MSETNX)[ ]"
)
_ARGUMENT = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|[^\s'\"]\S*")
_MOST_ARGUMENTS = 200
_PASSWORD_OPTIONS = (["requirepass"], ["masterauth"])


def scrub(text: str, found: Findings, keys: SecretKeys) -> str:
    """``text`` without the secrets in commands and statements."""
    for needles, pattern in PLACES:
        for needle in needles:
            if needle in text:
                text = _after(pattern, text, found)
                break
    if "_password(" in text:
        text = found.replace("key", _PASSWORD_CALL, text)
    if " " in text and _REDIS.search(text):
        text = _redis(text, found, keys)
    return text


def scrub_source(line: str, found: Findings) -> str:
    """A line of source code without the passwords that its calls are given by their place."""
    if "auth" in line:
        line = found.replace("key", _AUTH, line)
    return found.replace("key", _PASSWORD_CALL, line) if "_password(" in line else line


def _after(pattern: re.Pattern[str], text: str, found: Findings) -> str:
    parts, done = [], 0
    for match in pattern.finditer(text):
        span = value_at(text, match.end()) if match.end() >= done else None
        if span is None or span.start == span.end or span.start < done:
            continue
        value = text[span.start : span.end]
        if not is_placeholder(value):
            parts += [text[done : span.start], found.remove("key", value)]
            done = span.end
    return "".join([*parts, text[done:]]) if parts else text


def _redis(text: str, found: Findings, keys: SecretKeys) -> str:
    parts, done = [], 0
    for match in _REDIS.finditer(text):
        if match.start() < done:
            continue
        arguments = _arguments(text, match.end())
        for start, end in _secret_arguments(match[1], text, arguments, keys):
            value = text[start:end]
            if value[:1] in "'\"":
                start, end = start + 1, end - 1
            if start >= done and _says_something(value):
                parts += [text[done:start], found.remove("key", text[start:end])]
                done = end
    return "".join([*parts, text[done:]]) if parts else text


def _arguments(text: str, start: int) -> list[tuple[int, int]]:
    """From where to where the arguments on this line stand."""
    end = text.find("\n", start)
    found = []
    for match in _ARGUMENT.finditer(text, start, len(text) if end < 0 else end):
        found.append(match.span())
        if len(found) >= _MOST_ARGUMENTS:
            break
    return found


def _secret_arguments(
    command: str, text: str, spans: list[tuple[int, int]], keys: SecretKeys
) -> Iterator[tuple[int, int]]:
    arguments = [unquoted(text[start:end]) for start, end in spans]
    if command == "AUTH":
        yield from spans[-1:] if len(spans) < 3 else ()
    elif command in ("HELLO", "MIGRATE"):
        yield from _after_auth([argument.upper() for argument in arguments], spans)
    elif command == "CONFIG":
        yield from spans[2:3] if arguments[1:2] in _PASSWORD_OPTIONS else ()
    elif command == "ACL":
        yield from (
            span for span, argument in zip(spans, arguments, strict=True) if argument[0] in "><#"
        )
    else:
        yield from _secret_values(command, spans, arguments, keys)


def _after_auth(arguments: list[str], spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What follows the option ``AUTH password``, ``AUTH2 user password`` or HELLO's ``AUTH``."""
    for option, words in (("AUTH2", 2), ("AUTH", 2 if arguments[0].isdecimal() else 1)):
        if option in arguments:
            return spans[arguments.index(option) + words :][:1]
    return []


def _secret_values(
    command: str, spans: list[tuple[int, int]], arguments: list[str], keys: SecretKeys
) -> Iterator[tuple[int, int]]:
    """The values of secret names: of one key, of many, or of the fields of a hash."""
    first = 1 if command.startswith("H") else 0
    gap = 2 if command.endswith("SETEX") else 1
    for place in range(first, len(arguments) - gap, gap + 1):
        name = arguments[place]
        value = arguments[place + gap]
        if name in keys or (name.partition(":")[0] in keys and RANDOM.fullmatch(value)):
            yield spans[place + gap]


def _says_something(value: str) -> bool:
    if FILTERED in value or is_placeholder(unquoted(value)):
        return False
    return value[:1] in "'\"" or any(map(str.isdigit, value))
