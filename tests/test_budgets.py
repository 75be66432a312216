"""sentry_app.budgets: how many may go, and that none that is held back is forgotten."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Hashable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentry_app.budgets import Budget, Held, Ticket
from tests.support.forks import needs_fork


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """A shared counter, which may be away."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.counts: Counter[Any] = Counter()
        self.is_away = False
        self.asked = 0
        self.renewed = 0

    def ends_in(self, seconds: int) -> float:
        return seconds - self.clock() % seconds

    def number(self, kind: Hashable, seconds: int) -> int | None:
        self.asked += 1
        if self.is_away:
            return None
        window = kind, self.clock() // seconds
        self.counts[window] += 1
        return self.counts[window]

    def renew(self) -> None:
        self.renewed += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


def budget(clock: Clock, limit: int = 2, shared: Counting | None = None, **more: Any) -> Budget:
    return Budget(limit, 60, shared, monotonic=clock, wall=clock, **more)


def attempts(budget: Budget, number: int, kind: Hashable = "a") -> list[Ticket]:
    """The tickets of so many attempts; those that get none are held back."""
    tickets = []
    for _ in range(number):
        ticket = budget.admit(kind)
        if ticket is None:
            budget.hold(kind)
        else:
            tickets.append(ticket)
    return tickets


def test_a_kind_has_so_many_in_a_window(clock: Clock) -> None:
    one = budget(clock)
    assert len(attempts(one, 5)) == 2
    assert one.is_over("a")
    clock.now += 59.9
    assert attempts(one, 1) == []
    clock.now += 0.1
    assert not one.is_over("a")
    assert len(attempts(one, 5)) == 2


def test_kinds_do_not_share_a_budget(clock: Clock) -> None:
    one = budget(clock)
    attempts(one, 5, "a")
    assert not one.is_over("b")
    assert len(attempts(one, 5, "b")) == 2


def test_zero_is_no_limit(clock: Clock) -> None:
    one = budget(clock, limit=0)
    tickets = attempts(one, 200)
    assert len(tickets) == 200
    assert {ticket.held for ticket in tickets} == {Held()}
    tickets[0].give_back()
    assert not one.is_over("a")


def test_the_next_one_tells_how_many_were_held_back_and_since_when(clock: Clock) -> None:
    one = budget(clock)
    attempts(one, 2)
    clock.now += 10
    attempts(one, 3)
    clock.now += 100
    first, second = attempts(one, 2)
    assert first.held == Held(3, 1010.0, 0)
    assert second.held == Held()


def test_the_first_of_a_window_that_is_held_back_is_known(clock: Clock) -> None:
    one = budget(clock)
    attempts(one, 2)
    assert [one.hold("a"), one.hold("a")] == [True, False]
    clock.now += 60
    attempts(one, 2)
    assert one.hold("a")


def test_what_did_not_go_may_be_used_again_and_its_message_too(clock: Clock) -> None:
    one = budget(clock)
    attempts(one, 5)
    clock.now += 60
    ticket = one.admit("a")
    assert ticket is not None
    ticket.give_back()
    again = attempts(one, 5)
    assert [ticket.held.quantity for ticket in again] == [3, 0]


def test_a_late_return_does_not_make_the_next_window_larger(clock: Clock) -> None:
    one = budget(clock)
    [old, _] = attempts(one, 2)
    clock.now += 60
    attempts(one, 1)
    old.give_back()
    assert len(attempts(one, 5)) == 1


# a bounded table


def test_many_kinds_take_no_more_room_and_nothing_is_forgotten(clock: Clock) -> None:
    one = budget(clock, limit=1, most_kinds=8)
    tickets = []
    for number in range(100):
        clock.now += 0.001
        tickets += attempts(one, 3, number)
    assert len(one._kinds) <= 8
    told = sum(ticket.held.of_others for ticket in tickets)
    assert told > 150
    assert told + sum(known.held for known in one._kinds.values()) == 200


def test_those_go_that_were_not_seen_for_longest(clock: Clock) -> None:
    one = budget(clock, limit=1, most_kinds=8)
    for number in range(100):
        clock.now += 0.001
        attempts(one, 1, number)
        attempts(one, 2, "busy")
    assert one.is_over("busy")


def test_what_a_forgotten_kind_gives_back_is_told_by_another(clock: Clock) -> None:
    one = budget(clock, limit=1, most_kinds=4)
    attempts(one, 4, "a")
    clock.now += 60
    ticket = one.admit("a")
    for number in range(8):
        clock.now += 1
        attempts(one, 1, number)
    assert ticket is not None
    ticket.give_back()
    told = one.admit("new")
    assert told is not None
    assert told.held.of_others == 3


