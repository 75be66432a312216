"""Release health counts an error that is held back, too: a storm must not look like calm.

The private part that is used, and what it has to be:

``Scope._session``
    of the isolation scope: None, or the session (of a request, say), which has ``errors`` and
    ``update(status=..., errors=...)``. The SDK does the same for an event that is sent.

Where it is missing, only what is sent is counted.
"""

from typing import Any

import sentry_sdk

from sentry_app.interrupts import let_through


def note_error(*, is_handled: bool) -> None:
    """Note in the session, if there is one, that an error occurred. Never raises."""
    # No suppress(), which takes as long as the rest: there may be thousands of errors a second.
    try:
        session: Any = getattr(sentry_sdk.get_isolation_scope(), "_session", None)
        if session is not None:
            status = None if is_handled else "crashed"
            session.update(status=status, errors=session.errors + 1)
    except Exception as error:
        let_through(error)
