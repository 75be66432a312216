"""What arrived and what was dropped, as it comes from several threads."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sentry_sdk.envelope import Envelope

Json = dict[str, Any]


class Drop(NamedTuple):
    """Something that a process did not send: its category, its transaction's name, and why."""

    category: str
    what: str
    reason: str


@dataclass(frozen=True)
class Arrived:
    """All that has come so far; ``others`` counts the items of the remaining types."""

    events: tuple[Json, ...] = ()
    transactions: tuple[Json, ...] = ()
    others: Counter[str] = field(default_factory=Counter)
    drops: tuple[Drop, ...] = ()

    def after(self, earlier: "Arrived") -> "Arrived":
        """What has come since ``earlier``."""
        return Arrived(
            self.events[len(earlier.events) :],
            self.transactions[len(earlier.transactions) :],
            self.others - earlier.others,
            self.drops[len(earlier.drops) :],
        )


class Inbox:
    """Collects from many threads, and lets one wait for what it wants."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._arrived = Arrived()

    @property
    def arrived(self) -> Arrived:
        """All that has come so far."""
        with self._changed:
            return self._arrived

    def add_envelope(self, envelope: Envelope) -> None:
        """Add every item of ``envelope``."""
        items = [(str(item.type), item.get_bytes()) for item in envelope.items]
        events = [json.loads(content) for kind, content in items if kind == "event"]
        transactions = [json.loads(content) for kind, content in items if kind == "transaction"]
        others = Counter(kind for kind, _ in items if kind not in ("event", "transaction"))
        self._add(Arrived(tuple(events), tuple(transactions), others))

    def add_drop(self, drop: Drop) -> None:
        """Add what a process says it dropped."""
        self._add(Arrived(drops=(drop,)))

    def wait_for(self, test: Callable[[Arrived], bool], timeout: float) -> bool:
        """Wait until ``test`` is true; tell whether it is, after ``timeout`` seconds at most."""
        with self._changed:
            return self._changed.wait_for(lambda: test(self._arrived), timeout)

    def wait_for_more(self, than: Arrived) -> Arrived:
        """Wait until there is more than this, and return it all."""
        with self._changed:
            self._changed.wait_for(lambda: self._arrived is not than)
            return self._arrived

    def _add(self, more: Arrived) -> None:
        with self._changed:
            old = self._arrived
            self._arrived = Arrived(
                old.events + more.events,
                old.transactions + more.transactions,
                old.others + more.others,
                old.drops + more.drops,
            )
            self._changed.notify_all()
