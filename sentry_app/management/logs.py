"""What is logged while ``sentry_test`` runs: our own warnings as notes, the rest not at all."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

#: They say once more, with tracebacks and unmasked, what the command reports itself.
_SILENT = ("sentry_sdk.errors", "urllib3.connectionpool", "urllib3.poolmanager")


class _Notes(logging.Handler):
    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        note = record.getMessage() + (f" ({error.__name__})" if error else "")
        if note not in self._notes:
            self._notes.append(note)


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """The warnings of ``sentry_app`` while the body runs, each once, without tracebacks."""
    notes: list[str] = []
    ours = logging.getLogger("sentry_app")
    before = ours.handlers, ours.propagate, ours.disabled
    ours.handlers, ours.propagate, ours.disabled = [_Notes(notes)], False, False
    loggers = [logging.getLogger(name) for name in _SILENT]
    disabled = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield notes
    finally:
        ours.handlers, ours.propagate, ours.disabled = before
        for logger, was_disabled in zip(loggers, disabled, strict=True):
            logger.disabled = was_disabled
