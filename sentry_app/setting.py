"""One row of the table of settings, and how its values are shown to people."""

import re
from contextlib import suppress
from typing import Any, NamedTuple

from sentry_app import check_ids, env

#: Distinguishes "not given" from None.
UNSET: Any = object()

#: A DSN, or the URL of a proxy, may stand where it does not belong.
_CREDENTIALS = r"(?<=://)[^/\s]*@"


# No NamedTuple, for the reason that is given at Kind.
class Setting:
    """One row of the table: what a key means and how its value is read.

    ``strictest`` replaces a bad value where privacy is at stake; any other setting falls back to
    its default. ``fallbacks`` are further environment variables that give the default.
    A ``secret`` value is shown masked, of a ``concealed`` one only its type.
    """

    def __init__(
        self,
        name: str,
        default: Any,
        kind: env.Kind,
        help: str,
        variable: str,
        fallbacks: tuple[str, ...] = (),
        strictest: Any = UNSET,
        secret: bool = False,
        concealed: bool = False,
        check_id: str = check_ids.BAD_VALUE,
    ) -> None:
        self.name, self.variable, self.fallbacks = name, variable, fallbacks
        self.default, self.strictest, self.kind = default, strictest, kind
        self.help, self.check_id = help, check_id
        self.secret, self.concealed = secret, concealed

    def replacement(self, raw: Any) -> Any:
        """What is used instead of the bad value ``raw``."""
        if self.kind.salvage is not None and self.strictest is not UNSET:
            with suppress(Exception):  # a lazy value may raise anything
                return self.kind.salvage(raw)
        return self.default if self.strictest is UNSET else self.strictest


class Source(NamedTuple):
    """Where a value came from: ``kind`` is environment, settings, default or detected."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        if self.kind == "environment":
            return f"${self.name}"
        return self.name if self.kind == "settings" else " ".join(filter(None, self))


class Problem(NamedTuple):
    """A mistake in the configuration: the check's id, the key, what is wrong, what to do."""

    id: str
    key: str
    message: str
    hint: str


def shown(setting: Setting, value: Any) -> str:
    """``value`` as it may be shown to a person: on one line, short, and without the DSN's key."""
    if setting.secret and value is not None:
        return masked_dsn(value)
    return f"<{type(value).__name__}>" if setting.concealed else as_repr(value)


def as_repr(value: Any) -> str:
    """The ``repr`` of any value, on one line and short."""
    try:
        return one_line(repr(value))
    except Exception:  # a __repr__ of the project's own
        return f"<{type(value).__name__}>"


def one_line(text: str, limit: int = 80) -> str:
    """``text`` on one line of at most ``limit`` characters, without the credentials of a URL."""
    text = re.sub(_CREDENTIALS, "***@", " ".join(text.split()))
    return text if len(text) <= limit else text[: limit - 3] + "..."


def masked_dsn(value: Any) -> str:
    """The DSN with everything before its last ``@`` hidden, or only its type if there is none.

    >>> masked_dsn("https://abc@localhost/1")
    'https://***@localhost/1'
    """
    if not issubclass(type(value), str):  # isinstance() would evaluate a lazy one
        return f"<{type(value).__name__}>"
    head, at, rest = value.rpartition("@")
    scheme = head.partition("://")[0] + "://" if "://" in head else ""
    return one_line(f"{scheme}***@{rest}") if at else "***"
