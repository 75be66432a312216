"""sentry_app.interrupts: what a signal's handler raises is told from other errors."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk import scope, utils

from sentry_app.interrupts import is_from_signal, let_through
from sentry_app.scrubbing import Scrubber
from sentry_app.scrubbing.findings import Findings
from sentry_app.showing.harmless import has_harmless_text


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


def test_another_thread_has_no_handlers() -> None:
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(is_from_signal(KeyboardInterrupt())))
    thread.start()
    thread.join()
    assert seen == [False]


def test_a_rule_that_is_interrupted_swallows_nothing() -> None:
    signal.signal(signal.SIGUSR1, raising)

    def rule(text: str, found: Any) -> str:
        send()
        return text

    with pytest.raises(TimeIsUp):
        Scrubber._scrub_text("text", rule, Findings())


def test_a_look_at_an_error_that_is_interrupted_swallows_nothing() -> None:
    class Slow(ValueError):
        @property
        def args(self) -> Any:  # type: ignore[override]
            send()
            return ()

    signal.signal(signal.SIGUSR1, raising)
    with pytest.raises(TimeIsUp):
        has_harmless_text(Slow())


def test_what_the_sdk_swallows_itself_is_let_through(
    start_sdk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any, **kw: Any) -> Any:
        send()

    start_sdk(TRANSPORT="locmem")
    signal.signal(signal.SIGUSR1, raising)
    with pytest.raises(TimeIsUp), utils.capture_internal_exceptions():
        interrupted()
    monkeypatch.setattr(scope, "event_from_exception", interrupted)
    with pytest.raises(TimeIsUp):
        sentry_sdk.capture_exception(ValueError("captured"))
