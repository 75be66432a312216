"""What building one event may take, and what was left out of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from threading import get_ident
from time import thread_time
from typing import Any

#: Stands for what the budget was too small for.
NOT_SHOWN = "<not shown: over the time budget>"
#: How all begins that stands for what is not shown.
_MISSING = "<not shown: "

#: Longer texts are cut to this, in characters.
LONGEST = 10_000
#: Texts above this are long. Once those of one event have filled ``LONG_TEXTS``, they are cut to
#: this.
SHORT = 1_000
LONG_TEXTS = 256_000
#: Seconds, for what is shown outside of an event.
DEFAULT = 0.2


def is_missing(text: str) -> bool:
    """Whether ``text`` stands for something that is not shown."""
    return text.startswith(_MISSING)


class Budget:
    """The time for one event: what this thread computes, and what it waits for others.

    Not the time on the clock: on a busy machine an event would lose its variables for nothing.
    ``error`` is what it is about; ``left_out`` counts what is missing, by what it was.
    ``make_context`` makes the context in which objects are asked.
    """

    def __init__(
        self,
        seconds: float = DEFAULT,
        error: BaseException | None = None,
        make_context: Callable[[], Context] = copy_context,
    ) -> None:
        self.make_context = make_context
        # Not the error itself, which would keep its frames alive.
        self._error, self._thread = id(error), get_ident()
        self._until = thread_time() + seconds
        self._room = LONG_TEXTS
        self._told: dict[int, tuple[Any, str]] = {}
        self.left_out: Counter[str] = Counter()

    def is_for(self, error: BaseException | None) -> bool:
        """Whether it was begun in this thread, for ``error``."""
        return self._error == id(error) and self._thread == get_ident()

    def left(self) -> float:
        """The seconds that are left; not above 0 if it is spent."""
        return self._until - thread_time()

    def waited(self, seconds: float) -> None:
        """Take off what was waited."""
        self._until -= seconds

    def room_for(self, length: int) -> int:
        """How much is shown of a text of this length."""
        limit = LONGEST if self._room > 0 else SHORT
        if length > SHORT:
            self._room -= min(length, limit)
        return limit

    def told(self, value: Any) -> str | None:
        """What ``value`` said of itself before: one object stands in many frames."""
        found = self._told.get(id(value))
        return found[1] if found is not None else None

    def remember(self, value: Any, text: str) -> None:
        """Note what ``value`` says of itself; it is kept alive until :meth:`forget`."""
        self._told[id(value)] = value, text

    def forget(self) -> None:
        """Let go of the application's objects."""
        self._told.clear()


#: That of the event that is being built in this thread, if there is one.
_current: ContextVar[Budget | None] = ContextVar("budget", default=None)


def current() -> Budget | None:
    """The budget of the event that is being built here, or None."""
    return _current.get()


@contextmanager
def spending(budget: Budget) -> Iterator[None]:
    """Let ``budget`` be the current one."""
    token = _current.set(budget)
    try:
        yield
    finally:
        _current.reset(token)
        budget.forget()
