"""What an exception says, which is code of the project's own too."""

from collections.abc import Callable
from typing import Any

from sentry_app.lazy import no_queries
from sentry_app.showing.budget import LONGEST, Budget, current
from sentry_app.showing.harmless import has_harmless_text
from sentry_app.showing.texts import cut
from sentry_app.showing.walk import Showing


def message(error: BaseException | None, tell: Callable[[Any], Any] = str) -> str:
    """What ``error`` says by ``tell``, within the budget of the event; never raises."""
    if has_harmless_text(error):
        return cut(str(tell(error)), LONGEST)
    showing = Showing(current() or Budget(), lambda value: _told(value, tell))
    told = showing.ask(error)
    showing.hear()
    return told.text


def _told(value: Any, tell: Callable[[Any], Any]) -> str:
    try:
        with no_queries():
            return str.__str__(tell(value))
    except BaseException as error:  # it runs beside the application, which must not see it
        return f"<not shown: {type(value).__name__}.__str__ raised {type(error).__name__}>"
