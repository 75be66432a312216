"""Text to values: the kinds of setting that name attributes and headers."""

import re
from typing import Any

from sentry_app import env


def user_fields() -> env.Kind:
    """A list of names or dotted attributes, or one callable, itself or by its dotted path.

    In the environment ``a,b.c`` is a list; a single entry with a dot is the path of a callable.
    """
    base = env.strings()

    def convert(value: Any) -> Any:
        if callable(value) or env.is_dotted_path(value):
            return value
        entries: tuple[str, ...] = base.convert(value)
        for entry in entries:
            if not _is_attribute(entry):
                raise ValueError(f"{entry!r} is not the name of an attribute")
        return entries

    def from_text(text: str) -> Any:
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        return entries[0] if len(entries) == 1 and "." in entries[0] else entries

    def salvage(value: Any) -> tuple[str, ...]:
        assert base.salvage is not None
        return tuple(entry for entry in base.salvage(value) if _is_attribute(entry))

    return env.Kind(
        "a list of names or dotted attributes, or a callable or its dotted path",
        convert,
        from_text,
        salvage,
    )


def _is_attribute(entry: str) -> bool:
    return all(part.isidentifier() for part in entry.split("."))


def header_name() -> env.Kind:
    """The name of an HTTP header: a token of RFC 9110, section 5.6.2."""

    def convert(value: Any) -> str:
        if isinstance(value, str) and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value):
            return value
        raise ValueError

    return env.Kind("the name of an HTTP header", convert, str)
