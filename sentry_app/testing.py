"""For the tests of projects: the events that a test caused.

With pytest the fixture ``sentry_events`` is there as soon as the package is installed; with
``unittest`` put :class:`SentryEventsMixin` before the test case among the bases of your class.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sentry_app
from sentry_app import conf, sdk


class Events:
    """What was captured since the test began; every item as the JSON that would be sent."""

    def items(self, type: str) -> list[Any]:
        """The payloads of one item type: event, transaction, log, check_in, session, ..."""
        self.flush()
        return [
            item.payload.json
            for envelope in sentry_app.outbox
            for item in envelope.items
            if item.type == type
        ]

    @property
    def events(self) -> list[Any]:
        """Errors and messages."""
        return self.items("event")

    @property
    def transactions(self) -> list[Any]:
        """Transactions with their spans."""
        return self.items("transaction")

    def flush(self) -> None:
        """Wait for what the SDK sends in batches: logs and metrics."""
        import sentry_sdk

        sentry_sdk.get_client().flush()

    def clear(self) -> None:
        """Forget what was captured so far."""
        sentry_app.outbox.clear()


#: Every transaction is kept, and no event held back: a test that looks for one must not depend on
#: chance, nor on other tests.
_SWITCHED_ON = {
    "TRANSPORT": "locmem",
    "TRACES_SAMPLE_RATE": 1.0,
    "FORCE_DISABLE": False,
    "TEST_MODE": False,
    "STORM_LIMIT": 0,
    "STORM_TRANSACTION_LIMIT": 0,
    "STORM_HOURLY_QUOTA": 0,
}


@contextmanager
def capture_events(**settings: Any) -> Iterator[Events]:
    """Run the SDK with the project's settings and the ``locmem`` transport.

    ``settings`` are keys of SENTRY to change, for example ``TRACES_SAMPLE_RATE=1.0``. Afterwards
    the SDK runs as before, or not.
    """
    import sentry_sdk

    before = sdk.running()
    config = conf.load(**{**_SWITCHED_ON, **_checked(settings)})
    # A scope of its own: the test's user, tags and breadcrumbs end with it.
    with sentry_sdk.isolation_scope() as scope:
        scope.clear_breadcrumbs()
        sdk.start(config)
        sentry_app.outbox.clear()
        try:
            yield Events()
        finally:
            sdk.stop()
            sentry_app.outbox.clear()
            if before is not None:
                sdk.start(before)


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    """``settings`` as SENTRY would give them; raises ``ValueError``, saying what is wrong."""
    config = conf.load(settings, environ={})
    for problem in config.problems:
        raise ValueError(f"{problem.message} {problem.hint}")
    return {name: getattr(config, name) for name in settings}


class SentryEventsMixin:
    """Gives each test of a ``unittest`` or Django test case ``self.sentry_events``.

    ``sentry_settings`` are keys of SENTRY that the test case changes.
    """

    sentry_settings: dict[str, Any] = {}
    sentry_events: Events

    def setUp(self) -> None:
        """Start capturing."""
        super().setUp()  # type: ignore[misc]
        capturing = capture_events(**self.sentry_settings)
        self.sentry_events = capturing.__enter__()
        self.addCleanup(capturing.__exit__, None, None, None)  # type: ignore[attr-defined]
