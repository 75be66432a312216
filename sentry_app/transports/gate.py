"""The one door through which everything leaves: scrubbed on the way out, counted when lost."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from sentry_sdk.envelope import Envelope, Item, PayloadRef
from sentry_sdk.transport import Transport

from sentry_app import outcomes
from sentry_app.interrupts import let_through
from sentry_app.transports.wrapper import Wrapper

logger = logging.getLogger("sentry_app")

_EVENTS = frozenset({"event", "transaction"})
#: What would be worth nothing if it were cut, and of which Sentry takes more.
_WHOLE = frozenset({"profile", "profile_chunk", "replay_event", "replay_recording"})
#: Characters of an attachment that are scrubbed at once.
_BLOCK = 200_000

Scrub = Callable[[Any], Any]
CountLost = Callable[[str, str, int], None]
Prepare = Callable[[], None]


class Gate(Wrapper):
    """Stands before another transport.

    Every envelope is replaced by a scrubbed copy before ``inner`` sees it; what ``inner`` or the
    SDK reports as lost is passed to ``count_lost(reason, category, quantity)``. ``prepare()`` is
    called before each.
    """

    def __init__(
        self,
        inner: Transport,
        scrub: Scrub,
        count_lost: CountLost,
        prepare: Prepare = lambda: None,
    ) -> None:
        super().__init__(inner)
        self._scrub = scrub
        self._count_lost = count_lost
        self._prepare = prepare
        self._has_failed = False
        # The transport reports its own losses to itself: listen there, and hear both.
        self._record_lost_event = inner.record_lost_event
        inner.record_lost_event = self._counted  # type: ignore[method-assign]

    def capture_envelope(self, envelope: Envelope) -> None:
        """Pass on a scrubbed copy of ``envelope``. Never raises: what fails is counted as lost."""
        try:
            self._prepare()
            self.inner.capture_envelope(scrubbed_envelope(envelope, self._scrub))
        except Exception as error:
            let_through(error)
            self._failed(envelope)

    def before(self, sidecar: Any) -> "Sidecar":
        """The same gate before something else that is given envelopes."""
        return Sidecar(sidecar, self._scrub)

    def flush(self, timeout: float, callback: Any = None) -> Any:
        """Wait up to ``timeout`` seconds until everything was sent."""
        return self.inner.flush(timeout, callback)

    def kill(self) -> Any:
        """Stop at once."""
        return self.inner.kill()

    def is_healthy(self) -> bool:
        """Whether the transport keeps up; the SDK samples less while it does not."""
        return self.inner.is_healthy()

    def _counted(
        self,
        reason: str,
        data_category: Any = None,
        item: Item | None = None,
        *,
        quantity: int = 1,
    ) -> None:
        counted, category = quantity, data_category
        if item is not None:
            counted, category = item.headers.get("item_count", 1), item.data_category
        self._count_lost(reason, str(category), counted)
        self._record_lost_event(reason, data_category, item, quantity=quantity)

    def _failed(self, envelope: Envelope) -> None:
        # Said once: with Sentry Logs on, each warning would itself become an envelope that fails.
        if not self._has_failed:
            self._has_failed = True
            name = type(self.inner).__name__
            logger.warning("%s failed; what it cannot take is counted", name, exc_info=True)
        for item in envelope.items:
            with suppress(Exception):
                self.record_lost_event("internal_sdk_error", item=item)


class Sidecar:
    """Stands before Spotlight, the SDK's local viewer, which is given each envelope directly."""

    def __init__(self, inner: Any, scrub: Scrub) -> None:
        self._inner = inner
        self._scrub = scrub

    def capture_envelope(self, envelope: Envelope) -> None:
        """Pass on a scrubbed copy of ``envelope``. Never raises."""
        with suppress(Exception):
            self._inner.capture_envelope(scrubbed_envelope(envelope, self._scrub))


def scrubbed_envelope(envelope: Envelope, scrub: Scrub) -> Envelope:
    """A scrubbed copy of ``envelope``, with the same number of items."""
    headers = {
        key: scrub(value) if key == "trace" else value for key, value in envelope.headers.items()
    }
    return Envelope(headers=headers, items=[_scrubbed_item(item, scrub) for item in envelope.items])


def _scrubbed_item(item: Item, scrub: Scrub) -> Item:
    if item.type == "client_report":
        return item
    if item.type == "attachment":
        return _scrubbed_attachment(item, scrub)
    content = item.payload.json
    if content is None:
        try:
            content = json.loads(item.get_bytes())
        except ValueError:
            return _scrubbed_attachment(item, scrub)
    if item.type not in _EVENTS:  # whose texts were cut while they were built
        from sentry_app.transports.fitting import shortened  # of no use until something is sent

        content = shortened(content)
    return _fitted_item(Item(payload=PayloadRef(json=scrub(content)), headers=item.headers))


def _fitted_item(item: Item) -> Item:
    """``item``, or a smaller one if Sentry would refuse it.

    What is asked here for its size is sent as it is: :class:`PayloadRef` keeps the bytes.
    """
    from sentry_app.transports.fitting import LIMIT, fitted

    if len(item.get_bytes()) < LIMIT or item.type in _WHOLE:
        return item
    content, counts = fitted(item.payload.json, lambda data: PayloadRef(json=data).get_bytes())
    if content is None:
        raise ValueError(f"a {item.type} is too large, and cannot be cut")
    outcomes.record_left_out(counts)
    return Item(payload=PayloadRef(json=content), headers=item.headers)


def _scrubbed_attachment(item: Item, scrub: Scrub) -> Item:
    """A text is scrubbed by blocks of lines; what is no text cannot be, and stays."""
    headers = {
        key: scrub(value) if key == "filename" else value for key, value in item.headers.items()
    }
    try:
        text = item.get_bytes().decode()
    except UnicodeDecodeError:
        return Item(payload=item.payload, headers=headers)
    clean = "".join(scrub(block) for block in _blocks(text))
    return Item(payload=PayloadRef(bytes=clean.encode("utf-8", "replace")), headers=headers)


def _blocks(text: str) -> Iterator[str]:
    """``text`` in blocks that end with a line, if its lines are not longer than a block."""
    start = 0
    while start < len(text):
        end = start + _BLOCK
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        yield text[start:end]
        start = end
