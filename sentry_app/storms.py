"""Storms: what is the like of much that has left already is only counted.

The next of its kind that leaves tells how many were held back and since when, so that nothing that
happened goes unseen. One error that is captured twice, first by a logger and then by Django, is
counted once.
"""

import logging
from datetime import datetime, timezone
from typing import Any, NamedTuple

from sentry_app import fingerprints, outcomes
from sentry_app.budgets import Budget, Held, Ticket
from sentry_app.chains import handled_before
from sentry_app.fingerprints import Key
from sentry_app.interrupts import let_through

logger = logging.getLogger("sentry_app")

#: The hint in which the leave travels that an event was given before it was built.
LEAVE_HINT = "sentry_app_leave"

#: The kind of all events together.
_ALL: Key = ("all", "all events")

#: Set on an error that was given leave, or was counted: its address and its kind. A copy has it
#: too, in another process as well, but not the address.
_MARK = "_sentry_app_storm"


class Leave(NamedTuple):
    """Whether something may go: ``reason`` says why not.

    ``tickets`` are from the budgets by the names under which they tell what was held back.
    """

    reason: str | None = None
    tickets: tuple[tuple[str, Ticket], ...] = ()

    def give_back(self) -> None:
        """It did not go after all."""
        for _, ticket in self.tickets:
            ticket.give_back()

    @property
    def contexts(self) -> dict[str, dict[str, Any]]:
        """What was held back before, as contexts of an event."""
        return {name: _told(ticket.held) for name, ticket in self.tickets if any(ticket.held)}

    @property
    def tags(self) -> dict[str, str]:
        """The same as tags, to be searched for."""
        return {
            f"{name}.held_back": str(ticket.held.quantity)
            for name, ticket in self.tickets
            if ticket.held.quantity
        }

    def tell(self, event: Any) -> None:
        """Put both into ``event``."""
        for key, told in (("tags", self.tags), ("contexts", self.contexts)):
            if told and isinstance(event.setdefault(key, {}), dict):
                event[key].update(told)


class Storms:
    """The budgets: of ``events`` and ``transactions`` of a kind, and the ``quota`` of all events.

    What fails lets everything through: no method raises.
    """

    def __init__(self, events: Budget, transactions: Budget, quota: Budget) -> None:
        self._events, self._transactions, self._quota = events, transactions, quota

    def is_over_quota(self) -> bool:
        """Whether this process knows that nothing more is sent in this hour."""
        return self._quota.is_over(_ALL)

    def over_reason(self, error: BaseException | None, record: Any = None) -> str | None:
        """Why an error, or else a log record, is held back if this process knows it, or None.

        Asked before anything else is done, and costs next to nothing. What is held back is counted.
        """
        try:
            kind = fingerprints.of_log(record) if error is None else fingerprints.of_error(error)
            if self._events.is_over(kind):
                return self._held_back(self._events, outcomes.STORM, kind, kind, error)
            if self.is_over_quota():
                return self._held_back(self._quota, outcomes.QUOTA, _ALL, kind, error)
        except Exception as failure:  # an exception class of the project's own
            let_through(failure)
            _failed()
        return None

    def admit(self, event: Any, hint: Any) -> Leave:
        """The leave of an event that is about to be built."""
        try:
            return self._admit(event, hint)
        except Exception as failure:
            let_through(failure)
            _failed()
            return Leave()

    def admit_transaction(self, name: str) -> Leave:
        """The leave of a transaction that ends, and would be sent."""
        try:
            kind = fingerprints.of_transaction(name)
            ticket = self._transactions.admit(kind)
            if ticket is not None:
                return Leave(tickets=(("storm", ticket),))
            return Leave(self._held_back(self._transactions, outcomes.STORM, kind, kind, None))
        except Exception as failure:
            let_through(failure)
            _failed()
            return Leave()

    def _admit(self, event: Any, hint: Any) -> Leave:
        error = (hint.get("exc_info") or (None, None))[1]
        kind = fingerprints.of_event(event, hint)
        ticket = None
        if kind is not None:
            ticket = self._events.admit(kind)
            if ticket is None:
                return Leave(self._held_back(self._events, outcomes.STORM, kind, kind, error))
        of_quota = self._quota.admit(_ALL)
        if of_quota is None:
            if ticket is not None:
                ticket.give_back()
            return Leave(self._held_back(self._quota, outcomes.QUOTA, _ALL, kind, error))
        _mark(error, kind)
        tickets = [("storm", ticket)] if ticket is not None else []
        return Leave(tickets=(*tickets, ("quota", of_quota)))

    def _held_back(
        self, budget: Budget, reason: str, held: Key, kind: Key | None, error: Any
    ) -> str:
        """Count it, unless it was counted or sent before."""
        if _was_seen(error, kind):
            return outcomes.REPEATED
        _mark(error, kind)
        if budget.hold(held):
            named = held[1] or held[-1]
            logger.info("%s: more of %s than %d: the rest is counted", reason, named, budget.limit)
        return reason


def of_limits(events: int, transactions: int, quota: int, shared: Any = None) -> Storms:
    """Budgets of so many events and transactions of a kind a minute, and of events an hour."""
    return Storms(
        Budget(events, 60, shared), Budget(transactions, 60, shared), Budget(quota, 3600, shared)
    )


def _told(held: Held) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if held.quantity:
        since = datetime.fromtimestamp(held.since, timezone.utc)
        told = {"held_back": held.quantity, "since": since.isoformat(timespec="seconds")}
    return {**told, "held_back_of_others": held.of_others} if held.of_others else told


def _mark(error: Any, kind: Key | None) -> None:
    if error is not None:
        error.__dict__[_MARK] = id(error), kind


def _was_seen(error: Any, kind: Key | None) -> bool:
    """Whether this error was marked, or one of its kind that it was raised while handling."""
    if error is None:
        return False
    mark = error.__dict__.get(_MARK)
    if mark is not None and mark[0] == id(error):
        return True
    return any(
        earlier.__dict__.get(_MARK) == (id(earlier), kind) for earlier in handled_before(error)
    )


def _failed() -> None:
    # Said once: it may fail for every event.
    level = logging.DEBUG if "storms" in outcomes.failures() else logging.WARNING
    outcomes.record_failure("storms")
    logger.log(level, "the storm budget failed and is passed over", exc_info=True)
