"""What texts lose, by text: the same text loses the same wherever it stands in the item."""

from sentry_app.scrubbing.echoes import Echoes
from sentry_app.scrubbing.findings import FILTERED
from sentry_app.scrubbing.walk import Walk

#: A text, what is left of it, and the rules that removed something.
Changed = dict[str, tuple[str, list[str]]]


class Changes:
    """The changes to the texts and the lines of source of one item."""

    def __init__(self) -> None:
        self.texts: Changed = {}
        self.lines: Changed = {}

    def all_texts(self, walk: Walk) -> list[str]:
        """Every text of the item, as it is after these changes."""
        texts = [text for text, _ in (*self.texts.values(), *self.lines.values())]
        for cells, changed in ((walk.plain, self.texts), (walk.source, self.lines)):
            left = cells.values.difference(changed) if changed else cells.values
            texts += [text for text in left if type(text) is str]
        return texts

    def scrub_echoes(self, echoes: Echoes, walk: Walk) -> None:
        """Change the texts in which ``echoes`` are heard."""
        for cells, changed in ((walk.plain, self.texts), (walk.source, self.lines)):
            for text in cells.values:
                if type(text) is str:
                    before = len(walk.found.fired)
                    now, rules = changed.get(text, (text, []))
                    new = echoes.scrub(now, walk.found) if now != FILTERED else now
                    if new != text:
                        changed[text] = new, rules + walk.found.fired[before:]

    def into(self, walk: Walk) -> None:
        """Put the changes where the texts stand."""
        for cells, changed in ((walk.plain, self.texts), (walk.source, self.lines)):
            if changed:
                for node, key, text in cells.places(changed.keys()):
                    new, rules = changed[text]
                    walk.patch.put(node, key, new)
                    walk.remarks.add((node, key), rules)
