"""What ``sentry_test`` can send, each as a function that gives it to the SDK."""

from collections.abc import Callable, Mapping
from typing import Any

import sentry_sdk
from sentry_sdk.crons import capture_checkin

from sentry_app.management.drops import TRANSACTION
from sentry_app.management.sending import Item

TEXT = "Test message from manage.py sentry_test"


def chosen(flags: Mapping[str, Any], exception: Callable[[], str | None]) -> list[Item]:
    """The items that ``flags`` ask for; the exception if they ask for none.

    ``exception`` raises and captures one in the command's own frame.
    """
    level = flags["level"]
    everything = {
        "exception": Item("exception", "event", "error", True, exception),
        "message": Item(
            "message", "event", "error", True, lambda: _message(flags["message"], level)
        ),
        "transaction": Item("transaction", "transaction", "transaction", True, _transaction),
        "log": Item("log", "log", "log_item", False, lambda: _log(level)),
        "checkin": Item(
            "checkin", "check_in", "monitor", False, lambda: _checkin(flags["checkin"])
        ),
    }
    wanted = {name for name in everything if flags[name] not in (None, False)}
    if flags["all"]:
        wanted |= everything.keys() - {"checkin"}
    return [item for name, item in everything.items() if name in (wanted or {"exception"})]


def _message(text: str | None, level: Any) -> str | None:
    return sentry_sdk.capture_message(text or TEXT, level=level or "info")


def _transaction() -> str | None:
    transaction: Any = sentry_sdk.start_transaction(name=TRANSACTION, op="test")
    with transaction.start_child(op="test", name="a span of sentry_test"):
        pass
    event_id: str | None = transaction.finish()
    return event_id


def _log(level: str | None) -> None:
    getattr(sentry_sdk.logger, level or "info")(TEXT)


def _checkin(slug: str) -> str | None:
    return capture_checkin(slug, status="ok")
