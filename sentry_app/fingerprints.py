"""What makes two events one of a kind: known before there is an event, and at little cost.

The class of the exception and the place where it was raised; of a log line its logger, its text
before the arguments, and the place of the call. A place is a function and the instruction in it,
because to find the number of its line takes longer than all the rest.
"""

import re
from functools import lru_cache
from types import TracebackType
from typing import Any

#: Compares equal for events of one kind, in each process that runs the same code.
Key = tuple[Any, ...]

#: So many frames and causes are looked at: an error that is raised again and again, or a circle.
_MOST_FRAMES = 300
_MOST_CAUSES = 10

#: So much of a text is compared, in characters.
_LENGTH = 200

#: A number, a date, a UUID: what is different each time.
_NUMBERS = re.compile(r"\b\w*\d[\w.:-]*")

#: Parts of the paths of what is installed, and not the project's own.
_INSTALLED = ("/site-packages/", "/dist-packages/", "/lib/python3", "\\site-packages\\", "\\Lib\\")


def of_event(event: Any, hint: Any) -> Key | None:
    """The kind of an event that is about to be built, or None if nothing tells."""
    error = (hint.get("exc_info") or (None, None))[1]
    if isinstance(error, BaseException):
        return of_error(error)
    record = hint.get("log_record")
    if record is not None:
        return of_log(record)
    text = (event.get("logentry") or {}).get("message") or event.get("message")
    return ("message", event.get("logger"), _template(text)) if isinstance(text, str) else None


def of_error(error: BaseException) -> Key:
    """The kind of an error: its own class and place, and those of its first cause.

    That is what it was raised *from*, or the first error of a group: one ``except`` that raises an
    error of its own, or one task group, stands for many mistakes.
    """
    if error.__cause__ is None and not hasattr(error, "exceptions"):
        return _one(error)  # nearly always
    cause = _first_cause(error)
    return _one(error) if cause is error else _one(error) + _one(cause)


def of_log(record: Any) -> Key:
    """The kind of a ``logging.LogRecord``: of the exception that it holds, if it does."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if isinstance(error, BaseException):
        return of_error(error)
    text = record.msg if isinstance(record.msg, str) else type(record.msg).__qualname__
    return ("log", record.name, _template(text), record.pathname, record.lineno)


def of_transaction(name: str) -> Key:
    """The kind of a transaction: its name."""
    return ("transaction", name[:_LENGTH])


def _one(error: BaseException) -> Key:
    """Class and place: the innermost frame of the project's own, if another raised, and that one.

    In one function, because it is called for each error of a storm.
    """
    kind = type(error)
    frames: list[TracebackType] = []
    traceback = error.__traceback__
    while traceback is not None and len(frames) < _MOST_FRAMES:
        frames.append(traceback)
        traceback = traceback.tb_next
    key: Key = (kind.__module__, kind.__qualname__)
    for frame in reversed(frames):
        code = frame.tb_frame.f_code
        path, is_last = code.co_filename, frame is frames[-1]
        is_own = _is_own(path)
        if is_last or is_own:
            key = (*key, path, code.co_firstlineno, frame.tb_lasti)
        if is_own:
            break
    return key


def _first_cause(error: BaseException) -> BaseException:
    for _ in range(_MOST_CAUSES):
        cause = error.__cause__
        if cause is None:
            members = getattr(error, "exceptions", None)  # an ExceptionGroup, or its backport
            cause = members[0] if isinstance(members, tuple) and members else None
        if not isinstance(cause, BaseException):
            break
        error = cause
    return error


@lru_cache(maxsize=1024)
def _is_own(path: str) -> bool:
    return not (path.startswith("<") or any(part in path for part in _INSTALLED))


def _template(text: str) -> str:
    return _without_numbers(text[:_LENGTH])


@lru_cache(maxsize=256)
def _without_numbers(text: str) -> str:
    """``text`` as the format of a message: many are formatted before they are logged."""
    return _NUMBERS.sub("#", text)
