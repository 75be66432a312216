"""What the monitoring itself does leaves neither spans nor breadcrumbs nor events.

The private part that is used, and what it has to be:

``sentry_sdk.client.BaseClient``
    a client that does nothing and has no integrations; the one of the current scope is in force
    if it says that it is active.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sentry_sdk
from sentry_sdk.client import BaseClient


class _Silent(BaseClient):
    def is_active(self) -> bool:
        return True


@contextmanager
def silence() -> Iterator[None]:
    """While the body runs, a client is in force that does nothing, and scopes that end with it."""
    with sentry_sdk.isolation_scope():
        scope = sentry_sdk.get_current_scope()
        scope.set_client(_Silent())
        scope.span = None
        yield
