"""The walk over values before the SDK serialises them: cut, replaced, or left as they are."""

import sys
from array import array
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from time import monotonic
from typing import Any

from django.template.context import BaseContext
from django.utils.functional import LazyObject

from sentry_app.interrupts import let_through
from sentry_app.lazy import Unloaded, is_unloaded
from sentry_app.showing import helpers
from sentry_app.showing.budget import NOT_SHOWN, SHORT, Budget
from sentry_app.showing.harmless import PLAIN, is_harmless
from sentry_app.showing.texts import Told, cut, head

#: As many entries of a container as the SDK looks at: it shows ten (its ``MAX_DATABAG_BREADTH``).
BREADTH = 11
#: So many entries are looked at in the variables of one frame, or in one part of an event.
MOST_NODES = 3_000
#: A container that the SDK shows by its ``repr`` has no more in it.
_MOST_AT_THE_BOTTOM = 100

_SEQUENCES = (list, tuple, set, frozenset)
_ITERATORS = frozenset(kind.__iter__ for kind in _SEQUENCES)
#: Whose mappings are trusted to say at once what they hold.
_TRUSTED = frozenset({*sys.stdlib_module_names, "django"})

Ask = Callable[[Any], str]


class Showing:
    """One walk. ``ask`` is called in another thread: what an object says of itself, never raising.

    ``most`` entries of a container are shown, or as many as the SDK shows; ``as_repr`` says whether
    texts will be shown by their ``repr``. The values that are given stay as they are.
    """

    def __init__(
        self, budget: Budget, ask: Ask, *, most: int | None = None, as_repr: bool = False
    ) -> None:
        self._budget, self._ask, self._as_repr = budget, ask, as_repr
        self._most = most
        self._nodes = MOST_NODES
        self._breadth = most or BREADTH
        self._asked: list[tuple[Any, Told]] = []

    def show(self, value: Any, depth: int) -> Any:
        """``value`` or what stands for it; ``depth`` is how far down the SDK will go."""
        kind = type(value)
        if kind in PLAIN:
            return value
        if kind is str:
            return value if len(value) <= SHORT else self._long(value)
        if self._nodes < 0:
            return self._left_out("entries", "<not shown: too many entries>")
        if issubclass(kind, LazyObject):  # not isinstance(), which would evaluate it
            if is_unloaded(value):
                return Unloaded(value)
            return self.show(vars(value)["_wrapped"], depth)
        if issubclass(kind, BaseContext):
            return self.show(list(reversed(value.dicts)), depth)
        return self._container(value, kind, depth)

    def fields(self, value: Any, depth: int, levels: int = 1) -> Any:
        """``value`` as :meth:`show` has it, but mappings stay such for so many levels."""
        if type(value) is not dict or not levels:
            return self.show(value, depth)
        if self._most and len(value) > self._most:
            self._budget.left_out["entries"] += len(value) - self._most
        return {
            self._key(key): self.fields(entry, depth - 1, levels - 1)
            for key, entry in islice(value.items(), self._most)
        }

    def ask(self, value: Any) -> Told:
        """What will hold what ``value`` says of itself, once it is heard."""
        return self._asking(value, type(value))

    def hear(self, share: float = 1.0) -> None:
        """Ask the objects that were found, in another thread, within a share of what is left."""
        if not self._asked:
            return
        values = [value for value, _ in self._asked]
        texts = self._heard(values, share)
        for (value, told), text in zip(self._asked, texts, strict=False):
            told.text = self._cut(text)
            self._budget.remember(value, told.text)
        if missing := len(values) - len(texts):
            self._budget.left_out["variables"] += missing

    def _heard(self, values: list[Any], share: float) -> list[str]:
        left = self._budget.left() * share
        if left <= 0:
            return []
        jobs = [lambda value=value: self._ask(value) for value in values]
        start = monotonic()
        try:
            return helpers.run(jobs, self._budget.make_context(), left, list(map(type, values)))
        except RuntimeError:  # no thread can be started
            return []
        finally:
            self._budget.waited(monotonic() - start)

    def _container(self, value: Any, kind: type, depth: int) -> Any:
        if issubclass(kind, dict) and kind.items is dict.items:
            return self._mapping(value, depth)
        if issubclass(kind, _SEQUENCES) and kind.__iter__ in _ITERATORS:
            return self._sequence(value, depth)
        if issubclass(kind, Mapping):  # of which the SDK asks more than its repr
            return self._mapping(value, depth) if _is_trusted(kind) else self._asking(value, kind)
        return self._leaf(value, kind)

    def _mapping(self, value: Any, depth: int) -> Any:
        if depth <= 0:
            return self._bottom(value)
        try:
            entries = list(islice(value.items(), self._breadth))
            self._nodes -= len(entries)
        except Exception as error:  # another thread changes it
            let_through(error)
            return self._left_out("variables", "<not shown: changed meanwhile>")
        shown = [(self._key(key), self.show(entry, depth - 1)) for key, entry in entries]
        same = all(a[0] is b[0] and a[1] is b[1] for a, b in zip(shown, entries, strict=True))
        if self._most and len(value) > self._most:
            self._budget.left_out["entries"] += len(value) - self._most
        elif same:
            return value
        return dict(shown)

    def _sequence(self, value: Any, depth: int) -> Any:
        if depth <= 0:
            return self._bottom(value)
        try:
            entries = list(islice(value, self._breadth))
            self._nodes -= len(entries)
        except Exception as error:  # another thread changes it
            let_through(error)
            return self._left_out("variables", "<not shown: changed meanwhile>")
        shown = [self.show(entry, depth - 1) for entry in entries]
        if self._most and len(value) > self._most:
            self._budget.left_out["entries"] += len(value) - self._most
        elif all(a is b for a, b in zip(shown, entries, strict=True)):
            return value
        return shown

    def _key(self, key: Any) -> Any:
        if type(key) in PLAIN:
            return key
        return self._cut(key) if type(key) is str else self.show(key, 0)

    def _leaf(self, value: Any, kind: type) -> Any:
        if issubclass(kind, (bytes, bytearray)):
            return value if len(value) <= SHORT else self._long_bytes(value)
        if issubclass(kind, str) and not self._as_repr:
            return self._cut(str.__str__(value))
        if issubclass(kind, array):
            return value if len(value) <= BREADTH else Told(_size(value))
        if _is_unevaluated_queryset(value, kind):
            return Told(f"<{kind.__name__} of {value.model.__name__}: not evaluated>")
        return value if is_harmless(value) else self._asking(value, kind)

    def _asking(self, value: Any, kind: type) -> Told:
        """What will hold what ``value`` says of itself, once it was asked."""
        known = self._budget.told(value)
        if known is not None:
            return Told(known)
        if helpers.is_stuck(kind):
            return self._left_out("variables", f"<not shown: {kind.__name__} hangs>")
        told = Told(NOT_SHOWN)
        self._asked.append((value, told))
        return told

    def _bottom(self, value: Any) -> Any:
        """A container that the SDK shows by its ``repr``."""
        left, waiting, is_plain = _MOST_AT_THE_BOTTOM, [value], True
        while waiting:
            entry = waiting.pop()
            kind = type(entry)
            left -= 1
            if issubclass(kind, (dict, *_SEQUENCES)):
                left -= len(entry)
            if left < 0 or issubclass(kind, LazyObject) or _is_long(entry, kind):
                return Told(_size(value))
            if issubclass(kind, (dict, *_SEQUENCES)):
                waiting += _entries(entry)
            else:
                is_plain = is_plain and is_harmless(entry)
        return value if is_plain else self._asking(value, type(value))

    def _long(self, text: str) -> Any:
        shown = self._cut(text)
        if shown is text or not self._as_repr:
            return shown
        start, mark, size = shown.rpartition("... <")
        return Told(f"{start!r}{mark}{size}")

    def _long_bytes(self, value: Any) -> Any:
        limit = self._budget.room_for(len(value))
        if len(value) <= limit:
            return value
        self._budget.left_out["texts"] += 1
        start = head(value[:limit].decode("latin-1"), limit - 1).encode("latin-1")
        return Told(f"{start!r}... <{len(value):,} bytes>")

    def _cut(self, text: str) -> str:
        limit = self._budget.room_for(len(text))
        if len(text) <= limit:
            return text
        self._budget.left_out["texts"] += 1
        return cut(text, limit)

    def _left_out(self, what: str, text: str) -> Told:
        self._budget.left_out[what] += 1
        return Told(text)


def _entries(container: Any) -> Iterable[Any]:
    if isinstance(container, dict):
        return [*dict.keys(container), *dict.values(container)]
    base = next(kind for kind in _SEQUENCES if isinstance(container, kind))
    return list(base.__iter__(container))


def _is_long(value: Any, kind: type) -> bool:
    return issubclass(kind, (str, bytes, bytearray)) and len(value) > SHORT


def _size(value: Any) -> str:
    return f"<{type(value).__name__} with {len(value):,} entries>"


def _is_trusted(kind: type) -> bool:
    """Whether what a mapping holds is told by Python's or Django's own code."""
    owners = {
        next((cls for cls in kind.__mro__ if name in vars(cls)), kind)
        for name in ("items", "__iter__", "__getitem__", "__len__")
    }
    return all(owner.__module__.partition(".")[0] in _TRUSTED for owner in owners)


def _is_unevaluated_queryset(value: Any, kind: type) -> bool:
    return (
        hasattr(kind, "_fetch_all")
        and hasattr(value, "model")
        and vars(value).get("_result_cache", ()) is None
    )
