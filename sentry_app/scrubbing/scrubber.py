"""Secrets out of one item of JSON, the rest as it was."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from sentry_app.interrupts import let_through
from sentry_app.scrubbing import parameters, templates
from sentry_app.scrubbing.changes import Changed, Changes
from sentry_app.scrubbing.echoes import (
    Echoes,
    encoded,
    encodings,
    hexadecimal,
    is_distinct,
    is_heard,
    opening,
    plain,
)
from sentry_app.scrubbing.findings import FILTERED, Findings
from sentry_app.scrubbing.glance import Glance, odd_ones
from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.memory import Memory
from sentry_app.scrubbing.names import rename
from sentry_app.scrubbing.rules import Rules
from sentry_app.scrubbing.triage import SEPARATOR, Triage
from sentry_app.scrubbing.walk import Walk

#: Longer texts are cut: Sentry accepts no event that is larger than this.
MAX_TEXT = 500_000
#: Each echo is looked for in every text of an item; hostile input may hold any number.
MAX_ECHOES = 300
#: So much more is looked at, for what stands across the cut.
_MARGIN = 4_096

Rule = Callable[[str, Findings], str]


class Scrubber:
    """Removes secrets from JSON data; builds new data and leaves what it was given as it is.

    ``fields`` are the secret keys, ``allow`` their exceptions, ``patterns`` regular expressions
    for secret values; ``ip_addresses`` says whether to anonymise addresses, ``pii`` whether e-mail
    addresses may be sent; ``secrets`` are values to be removed wherever they stand. ``count`` is
    told the names of the rules that removed something, once for each removal.
    """

    def __init__(
        self,
        fields: Iterable[str],
        allow: Iterable[str] = (),
        patterns: Iterable[str] = (),
        ip_addresses: bool = False,
        *,
        pii: bool = True,
        secrets: Iterable[str] = (),
        count: Callable[[Iterable[str]], None] = lambda rules: None,
    ) -> None:
        keys = SecretKeys(fields, allow)
        patterns = list(patterns)
        self._has_patterns = bool(patterns)
        self._rules = Rules(keys, patterns, ip_addresses=ip_addresses, emails=not pii)
        self._memory = Memory(keys, self._rules, Triage(keys, ip_addresses=ip_addresses))
        known = set(filter(is_distinct, secrets))
        in_hex = {form for secret in known for form in hexadecimal(secret)}
        self._known = Echoes(known | in_hex, thorough=True)
        self._known_encoded = Echoes(form for secret in known for form in encodings(secret))
        self._count = count

    def scrub(self, data: Any) -> Any:
        """``data`` without secrets; in an event, ``_meta`` says where something was removed.

        What cannot be scrubbed is replaced. Never raises.
        """
        try:
            return self._scrub(data)
        except Exception as error:
            let_through(error)
            self._count(["internal error"])
            return FILTERED

    def _scrub(self, data: Any) -> Any:
        glance = self._glance(data)
        if glance is not None and not glance.unclear:
            return data
        return self._walked(data, glance)

    def _glance(self, data: Any) -> Glance | None:
        """A first look at ``data``; None if it tells nothing."""
        try:
            glance = Glance(self._memory, data)
            if glance.is_blind:
                return None
            self._judge(glance)
        except Exception as error:  # what it does not understand, the walk does
            let_through(error)
            return None
        return glance

    def _judge(self, glance: Glance) -> None:
        """Find out in which parts something is suspect; the other texts are remembered."""
        values, lines = glance.new()
        texts = [value for value in values if type(value) is str]
        suspects: set[Any] = set(odd_ones(values)) if len(texts) < len(values) else set()
        if texts or lines:
            both = [*texts, *lines]
            joined = SEPARATOR.join(both)
            suspects.update(self._suspects(both, joined))
            if self._known.heard_in(joined):
                suspects.update(both)
        if suspects:
            glance.doubt(suspects)
            texts = [text for text in texts if text not in suspects]
            lines -= suspects
        if texts or lines:
            self._memory.remember(texts, lines, {})

    def _walked(self, data: Any, glance: Glance | None) -> Any:
        """``data`` without secrets; only what is unclear at a ``glance`` is walked."""
        only, clear = (glance.unclear, glance.clear()) if glance else (None, ())
        walk = Walk(self._memory, data, only, clear)
        lines = walk.source.values.difference(self._memory.clean_lines)
        changes = Changes()
        clean = self._scrub_texts(walk.texts, self._rules.scrub, changes.texts, walk)
        clean_lines = self._scrub_texts(
            [line for line in lines if type(line) is str],
            self._rules.scrub_source,
            changes.lines,
            walk,
        )
        self._memory.remember(clean, clean_lines, walk.found.statements)
        own = self._own(walk) if walk.found.secrets else set()
        if own and glance and is_heard(own, SEPARATOR.join(glance.texts())):
            return self._walked(data, None)
        echoes = self._echoes(own, changes, walk) if own else None
        changes.into(walk)
        templates.scrub(data, walk)
        parameters.scrub(walk)
        if echoes or walk.odd:
            rename(walk, echoes)
        scrubbed = walk.patch.holder[0]
        if walk.found.fired:
            self._count(walk.found.fired)
            if isinstance(scrubbed, dict) and "event_id" in scrubbed:
                meta = walk.remarks.merged_into(scrubbed.get("_meta"))
                scrubbed = {**scrubbed, "_meta": meta}
        return scrubbed

    def _scrub_texts(
        self, texts: list[str], rule: Rule, changed: Changed, walk: Walk
    ) -> Iterable[str]:
        """Note in ``changed`` what ``rule`` leaves of ``texts``; returns what may be remembered."""
        if not texts:
            return ()
        joined = SEPARATOR.join(texts)
        suspects = self._suspects(texts, joined)
        heard = self._heard(suspects, joined)
        walk.found.secrets.update(heard)
        for text in suspects:
            new, rules = self._scrub_text(text, rule, walk.found)
            if new != text:
                changed[text] = new, rules
        if heard:
            return ()
        if walk.found.decoded:  # the next item may have what they say
            texts = list(set(texts).difference(suspects))
        return [text for text in texts if text not in changed] if changed else texts

    def _suspects(self, texts: list[str], joined: str) -> Collection[str]:
        """Those of ``texts`` that have to see the rules."""
        if len(joined) > MAX_TEXT:
            return texts
        try:
            suspects = self._memory.triage.suspects(texts, joined)
            return suspects.union(
                filter(self._rules.has_match, texts) if self._has_patterns else ()
            )
        except Exception as error:
            let_through(error)
            return texts

    def _heard(self, suspects: Collection[str], joined: str) -> list[str]:
        """The spellings of known secrets; encoded ones stand in suspects only."""
        heard = self._known.heard_in(joined)
        found = list(heard.secrets()) if heard else []
        if suspects:
            encoded = self._known_encoded.heard_in(SEPARATOR.join(suspects))
            found += encoded.secrets() if encoded else ()
        return found

    @staticmethod
    def _scrub_text(text: str, rule: Rule, found: Findings) -> tuple[str, list[str]]:
        """What ``rule`` leaves of ``text``, and the names of the rules that fired."""
        before = len(found.fired)
        try:
            scrubbed = rule(text[: MAX_TEXT + _MARGIN], found)[:MAX_TEXT]
        except Exception as error:
            let_through(error)
            scrubbed = found.remove("internal error")
        return scrubbed, found.fired[before:] or ["too long"]

    @staticmethod
    def _own(walk: Walk) -> set[str]:
        """The secrets that were found, and what may echo them."""
        own = {part for value in walk.found.secrets for part in plain(value) if is_distinct(part)}
        if len(own) > MAX_ECHOES:
            own = set(sorted(own, key=len)[-MAX_ECHOES:])
        return own | encoded(own, walk.found.decoded)

    @staticmethod
    def _echoes(own: set[str], changes: Changes, walk: Walk) -> Echoes | None:
        """Those of the secrets that stand elsewhere too; there they go."""
        joined = SEPARATOR.join([*changes.all_texts(walk), *walk.names])
        own = {secret for secret in own if opening(secret) in joined}
        echoes = Echoes(own).heard_in(joined)
        if echoes is not None:
            changes.scrub_echoes(echoes, walk)
        return echoes
