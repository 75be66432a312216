"""What was found in one item: which rules fired, and the values that may be echoed elsewhere."""

import re
from dataclasses import dataclass, field

from sentry_app.scrubbing.columns import Parameters

FILTERED = "[Filtered]"


@dataclass
class Findings:
    """Filled by the rules while one item is scrubbed."""

    #: Names of the rules, once for each removal.
    fired: list[str] = field(default_factory=list)
    #: Secrets found under a sensitive name, as they stood.
    secrets: set[str] = field(default_factory=set)
    #: What stands encoded in the texts, and what it says: it may echo a secret.
    decoded: dict[str, str] = field(default_factory=dict)
    #: Texts with SQL that has placeholders for secrets.
    statements: dict[str, Parameters] = field(default_factory=dict)

    def remove(self, rule: str, secret: str = "") -> str:
        """Note that ``rule`` removed something; returns what stands there instead."""
        self.fired.append(rule)
        if secret:
            self.secrets.add(secret)
        return FILTERED

    def replace(self, rule: str, pattern: re.Pattern[str], text: str) -> str:
        """``text`` without the group ``secret`` (or all) of every match of ``pattern``."""
        group: int | str = "secret" if "secret" in pattern.groupindex else 0

        def filtered(match: re.Match[str]) -> str:
            if not match[group] or match[group].startswith(FILTERED[:-1]):
                return match[0]
            start, end = (position - match.start() for position in match.span(group))
            return match[0][:start] + self.remove(rule) + match[0][end:]

        return pattern.sub(filtered, text)
