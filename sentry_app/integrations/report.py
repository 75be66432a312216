"""An event for an error that the SDK does not hear of by itself."""

import logging
from typing import Any

from sentry_app import outcomes
from sentry_app.interrupts import let_through

logger = logging.getLogger("sentry_app")


def report(error: BaseException, mechanism: str, *, handled: bool = False, **more: Any) -> None:
    """Send ``error``; ``more`` are parts of the event. Never raises, and does nothing while off.

    ``mechanism`` says who reports it, ``handled`` whether the application goes on.
    """
    import sentry_sdk
    from sentry_sdk.utils import event_from_exception

    try:
        client = sentry_sdk.get_client()
        if client.is_active():
            event, hint = event_from_exception(
                (type(error), error, error.__traceback__),
                client_options=client.options,
                mechanism={"type": mechanism, "handled": handled},
            )
            sentry_sdk.capture_event({**event, **more}, hint=hint)  # type: ignore[typeddict-item]
    except Exception as raised:
        let_through(raised)
        outcomes.record_failure(mechanism)
        logger.warning("an error is not reported by %s", mechanism, exc_info=True)
