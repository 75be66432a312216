"""sentry_app.interrupts: handlers wait for the end of a capture, and what they raise is known."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from ctypes import CDLL, create_string_buffer
from functools import partial
from typing import Any

import pytest

from sentry_app import interrupts
from sentry_app.interrupts import deferred, is_from_signal, let_through


class TimeIsUp(Exception):
    pass


def raising(number: int, frame: Any) -> None:
    raise TimeIsUp


class Raising:
    def __call__(self, number: int, frame: Any) -> None:
        raise TimeIsUp

    def method(self, number: int, frame: Any) -> None:
        raise TimeIsUp


HANDLERS = [raising, partial(raising), Raising(), Raising().method]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


def send() -> None:
    os.kill(os.getpid(), signal.SIGUSR1)


def capture(steps: list[str], times: int = 1) -> None:
    """A body that the signal interrupts, or not."""
    with deferred():
        for _ in range(times):
            send()
        steps.append("the rest")


def capture_within(steps: list[str]) -> None:
    with deferred():
        capture(steps)
        steps.append("after the inner")


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_runs_when_the_body_is_done(handler: Any) -> None:
    signal.signal(signal.SIGUSR1, handler)
    steps: list[str] = []
    with pytest.raises(TimeIsUp) as raised:
        capture(steps)
    assert steps == ["the rest"]
    assert is_from_signal(raised.value)
    assert signal.getsignal(signal.SIGUSR1) is handler or handler == HANDLERS[3]


@pytest.mark.parametrize("handler", HANDLERS)
def test_what_a_handler_raises_is_told_from_other_errors(handler: Any) -> None:
    signal.signal(signal.SIGUSR1, handler)
    with pytest.raises(TimeIsUp) as raised:
        send()
    assert is_from_signal(raised.value)
    with pytest.raises(TimeIsUp):
        let_through(raised.value)
    assert not is_from_signal(ValueError("raised by nobody"))
    let_through(ValueError("swallowed"))


def test_ctrl_c_is_always_the_users() -> None:
    assert is_from_signal(KeyboardInterrupt())


def test_a_handler_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "LONGEST", -1.0)
    signal.signal(signal.SIGUSR1, raising)
    steps: list[str] = []
    with pytest.raises(TimeIsUp):
        capture(steps)
    assert steps == []


def test_each_of_several_is_handled() -> None:
    seen: list[int] = []

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        raise TimeIsUp

    signal.signal(signal.SIGUSR1, note)
    with pytest.raises(TimeIsUp):
        capture([], times=2)
    assert seen == [signal.SIGUSR1] * 2


def test_a_handler_that_was_set_meanwhile_stays() -> None:
    with deferred():
        signal.signal(signal.SIGUSR1, raising)
    assert signal.getsignal(signal.SIGUSR1) is raising


def test_a_body_within_another_waits_for_the_outer() -> None:
    signal.signal(signal.SIGUSR1, raising)
    steps: list[str] = []
    with pytest.raises(TimeIsUp):
        capture_within(steps)
    assert steps == ["the rest", "after the inner"]


def test_another_thread_has_no_handlers() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with deferred():
            seen.append(signal.getsignal(signal.SIGINT))
        seen.append(is_from_signal(KeyboardInterrupt()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before, False]


@pytest.mark.skipif(sys.platform != "linux", reason="told by sigaction(2)")
@pytest.mark.parametrize("goes_on", [True, False])
def test_a_system_call_goes_on_as_the_server_wants(goes_on: bool) -> None:
    (reader, writer), is_over = os.pipe(), threading.Event()
    signal.signal(signal.SIGUSR1, lambda number, frame: None)
    signal.siginterrupt(signal.SIGUSR1, not goes_on)
    with deferred():
        pass

    def disturb() -> None:  # until one comes while it reads
        while not is_over.wait(0.05):
            send()
            if goes_on:
                os.write(writer, b"x")

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    try:
        read = CDLL(None).read(reader, create_string_buffer(1), 1)  # Python's would try again
        assert read == (1 if goes_on else -1)
    finally:
        is_over.set()
        disturbing.join()
        os.close(reader)
        os.close(writer)


def test_an_interpreter_within_another_has_no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    # As mod_wsgi runs applications; what Python offers for it is named anew by each version.
    def refuse(number: int, handler: Any) -> None:
        raise ValueError("signal only works in main thread of the main interpreter")

    steps: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr("signal.signal", refuse)
        with deferred():
            steps.append("the body")
    assert steps == ["the body"]


@pytest.mark.parametrize("server", ["uwsgi", "mod_wsgi"])
def test_the_handlers_of_a_server_in_c_stay(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, server, sys)
    signal.signal(signal.SIGUSR1, raising)
    with deferred():
        assert signal.getsignal(signal.SIGUSR1) is raising
