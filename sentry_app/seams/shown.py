"""What the SDK is given instead of the application's objects, before it serialises them.

The private parts that are used, and what they have to be:

``sentry_sdk.serializer.global_repr_processors``
    a list of functions of a value and hints, which the SDK asks before a value's ``repr``.
``sentry_sdk.utils.disable_capture_event``
    a context variable; while it is True nothing is captured.

Where one is missing, it is passed over.
"""

from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from itertools import islice
from typing import Any

from sentry_sdk import serializer, utils
from sentry_sdk._types import AnnotatedValue

from sentry_app import outcomes
from sentry_app.lazy import no_queries
from sentry_app.showing import NOT_SHOWN, SHORT, Budget, Showing, Told, current
from sentry_app.showing.budget import DEFAULT
from sentry_app.showing.harmless import PLAIN
from sentry_app.showing.walk import MOST_NODES

#: As deep as the SDK shows variables (its ``MAX_DATABAG_DEPTH``).
_DEPTH = 5
#: Contexts and bodies are shown whole by the SDK; deeper than this nobody looks.
_DEEP, _MANY = 10, 100
#: The share of what is left of the budget that one frame may take: the last frames tell most.
_SHARE = 0.5
#: What of an event may hold the application's objects, and whether the SDK shows all of it.
_PARTS = {
    **dict.fromkeys(("extra", "breadcrumbs"), False),
    **dict.fromkeys(("contexts", "tags", "user", "request", "logentry", "message"), True),
}

#: The context of an event that says how much was left out of it, and of what.
LEFT_OUT = "left_out"

Custom = Callable[[Any], Any] | None


def new_budget(seconds: float = DEFAULT, error: BaseException | None = None) -> Budget:
    """A budget whose objects are asked where nothing that they log becomes an event."""
    return Budget(seconds, error, _quiet_context)


def variables(value: Any, custom: Custom) -> Any:
    """The local variables of a frame, ready for the SDK's serializer."""
    budget = current() or new_budget()
    if budget.left() <= 0:
        budget.left_out["variables"] += len(value)
        return {str(name): Told(NOT_SHOWN) for name in islice(value, 10)}
    showing = Showing(budget, _asking(custom), as_repr=True)
    shown = showing.show(value, _DEPTH)
    showing.hear(_SHARE)
    return shown


def event(value: Any, custom: Custom) -> Any:
    """An event, ready for the SDK's serializer; a context says what was left out."""
    budget = current() or new_budget()
    changed: dict[str, Any] = {}
    for name, is_whole in _PARTS.items():
        part = value.get(name)
        if part is not None and not _is_usual(part):
            changed[name] = _shown(part, budget, custom, is_whole)
    if spans := value.get("spans"):
        changed["spans"] = _spans(spans, budget, custom)
    if budget.left_out:
        outcomes.record_left_out(budget.left_out)
        contexts = changed.get("contexts") or value.get("contexts") or {}
        changed["contexts"] = {**contexts, LEFT_OUT: dict(budget.left_out)}
    return {**value, **changed} if changed else value


def _shown(part: Any, budget: Budget, custom: Custom, is_whole: bool) -> Any:
    if type(part) is AnnotatedValue:
        return AnnotatedValue(_shown(part.value, budget, custom, is_whole), part.metadata)
    showing = Showing(budget, _asking(custom), most=_MANY if is_whole else None)
    if type(part) is dict and type(part.get("values")) is list:  # of breadcrumbs
        shown = {**part, "values": [showing.fields(crumb, _DEPTH) for crumb in part["values"]]}
    else:
        shown = showing.fields(part, _DEEP if is_whole else _DEPTH, levels=2)
    showing.hear()
    return shown


def _spans(spans: Any, budget: Budget, custom: Custom) -> Any:
    if type(spans) is AnnotatedValue:
        return AnnotatedValue(_spans(spans.value, budget, custom), spans.metadata)
    if type(spans) is not list:
        return spans
    return [span if _is_usual(span) else _shown(span, budget, custom, True) for span in spans]


def _is_usual(value: Any) -> bool:
    """Whether there is nothing in ``value`` to be looked at: short texts and numbers, and few."""
    return _left(value, MOST_NODES, _DEPTH) >= 0


def _left(value: Any, left: int, depth: int) -> int:
    """How many of ``left`` entries are left after those of ``value``; -1 if it is not usual."""
    kind = type(value)
    if kind is str:
        return left if len(value) <= SHORT else -1
    if kind in PLAIN:
        return left
    if (kind is not dict and kind is not list) or len(value) > _MANY or depth == 0:
        return -1
    left -= len(value)
    for entry in value.values() if kind is dict else value:
        left = _left(entry, left, depth - 1)
        if left < 0:
            return -1
    return left


def _asking(custom: Custom) -> Callable[[Any], str]:
    def ask(value: Any) -> str:
        try:
            with no_queries():
                return str.__str__(_text(value, custom))
        except BaseException as error:  # it runs beside the application, which must not see it
            return f"<not shown: {type(value).__name__}.__repr__ raised {type(error).__name__}>"

    return ask


def _text(value: Any, custom: Custom) -> str:
    """What the SDK would show for ``value``."""
    for processor in getattr(serializer, "global_repr_processors", ()):
        text = processor(value, {})
        if isinstance(text, str):
            return text
    own = getattr(type(value), "__sentry_repr__", None)
    text = own(value) if callable(own) else custom(value) if custom else None
    if isinstance(text, str) and text:
        return text
    return repr(dict(islice(value.items(), 11)) if isinstance(value, Mapping) else value)


def _quiet_context() -> Context:
    context = copy_context()
    variable = getattr(utils, "disable_capture_event", None)
    if variable is not None:
        context.run(variable.set, True)
    return context
