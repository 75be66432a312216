"""What the first event of a process needs, imported before the process forks.

No start waits for these modules: they are imported with the first event. Python never ends, in a
forked process, an import that another thread had begun when it was forked: whoever needs the same
module there waits for ever. With two threads that captured while the process forked twenty times,
one of the children hung in most runs. And what is imported before is shared by all the children.

The private part that is used, and what it has to be:

``sentry_sdk.utils._get_installed_modules()``
    the packages that are installed, which it keeps; it is part of each event. Where it is missing,
    each child makes that list itself.
"""

from contextlib import suppress
from functools import cache
from importlib import import_module

from sentry_sdk import utils

#: Of this package; the others follow from these.
_OWN = (
    "feedback",
    "integrations.report",
    "own_secrets",
    "propagation",
    "repeats",
    "routes",
    "scrubbing",
    "seams.shown",
    "showing.messages",
    "showing.texts",
    "showing.walk",
    "trail",
    "transports.fitting",
    "typed_names",
    "user_fields",
)
#: Of Python's, for whoever says what a value is, tells a thread's way or looks up a host.
_OTHERS = ("ctypes", "encodings.idna", "encodings.unicode_escape", "importlib.metadata")


@cache
def preload() -> None:
    """Import them, and have the SDK list the packages that are installed. Never raises."""
    for name in (*(f"sentry_app.{name}" for name in _OWN), *_OTHERS):
        with suppress(Exception):
            import_module(name)
    with suppress(Exception):
        utils._get_installed_modules()
