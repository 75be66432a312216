"""Whose ``repr`` can be called here: it runs no code of the project's, and cannot wait."""

import datetime
import decimal
import re
import types
import uuid
from typing import Any

from sentry_app.interrupts import let_through

#: Nothing of these needs a second look.
PLAIN = frozenset(
    {
        *(type(None), bool, int, float, complex, uuid.UUID, decimal.Decimal),
        *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone),
    }
)

_BUILTIN = frozenset(
    vars(kind)["__repr__"]
    for kind in (
        *(object, str, bytes, int, float, complex, bool, type, range, memoryview, re.Pattern),
        *(datetime.datetime, datetime.date, datetime.timedelta, decimal.Decimal, type(None)),
        *(types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.CodeType),
        *(types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.FrameType),
    )
    if "__repr__" in vars(kind)
)
#: Modules whose ``__repr__`` are written in Python and say little: that of Django's model is not
#: among them, since it calls the model's ``__str__``.
_MODULES = frozenset(
    {
        *("enum", "ipaddress", "logging", "pathlib", "pathlib._local", "threading", "uuid"),
        *("zoneinfo", "django.core.handlers.wsgi", "django.core.handlers.asgi"),
        *("django.http.request", "django.http.response", "django.utils.deprecation"),
    }
)
_EXCEPTION: Any = BaseException.__repr__
_METHOD = types.MethodType
#: Attributes that the SDK prefers to the text of an exception.
_SAID = ("message", "detail")


def is_harmless(value: Any) -> bool:
    """Whether ``repr(value)`` is quick and runs nothing of the project's own."""
    kind = type(value)
    if kind in PLAIN:
        return True
    if kind is _METHOD:
        return is_harmless(value.__self__)
    show: Any = kind.__repr__
    if show in _BUILTIN:
        return True
    if show is _EXCEPTION:
        return all(_is_small(entry) for entry in value.args)
    return isinstance(show, types.FunctionType) and show.__module__ in _MODULES


def has_harmless_text(error: BaseException | None) -> bool:
    """Whether the same holds for ``str(error)``, and its ``message`` and ``detail``."""
    if error is None:
        return True
    kind = type(error)
    # Those of the interpreter's own classes are not written in Python.
    if isinstance(kind.__str__, types.FunctionType):
        return False
    if any(name in vars(cls) for cls in kind.__mro__ for name in _SAID):
        return False
    try:
        said = [vars(error).get(name) for name in _SAID]
        return all(map(_is_small, [*error.args, *said]))
    except Exception as failure:  # properties of the project's own
        let_through(failure)
        return False


def _is_small(value: Any) -> bool:
    kind = type(value)
    return kind in PLAIN or (kind is str and len(value) <= 10_000)