def test_memory_does_not_grow_with_the_number_of_kinds(clock: Clock) -> None:
    one = budget(clock, limit=1)
    for number in range(5000):
        attempts(one, 2, ("shop.errors", "OutOfStock", "/srv/shop/views.py", number, 12))
    size = sum(
        sys.getsizeof(kind) + sys.getsizeof(known) + 3 * sys.getsizeof(0.5)
        for kind, known in one._kinds.items()
    )
    assert size + sys.getsizeof(one._kinds) < 2**20


# several processes


def test_processes_share_a_counter(clock: Clock) -> None:
    shared = Counting(clock)
    fleet = [budget(clock, 5, shared) for _ in range(3)]
    assert sum(len(attempts(one, 10)) for one in fleet) == 5
    assert all(one.is_over("a") for one in fleet)


def test_each_candidate_is_one_question_and_what_is_over_is_none(clock: Clock) -> None:
    shared = Counting(clock)
    fleet = [budget(clock, 5, shared) for _ in range(2)]
    for one in fleet:
        attempts(one, 100)
    assert shared.asked == 5 + 1  # the second process asks once, and then knows


def test_windows_that_are_shared_are_those_of_the_clock(clock: Clock) -> None:
    one = budget(clock, 2, Counting(clock))
    clock.now = 1019.0
    attempts(one, 5)
    clock.now = 1020.0
    assert len(attempts(one, 5)) == 2


def test_without_the_counter_each_process_has_its_own(clock: Clock) -> None:
    shared = Counting(clock)
    shared.is_away = True
    fleet = [budget(clock, 5, shared) for _ in range(3)]
    assert [len(attempts(one, 10)) for one in fleet] == [5, 5, 5]


def test_what_was_given_back_is_not_asked_for_again(clock: Clock) -> None:
    shared = Counting(clock)
    one = budget(clock, 2, shared)
    for _ in range(50):
        ticket = one.admit("a")
        assert ticket is not None
        ticket.give_back()
    assert shared.asked == 1


# processes that are forked, threads


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_process_begins_anew_even_if_the_lock_was_held(clock: Clock) -> None:
    shared = Counting(clock)
    one = budget(clock, 2, shared)
    attempts(one, 5)
    held, done = threading.Event(), threading.Event()

    def hold_the_lock() -> None:
        with one._lock:
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold_the_lock)
    thread.start()
    held.wait(30)
    renewed = shared.renewed
    pid = os.fork()
    if not pid:
        try:
            begins_anew = not one.is_over("a") and shared.renewed == renewed + 1
            acquired = one._lock.acquire(timeout=10)
            os._exit(0 if begins_anew and acquired else 1)
        finally:
            os._exit(2)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert one.is_over("a")


def test_threads_take_no_more_than_there_is() -> None:
    one = Budget(50, 3600)
    taken: list[Ticket] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait(30)
        taken.extend(attempts(one, 500))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 50
    assert one._kinds["a"].held == 8 * 500 - 50


# every order of events


steps = st.lists(
    st.one_of(
        st.tuples(st.just("event"), st.sampled_from("abcde")),
        st.tuples(st.just("back"), st.integers(0, 20)),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 20, 61])),
        st.tuples(st.just("away"), st.booleans()),
    ),
    max_size=120,
)


@given(steps, st.integers(1, 4), st.booleans())
def test_no_window_has_too_many_and_nothing_is_lost(
    steps: Any, limit: int, is_shared: bool
) -> None:
    clock = Clock()
    shared = Counting(clock) if is_shared else None
    one = budget(clock, limit, shared, most_kinds=3)
    gone: list[Ticket] = []
    sent: Counter[Any] = Counter()
    held = 0
    for step, value in steps:
        if step == "wait":
            clock.now += value
        elif step == "away" and shared is not None:
            shared.is_away = value
        elif step == "back" and gone:
            ticket = gone.pop(value % len(gone))
            sent[id(ticket._kind), ticket._end] -= 1
            ticket.give_back()
        elif step == "event" and (ticket := one.admit(value)) is not None:
            gone.append(ticket)
            sent[id(ticket._kind), ticket._end] += 1
        elif step == "event":
            one.hold(value)
            held += 1
    assert max(sent.values(), default=0) <= limit
    told = sum(ticket.held.quantity + ticket.held.of_others for ticket in gone)
    assert told + one._forgotten + sum(known.held for known in one._kinds.values()) == held
