"""The one door through which everything leaves: scrubbed on the way out, counted when lost."""

import json
import logging
from collections.abc import Callable
from typing import Any

from sentry_sdk.envelope import Envelope, Item, PayloadRef
from sentry_sdk.transport import Transport


logger = logging.getLogger("sentry_app")

Scrub = Callable[[Any], Any]
CountLost = Callable[[str, str, int], None]


class Gate(Transport):
    """Stands before another transport.

    Every envelope is replaced by a scrubbed copy before ``inner`` sees it; what ``inner`` or the
    SDK reports as lost is passed to ``count_lost(reason, category, quantity)``.
    """

    def __init__(self, inner: Transport, scrub: Scrub, count_lost: CountLost) -> None:
        super().__init__(inner.options)
        self.inner = inner
        self._scrub = scrub
        self._count_lost = count_lost
        # The transport reports its own losses to itself: listen there, and hear both.
        self._record_lost_event = inner.record_lost_event
        inner.record_lost_event = self._counted  # type: ignore[method-assign]

    def capture_envelope(self, envelope: Envelope) -> None:
        """Pass on a scrubbed copy of ``envelope``."""
        self.inner.capture_envelope(scrubbed_envelope(envelope, self._scrub))

    def flush(self, timeout: float, callback: Any = None) -> Any:
        """Wait up to ``timeout`` seconds until everything was sent."""
        return self.inner.flush(timeout, callback)

    def kill(self) -> Any:
        """Stop at once."""
        return self.inner.kill()

    def is_healthy(self) -> bool:
        """Whether the transport keeps up; the SDK samples less while it does not."""
        return self.inner.is_healthy()

    def record_lost_event(
        self,
        reason: str,
        data_category: Any = None,
        item: Item | None = None,
        *,
        quantity: int = 1,
    ) -> None:
        """Count something that was not sent, here and for Sentry's client reports."""
        self.inner.record_lost_event(reason, data_category, item, quantity=quantity)

    def _counted(
        self,
        reason: str,
        data_category: Any = None,
        item: Item | None = None,
        *,
        quantity: int = 1,
    ) -> None:
        category = item.data_category if item is not None else data_category
        self._count_lost(reason, str(category), quantity)
        self._record_lost_event(reason, data_category, item, quantity=quantity)


def scrubbed_envelope(envelope: Envelope, scrub: Scrub) -> Envelope:
    """A scrubbed copy of ``envelope``, with the same number of items. Never raises."""
    headers = {
        key: scrub(value) if key == "trace" else value for key, value in envelope.headers.items()
    }
    return Envelope(headers=headers, items=[_scrubbed_item(item, scrub) for item in envelope.items])


def _scrubbed_item(item: Item, scrub: Scrub) -> Item:
    if item.type in ("client_report", "attachment"):
        return item
    try:
        content = item.payload.json
        if content is None:
            content = json.loads(item.get_bytes())
    except ValueError:
        return item
    return Item(payload=PayloadRef(json=scrub(content)), headers=item.headers)
