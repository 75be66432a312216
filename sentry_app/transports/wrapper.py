"""What stands before another transport."""

from typing import Any

from sentry_sdk.envelope import Item
from sentry_sdk.transport import Transport


class Wrapper(Transport):
    """Stands before ``inner``, which counts what is lost."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(getattr(inner, "options", None))
        self.inner = inner

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
