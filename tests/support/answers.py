"""How a SentryServer answers: each is called with the request's handler and what it received.

Choose one with `SentryServer(answer=status(403))`, or change it on the way: `server.answer = ok`.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.envelopes import Received
    from tests.support.sentry_server import Handler

    Answer = Callable[[Handler, Received], None]


def ok(handler: Handler, received: Received) -> None:
    """As Sentry's relay does: 200 and the id of the event, or {} for an envelope without one."""
    handler.reply(200, _accepted(received))


def ok_with_limits(limits: str = "60:error:organization:quota") -> Answer:
    """Accept, and announce a rate limit in X-Sentry-Rate-Limits."""

    def answer(handler: Handler, received: Received) -> None:
        handler.reply(200, _accepted(received), {"X-Sentry-Rate-Limits": limits})

    return answer


def status(code: int, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """A bare status: empty 403, 429 with {"Retry-After": "30"}, 500, 413 ..."""

    def answer(handler: Handler, received: Received) -> None:
        handler.reply(code, body, headers)

    return answer


def html() -> Answer:
    """A 200 that is no Sentry: the login page of a proxy."""
    return status(200, "<html><body>Please log in</body></html>", {"Content-Type": "text/html"})


def json_without_id(**fields: Any) -> Answer:
    """A 200 with JSON that names no event."""
    return status(200, json.dumps(fields))


def json_with_other_id() -> Answer:
    """A 200 with the id of an event that nobody sent."""
    return status(200, json.dumps({"id": uuid.uuid4().hex}))


def redirect(to: str, code: int = 302) -> Answer:
    """Send the client elsewhere."""
    return status(code, headers={"Location": to})


def slow(seconds: float) -> Answer:
    """Accept after so many seconds, or when the server closes."""

    def answer(handler: Handler, received: Received) -> None:
        handler.server.closing.wait(seconds)
        ok(handler, received)

    return answer


def hang(handler: Handler, received: Received) -> None:
    """Say nothing until the server closes, then hang up."""
    handler.server.closing.wait()
    drop(handler, received)


def hang_until(released: threading.Event) -> Answer:
    """Say nothing until `released` is set or the server closes, then hang up."""

    def answer(handler: Handler, received: Received) -> None:
        while not released.wait(0.05) and not handler.server.closing.is_set():
            pass
        drop(handler, received)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """Answer one request so and the next one so, from the start again at the end."""
    turns, lock = cycle(answers), threading.Lock()

    def answer(handler: Handler, received: Received) -> None:
        with lock:
            turn = next(turns)
        turn(handler, received)

    return answer


def garbage(handler: Handler, received: Received) -> None:
    """Answer what is no HTTP, and hang up."""
    handler.wfile.write(b"\x00\x01 no HTTP\r\n\r\n")
    drop(handler, received)


def take_and_drop(handler: Handler, received: Received) -> None:
    """Accept, but hang up without an answer: nobody can know."""
    handler.accept()
    drop(handler, received)


class DropMidBody:
    """Read so many bytes of the body only, then hang up: the envelope has not arrived."""

    def __init__(self, reads: int = 100) -> None:
        self.reads = reads

    def __call__(self, handler: Handler, received: Received) -> None:
        raise AssertionError("the envelope was read to its end")


def drop(handler: Handler, received: Received) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def _accepted(received: Received) -> str:
    event_id = received.headers.get("event_id")
    return json.dumps({"id": event_id} if event_id else {})
