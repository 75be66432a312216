"""What ``sentry_test`` prints: lines for a person, or one JSON document."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sentry_sdk.envelope import Envelope, Item

from sentry_app.management.display import dumped, table
from sentry_app.management.masking import Mask, masked_tree
from sentry_app.management.reasons import OK, Verdict, worst
from sentry_app.management.sending import Result

#: Nothing failed, and nothing is proven.
_OPEN = ("not_http", "unverified")


class Report:
    """Collects the header, the results and the notes, and gives each to ``write`` at once.

    ``style`` is the command's own, for colours; ``mask`` hides secrets in everything.
    """

    def __init__(self, write: Callable[[str], Any], style: Any, mask: Mask) -> None:
        self._write = write
        self._style = style
        self._mask = mask
        self._header: Mapping[str, Any] = {}
        self._results: list[tuple[Result, Mapping[str, int]]] = []
        self._notes: list[str] = []

    @property
    def exit_code(self) -> int:
        """The worst of all results."""
        return worst(result.verdict for result, _ in self._results)

    def start(self, header: Mapping[str, Any]) -> None:
        """Print where events go."""
        self._header = header
        rows = [
            (name, str(row["value"] or "-"), f"({row['source']})") for name, row in header.items()
        ]
        self._write(self._mask(table(rows)) + "\n\n")

    def add(self, result: Result, scrubbed: Mapping[str, int], *, with_envelope: bool) -> None:
        """Print one result; ``with_envelope`` also what would be sent, and how often each rule
        ``scrubbed`` something of it.
        """
        if not with_envelope:
            result = result._replace(envelope=None)
        self._results.append((result, scrubbed))
        self._write(self._line(result))
        if result.verdict.remedy:
            self._write(f"      {self._mask(result.verdict.remedy)}")
        if result.envelope is not None:
            rules = ", ".join(f"{rule} ({count})" for rule, count in sorted(scrubbed.items()))
            self._write(f"      Scrubbed, by rule: {rules or 'nothing'}")
            self._write(dumped(self._shown(result.envelope)))

    def finish(self, notes: Iterable[str]) -> None:
        """Print what else was noticed."""
        self._notes = [self._mask(note) for note in notes]
        for note in self._notes:
            self._write(self._style.WARNING("note") + f"  {note}")

    def as_json(self) -> str:
        """Everything as one JSON document."""
        document = {
            "header": self._header,
            "results": [self._entry(*result) for result in self._results],
            "notes": self._notes,
            "exit_code": self.exit_code,
        }
        return dumped(masked_tree(document, self._mask))

    def _line(self, result: Result) -> str:
        found = result.verdict
        event = f" [{result.event_id}]" if result.event_id else ""
        text = f"{result.type:<11}  {found.reason}: {found.detail}{event}"
        return f"{self._mark(found)}  {self._mask(text)}"

    def _mark(self, found: Verdict) -> str:
        if found.reason in _OPEN:
            return str(self._style.WARNING("??  "))
        if found.exit_code != OK:
            return str(self._style.ERROR("FAIL"))
        return str(self._style.SUCCESS("skip" if found.reason == "skipped" else "ok  "))

    def _entry(self, result: Result, scrubbed: Mapping[str, int]) -> dict[str, Any]:
        found = result.verdict
        entry = {"type": result.type, "event_id": result.event_id, **found._asdict()}
        entry["exit_code"] = found.exit_code
        if result.envelope is not None:
            entry |= {"envelope": self._shown(result.envelope), "scrubbed": dict(scrubbed)}
        return entry

    def _shown(self, envelope: Envelope) -> Any:
        items = [
            {"type": item.type, "headers": item.headers, "payload": _payload(item)}
            for item in envelope.items
        ]
        return masked_tree({"headers": envelope.headers, "items": items}, self._mask)


def _payload(item: Item) -> Any:
    return f"<{len(item.get_bytes())} bytes>" if item.payload.json is None else item.payload.json
