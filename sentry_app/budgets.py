"""A budget: at most so many of a kind in a window of time, and what was held back beyond it.

A window begins with the first event of a kind. With a :class:`Shared` counter it is one of the
clock's, so that all processes have the same. Memory is bounded: when there are too many kinds,
those go that were not seen for longest, and the next event tells what was held back of them.
"""

import time
from collections.abc import Callable, Hashable
from threading import RLock
from typing import NamedTuple, Protocol
from weakref import ref

from sentry_app import children

#: So many kinds are told apart; more than this and a quarter of them is forgotten.
MOST_KINDS = 1024


class Held(NamedTuple):
    """How many were held back, since when (seconds since 1970), and how many of forgotten kinds."""

    quantity: int = 0
    since: float = 0.0
    of_others: int = 0


class Shared(Protocol):
    """Counts for several processes."""

    def ends_in(self, seconds: int) -> float:
        """How long the window of so many seconds lasts in which all processes are."""

    def number(self, kind: Hashable, seconds: int) -> int | None:
        """Which of its kind in the window this candidate is, from 1; None if nobody can tell."""

    def renew(self) -> None:
        """Share nothing with the process that this one was forked from."""


class _Kind:
    """What is known about one kind: the end of its window, and what is left of the budget.

    ``paid`` units were counted by the shared counter and then given back. The end of a kind that
    was forgotten is 0.
    """

    __slots__ = ("end", "held", "is_told", "left", "paid", "seen", "since")

    def __init__(self) -> None:
        self.end = self.seen = self.since = 0.0
        self.left = self.paid = self.held = 0
        self.is_told = False


class Ticket:
    """One event may go; ``held`` is what it has to tell."""

    __slots__ = ("_budget", "_end", "_kind", "held")

    def __init__(self, budget: "Budget", kind: _Kind, end: float, held: Held) -> None:
        self._budget, self._kind, self._end, self.held = budget, kind, end, held

    def __deepcopy__(self, memo: object) -> "Ticket":
        return self  # an event processor may copy its event

    def give_back(self) -> None:
        """It did not go: another may, and has to tell the same."""
        self._budget._take_back(self._kind, self._end, self.held)


class Budget:
    """At most ``limit`` of a kind in ``seconds``; 0 is no limit. See the module."""

    def __init__(
        self,
        limit: int = 0,
        seconds: int = 60,
        shared: Shared | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        most_kinds: int = MOST_KINDS,
    ) -> None:
        self.limit = limit
        self._seconds = seconds
        self._shared = shared
        self._monotonic, self._wall = monotonic, wall
        self._most_kinds = most_kinds
        self.renew()
        _budgets.append(ref(self, _budgets.remove))

    def renew(self) -> None:
        """Start anew, with a lock that nobody holds: what a forked process needs."""
        # A signal's handler may capture something while its own thread holds the lock.
        self._lock = RLock()
        self._kinds: dict[Hashable, _Kind] = {}
        self._forgotten = 0
        if self._shared is not None:
            self._shared.renew()

    def is_over(self, kind: Hashable) -> bool:
        """Whether nothing is left for ``kind``, as far as this process knows."""
        known = self._kinds.get(kind)
        return known is not None and known.left <= 0 and self._monotonic() < known.end

    def hold(self, kind: Hashable) -> bool:
        """Count one that is held back; whether it is the first of its window."""
        with self._lock:
            known = self._known(kind)
            if not known.held:
                known.since = self._wall()
            known.held += 1
            is_first, known.is_told = not known.is_told, True
        return is_first

    def admit(self, kind: Hashable) -> Ticket | None:
        """Take one of the budget; None if nothing is left, which is not counted yet."""
        if not self.limit:
            return Ticket(self, _Kind(), 0.0, Held())
        with self._lock:
            known = self._known(kind)
            if known.left <= 0:
                return None
            known.left -= 1
            is_paid, end = known.paid > 0, known.end
            known.paid -= is_paid
        # Without the lock, because it may take a while.
        if not (is_paid or self._shared is None or self._is_free(kind)):
            self._close(known, end)
            return None
        with self._lock:
            return Ticket(self, known, end, self._tell(known))

    def _is_free(self, kind: Hashable) -> bool:
        assert self._shared is not None
        number = self._shared.number(kind, self._seconds)
        return number is None or number <= self.limit

    def _close(self, known: _Kind, end: float) -> None:
        """The others have taken the rest of the window that ends at ``end``."""
        with self._lock:
            if known.end == end:
                known.left = known.paid = 0

    def _known(self, kind: Hashable) -> _Kind:
        """What is known about ``kind``, in the window that is now."""
        now = self._monotonic()
        known = self._kinds.get(kind)
        if known is None:
            if len(self._kinds) >= self._most_kinds:
                self._forget()
            known = self._kinds[kind] = _Kind()
        if now >= known.end:
            lasts = self._seconds if self._shared is None else self._shared.ends_in(self._seconds)
            known.end = now + lasts
            known.left, known.paid, known.is_told = self.limit, 0, False
        known.seen = now
        return known

    def _tell(self, known: _Kind) -> Held:
        held = Held(known.held, known.since, self._forgotten)
        known.held = self._forgotten = 0
        known.since = 0.0
        return held

    def _take_back(self, known: _Kind, end: float, held: Held) -> None:
        with self._lock:
            if known.end == end and known.left < self.limit:
                known.left += 1
                known.paid += 1
            if known.end and held.quantity:
                known.since = held.since
                known.held += held.quantity
            self._forgotten += held.of_others + (0 if known.end else held.quantity)

    def _forget(self) -> None:
        """Make room: the quarter of the kinds goes that was not seen for longest."""
        by_age = sorted(self._kinds, key=lambda kind: self._kinds[kind].seen)
        for kind in by_age[: self._most_kinds // 4 + 1]:
            known = self._kinds.pop(kind)
            self._forgotten += known.held
            known.held, known.end = 0, 0.0


#: All budgets of this process, for its children.
_budgets: list["ref[Budget]"] = []


@children.renewed
def _renew_all() -> None:
    for reference in _budgets:
        budget = reference()
        if budget is not None:
            budget.renew()
