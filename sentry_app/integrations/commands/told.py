"""What is told of a management command: its name, what it was asked to do, how it ended."""

from collections.abc import Mapping
from typing import Any

from django.core.management import BaseCommand, CommandError

#: What every command has, and where its output goes: not what it was asked to do.
_BASE_OPTIONS = frozenset(
    (
        *("verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color"),
        *("skip_checks", "stdout", "stderr"),
    )
)

#: So many entries of a list are told.
MAX_ENTRIES = 50


def command_name(command: BaseCommand) -> str:
    """The name that a command is called by: that of its module."""
    return type(command).__module__.rpartition(".")[2]


def told_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that say what a command was asked to do."""
    told = {k: _short(v) for k, v in options.items() if k not in _BASE_OPTIONS and v is not None}
    if not told.get("args"):  # what is left over for commands of the old kind
        told.pop("args", None)
    return told


def _short(value: Any) -> Any:
    if not isinstance(value, (list, tuple)) or len(value) <= MAX_ENTRIES:
        return value
    return [*value[:MAX_ENTRIES], f"and {len(value) - MAX_ENTRIES} more"]


def exit_code(error: BaseException) -> int:
    """What the process exits with if ``error`` ends it; for Ctrl-C as a shell counts it."""
    if isinstance(error, CommandError):
        return getattr(error, "returncode", 1)  # set by a base class that may not be called
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 130 if isinstance(error, KeyboardInterrupt) else 1
