"""All rules for one text, in their order."""

import re
from collections.abc import Iterable

from sentry_app.scrubbing import addresses, commands, encoded, numbers, tables, values, vendors
from sentry_app.scrubbing.columns import parameters_of
from sentry_app.scrubbing.findings import Findings
from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.markup import Markup
from sentry_app.scrubbing.prose import Prose
from sentry_app.scrubbing.statements import Statements
from sentry_app.scrubbing.texts import Pairs

#: Texts within texts within texts: deeper than this nobody looks.
_MAX_DEPTH = 3
#: A longer line of source is one that a program wrote.
_LONGEST_LINE = 1_000
#: In a word alone, a key, an address or a token, no name stands beside a value.
_WORD = re.compile(r"[A-Za-z0-9_.@+\-]*")


class Rules:
    """What a text loses: by name, by form, by the user's own ``patterns``."""

    def __init__(
        self, keys: SecretKeys, patterns: Iterable[str], *, ip_addresses: bool, emails: bool
    ) -> None:
        self._keys, self._pairs, self._markup = keys, Pairs(keys), Markup(keys)
        self._statements, self._prose = Statements(keys), Prose(keys)
        self._patterns = [re.compile(pattern) for pattern in patterns]
        self._ip_addresses, self._emails = ip_addresses, emails

    def scrub(self, text: str, found: Findings) -> str:
        """``text`` without its secrets."""
        if not _WORD.fullmatch(text):
            parameters = parameters_of(text, self._keys)
            if parameters.secret or parameters.names:
                found.statements[text] = parameters
        return self._scrub(text, found, 0)

    def has_match(self, text: str) -> bool:
        """Whether one of the user's patterns matches in ``text``."""
        return any(pattern.search(text) for pattern in self._patterns)

    def scrub_source(self, line: str, found: Findings) -> str:
        """A line of source code: of what has a secret name, only quoted literals go."""
        if len(line) > _LONGEST_LINE:
            return self.scrub(line, found)
        line = self._pairs.scrub(line, found, quoted_only=True)
        line = self._markup.scrub(line, found) if "<" in line else line
        line = commands.scrub_source(line, found) if "(" in line else line
        line = self._statements.scrub_source(line, found) if "(" in line else line
        return self._by_form(line, found)

    def _scrub(self, text: str, found: Findings, depth: int) -> str:
        if not _WORD.fullmatch(text):
            text = self._by_name(text, found)
        text = self._by_form(text, found)
        if depth < _MAX_DEPTH:
            text = encoded.scrub(text, found, lambda t, f: self._scrub(t, f, depth + 1))
        return text

    def _by_name(self, text: str, found: Findings) -> str:
        text = commands.scrub(text, found, self._keys)
        text = self._pairs.scrub(text, found)
        text = self._statements.scrub(text, found)
        text = self._prose.scrub(text, found)
        if "\n" in text or "\\n" in text:
            text = tables.scrub(text, found, self._keys)
        return self._markup.scrub(text, found)

    def _by_form(self, text: str, found: Findings) -> str:
        text = values.scrub(text, found)
        text = vendors.scrub(text, found)
        text = numbers.scrub(text, found)
        if self._emails:
            text = addresses.scrub_emails(text, found)
        if self._ip_addresses:
            text = addresses.scrub_ips(text, found)
        for pattern in self._patterns:
            text = found.replace("pattern", pattern, text)
        return text
