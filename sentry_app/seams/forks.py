"""What a forked process must not share with the one that it comes from.

* The connection that is kept open: requests of both would mix on it. With a Celery worker whose
  main process had sent something, a tenth of its children's events were lost.
* The queue of the thread that sends: the child would send again what is still waiting, or hang on
  a lock that was held while it was forked.

The private parts that are used, and what they have to be:

``HttpTransport._pool`` and ``HttpTransport._make_pool()``
    the pool of connections, and what makes a new one.
``HttpTransport._worker``
    a ``BackgroundWorker``, which is made with its ``queue_size`` and starts its thread when it is
    given something.

Where one is missing, it is shared as ever.
"""

import os
from contextlib import suppress
from functools import cache
from typing import Any

import sentry_sdk
from sentry_sdk.worker import BackgroundWorker

from sentry_app.seams.transport import target_of


@cache
def renew_in_children() -> None:
    """Give each process that is forked from here on a connection and a queue of its own."""
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=renew)


def renew() -> None:
    """Forget the connection and the queue of the transport that runs. Never raises."""
    with suppress(Exception):
        transport = sentry_sdk.get_client().transport
        if transport is not None:
            _renew(target_of(transport))
            renew_own = getattr(getattr(transport, "inner", None), "renew_after_fork", None)
            if renew_own is not None:  # of the spool, or of a transport of the project's own
                renew_own()


def _renew(transport: Any) -> None:
    # Replaced without a call to what is there: its locks may be held.
    if isinstance(getattr(transport, "_worker", None), BackgroundWorker):
        size = transport.options["transport_queue_size"]
        transport._worker = BackgroundWorker(queue_size=size)
    if hasattr(transport, "_pool") and hasattr(transport, "_make_pool"):
        transport._pool = transport._make_pool()
