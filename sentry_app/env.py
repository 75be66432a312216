"""Text to values: the kinds of setting, and how each is read and checked.

A kind takes a value from Python (``convert``) or text from the environment (``from_text``)
and raises ``ValueError``, saying what is wrong, when it cannot be used.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}

#: What may stand in a DSN's public key; Sentry's own are 32 hexadecimal digits.
_KEY = "[A-Za-z0-9_.~%+-]+"


# No NamedTuple: making the class takes as long as importing three small modules.
class Kind:
    """One kind of setting.

    ``expected`` completes the sentence "must be ...". ``convert`` takes a Python value,
    ``from_text`` the text of an environment variable; what the latter returns passes through
    ``convert`` too. Both raise ``ValueError``. ``salvage`` keeps the usable part of a bad value.
    """

    def __init__(
        self,
        expected: str,
        convert: Callable[[Any], Any],
        from_text: Callable[[str], Any],
        salvage: Callable[[Any], Any] | None = None,
    ) -> None:
        self.expected, self.convert = expected, convert
        self.from_text, self.salvage = from_text, salvage

    def read(self, raw: Any, *, is_text: bool) -> Any:
        """The checked value of ``raw``; raises ``ValueError``."""
        return self.convert(self.from_text(raw.strip()) if is_text else raw)


def boolean() -> Kind:
    """True or False; in the environment also 1/0, yes/no, on/off."""

    def convert(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise ValueError

    def from_text(text: str) -> bool:
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise ValueError

    return Kind(
        "True or False (in the environment: true, false, 1, 0, yes, no, on, off)",
        convert,
        from_text,
    )


def number(low: float, high: float) -> Kind:
    """A number from ``low`` to ``high``, both included."""

    def convert(value: Any) -> float:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and low <= value <= high:
            return float(value)
        raise ValueError

    return Kind(f"a number from {low:g} to {high:g}", convert, _parsed_by(float))


def integer(low: int) -> Kind:
    """A whole number of at least ``low``."""

    def convert(value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= low:
            return value
        raise ValueError

    return Kind(f"a whole number of at least {low}", convert, _parsed_by(int))


def choice(*names: str) -> Kind:
    """One of ``names``."""

    def convert(value: Any) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise ValueError

    return Kind("one of " + ", ".join(names), convert, str.lower)


def text() -> Kind:
    """Any text that is not empty."""

    def convert(value: Any) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        raise ValueError

    return Kind("text", convert, str)


def path() -> Kind:
    """The path of a directory: text, or a ``pathlib.Path`` such as ``BASE_DIR / "sentry"``."""
    base = text()

    def convert(value: Any) -> str:
        return str(base.convert(str(value) if isinstance(value, Path) else value))

    return Kind("the path of a directory", convert, str)


def name(max_length: int, forbidden: str, reserved: tuple[str, ...]) -> Kind:
    """A name that Sentry accepts.

    The rules are those of Relay's ``validate_release`` and ``validate_environment``
    (https://github.com/getsentry/relay, crate relay-event-schema).
    """

    def convert(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError
        stripped = value.strip()
        # Relay counts bytes. What is no text (half a surrogate pair) raises a ValueError here.
        if len(stripped.encode()) > max_length:
            raise ValueError(f"it has more than {max_length} characters")
        if set(stripped) & set(forbidden):
            raise ValueError("it contains a slash, a backslash, a tab or a newline")
        if stripped.lower() in reserved:
            raise ValueError("Sentry reserves that name")
        return stripped

    return Kind(
        f"text of at most {max_length} characters without slashes and newlines, and not None",
        convert,
        str,
    )


def strings() -> Kind:
    """A list of texts; in the environment separated by commas."""

    def convert(value: Any) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise ValueError
        if not all(isinstance(entry, str) and entry for entry in value):
            raise ValueError
        return tuple(sorted(value)) if isinstance(value, (set, frozenset)) else tuple(value)

    def salvage(value: Any) -> tuple[str, ...]:
        entries = [value] if isinstance(value, str) else value
        if not isinstance(entries, (list, tuple, set, frozenset)):
            return ()
        return tuple(entry for entry in entries if isinstance(entry, str) and entry)

    return Kind(
        "a list of texts (in the environment: separated by commas)", convert, _split, salvage
    )


def patterns() -> Kind:
    """A list of regular expressions, kept as text."""
    base = strings()

    def convert(value: Any) -> tuple[str, ...]:
        entries: tuple[str, ...] = base.convert(value)
        for entry in entries:
            _check_pattern(entry)
        return entries

    def salvage(value: Any) -> tuple[str, ...]:
        assert base.salvage is not None
        return tuple(entry for entry in base.salvage(value) if _is_pattern(entry))

    return Kind(
        "a list of regular expressions that do not match the empty text", convert, _split, salvage
    )


def _check_pattern(entry: str) -> None:
    try:
        matches_empty = re.compile(entry).match("")
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"{entry!r} does not compile: {error}") from error
    if matches_empty:
        raise ValueError(f"{entry!r} matches the empty text, and so everything")


def _is_pattern(entry: str) -> bool:
    try:
        _check_pattern(entry)
    except ValueError:
        return False
    return True


def mapping(values: Kind | None = None) -> Kind:
    """A dict with text keys, its values of one kind; in the environment as JSON."""

    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key is not text")
        if values is None:
            return dict(value)
        return {key: values.convert(entry) for key, entry in value.items()}

    expected = f", each value {values.expected}" if values else ""
    return Kind(f"a dict (in the environment: JSON){expected}", convert, _from_json)


def hooks() -> Kind:
    """A dotted path, a callable, or a list of them."""

    def convert(value: Any) -> tuple[Any, ...]:
        entries = value if isinstance(value, (list, tuple)) else [value]
        if not all(callable(entry) or is_dotted_path(entry) for entry in entries):
            raise ValueError
        return tuple(entries)

    return Kind(
        "a dotted path (package.module.function), a callable, or a list of them", convert, _split
    )


def transport() -> Kind:
    """The name of a transport, or the dotted path of one."""
    names = ("http", "console", "file", "locmem")

    def convert(value: Any) -> str:
        if isinstance(value, str) and (value in names or is_dotted_path(value)):
            return value
        raise ValueError

    return Kind(f"one of {', '.join(names)}, or a dotted path", convert, str)


def dsn() -> Kind:
    """A DSN; the empty text switches sending off."""

    def convert(value: Any) -> str | None:
        if value == "" or value is None:
            return None
        if not isinstance(value, str):
            raise ValueError("it is not text")
        _check_dsn(value.strip())
        return value.strip()

    return Kind("a DSN such as https://<public key>@o1.ingest.sentry.io/<project id>", convert, str)


def _check_dsn(value: str) -> None:
    """Raise ``ValueError`` with a reason that quotes nothing: any part may be the key."""
    if value[:1] in ("'", '"'):
        raise ValueError("it begins with a quotation mark")
    try:
        parts = urlsplit(value)
        if parts.port == 0:
            raise ValueError
    except ValueError:
        raise ValueError("host or port cannot be read") from None
    if any(character.isspace() for character in value):
        raise ValueError("it contains a space")
    _check_parts(parts)


def _check_parts(parts: SplitResult) -> None:
    if parts.scheme not in ("http", "https"):
        raise ValueError("it does not start with https:// (or http://)")
    if not parts.hostname:
        raise ValueError("the host is missing")
    if not parts.username:
        raise ValueError("the public key is missing: https://<public key>@<host>/<project id>")
    if not re.fullmatch(_KEY, parts.username):
        raise ValueError("the public key holds a character that no key has")
    if not re.fullmatch("[0-9]{1,20}", parts.path.rsplit("/", 1)[-1]):
        raise ValueError("the project id at its end is missing or not a number")


def is_dotted_path(value: Any) -> bool:
    """Whether ``value`` is text like ``package.module.name``."""
    return (
        isinstance(value, str)
        and "." in value
        and all(part.isidentifier() for part in value.split("."))
    )


def _split(value: str) -> list[str]:
    return [entry.strip() for entry in value.split(",") if entry.strip()]


def _parsed_by(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """``parse``, without Python's own words in the ``ValueError`` that it raises."""

    def from_text(text: str) -> Any:
        try:
            return parse(text)
        except ValueError:
            raise ValueError from None

    return from_text


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
