"""Secrets in markup, where the name is a tag, an attribute or a neighbour.

XML and HTML (``<password>x</password>``, ``<input name="pin" value="1">``), multipart form data,
and JSON that spells a pair out (``{"name": "password", "value": "x"}``).
"""

import re

from sentry_app.scrubbing.findings import Findings
from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.literals import LINE_END, QUOTE
from sentry_app.scrubbing.texts import is_placeholder

_TAG = r"<(?P<name>[A-Za-z_][\w:.\-]{0,80})(?:\s[^<>]{0,500})?>"
_ELEMENT = re.compile(rf"{_TAG}\s{{0,20}}(?:<!\[CDATA\[)?(?P<secret>[^<>]+)(?=</|(?<=\]\])>)")
#: Without its end: a word that follows at once. ``login <user> <password> now`` is no element,
#: nor are the routes ``/reset/<token>/`` and ``(?P<token>.+)``.
_CUT_ELEMENT = re.compile(
    rf"(?<!/)(?<!\?P){_TAG}(?P<secret>(?=[^\s<>]{{0,80}}\w)[^\s<>\[({{\"'/\\][^\s<>]{{2,}})"
)
_NAMED_ELEMENT = re.compile(
    r"<[A-Za-z_][\w:.\-]{0,80}\s[^<>]{0,300}?\b(?:name|key|id)="
    r"[\"'](?P<name>[^\"'<>]{1,80})[\"'][^<>]{0,300}>\s{0,20}"
    r"(?:<!\[CDATA\[)?(?P<secret>[^<>]+)"
)
_NAMED = r"\b(?:(?:name|key|id|field)=|type=(?=.password))"
_ATTRIBUTES = re.compile(
    rf"{_NAMED}\\?[\"'](?P<name>[^\"'<>\\]{{1,80}})\\?[\"'][^<>]{{0,300}}?\b(?:value|content)="
    r"(?:\\?\"(?P<secret>(?:[^\"<>\\]|\\(?!\"))+)|'(?P<other>[^'<>]+))"
)
_ATTRIBUTES_REVERSED = re.compile(
    rf"\b(?:value|content)=[\"'](?P<secret>[^\"'<>]+)[\"'][^<>]{{0,300}}?{_NAMED}"
    r"[\"'](?P<name>[^\"'<>]{1,80})"
)
_PART = re.compile(
    r"form-data;\s?name=\\?\"?(?P<name>[^\"\r\n\\;]{1,80})\\?\"?.{0,300}?(?:\r?\n\r?\n|\\r\\n\\r\\n|\\n\\n)"
    r"(?P<secret>.+?)(?=\r?\n--|\\r\\n--|\\n--|\Z)",
    re.S,
)
_SPELT_OUT = re.compile(
    rf"{QUOTE}(?:name|key|field|header|variable|param|id){QUOTE}\s?:\s?"
    rf"{QUOTE}(?P<name>[\w.\- ]{{1,80}}){QUOTE}"
    r"\s?,\s?"
    rf"{QUOTE}(?:value|content|data|text){QUOTE}\s?:\s?[bu]?(?P<quote>{QUOTE})(?P<secret>.+?)(?:(?P=quote)|\Z)",
    re.S,
)
#: A cell of a table or list, and the next.
_NEIGHBOUR = re.compile(
    r"<(?P<tag>td|th|dt|key|label|b|strong)(?:\s[^<>]{0,200})?>"
    r"\s{0,20}(?P<name>[\w.\- ]{1,80}?):?\s{0,20}</(?P=tag)>\s{0,20}"
    r"<(?:td|dd|string|data|value|span|code)(?:\s[^<>]{0,200})?>(?P<secret>[^<>]+)"
)
#: ``Cookie(version=0, name='sessionid', value='x')``, and the items of a list in YAML.
_ARGUMENTS = re.compile(
    rf"\b(?:name|key)=(?P<quote>{QUOTE})(?P<name>[\w.\-]{{1,80}})(?P=quote),\s?"
    rf"value=b?(?P<mark>{QUOTE})(?P<secret>.+?)(?:(?P=mark)|\Z)"
)
#: An entry of a map in the text format of protocol buffers.
_ENTRY = re.compile(
    rf"\b(?:name|key):\s?(?P<quote>{QUOTE})(?P<name>[\w.\-]{{1,80}})(?P=quote)\s{{1,4}}value:?\s?"
    rf"(?:\{{\s?\w{{1,20}}:\s?)?(?P<mark>{QUOTE})(?P<secret>.+?)(?:(?P=mark)|\Z)"
)
_ITEM = re.compile(
    rf"\b(?:name|key):\s?[\"']?(?P<name>[\w.\-]{{1,80}})[\"']?{LINE_END}\s{{1,40}}"
    r"value:\s?[\"']?(?P<secret>(?:[^\r\n\"'\\]|\\(?![rn\"']))+)"
)


class Markup:
    """Finds secrets in markup by the name of their element."""

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys

    def scrub(self, text: str, found: Findings) -> str:
        """``text`` without the secrets in elements, form fields and spelt-out pairs."""
        if "<" in text:
            if ">" in text:
                text = self._replace(_ELEMENT, text, found)
                text = self._replace(_CUT_ELEMENT, text, found)
                text = self._replace(_NEIGHBOUR, text, found)
            if "=" in text:
                for pattern in (_NAMED_ELEMENT, _ATTRIBUTES, _ATTRIBUTES_REVERSED):
                    text = self._replace(pattern, text, found)
        if "form-data" in text:
            text = self._replace(_PART, text, found)
        if "value" in text or "content" in text:
            text = self._replace(_SPELT_OUT, text, found)
            text = self._replace(_ARGUMENTS, text, found)
            text = self._replace(_ENTRY, text, found)
            text = self._replace(_ITEM, text, found)
        return text

    def _replace(self, pattern: re.Pattern[str], text: str, found: Findings) -> str:
        def filtered(match: re.Match[str]) -> str:
            group = "secret" if match["secret"] is not None else "other"
            secret = match[group]
            if (
                match["name"] not in self._keys
                or not secret.strip()
                or is_placeholder(secret.strip())
            ):
                return match[0]
            start, end = (position - match.start() for position in match.span(group))
            return match[0][:start] + found.remove("key", secret.strip()) + match[0][end:]

        return pattern.sub(filtered, text)
