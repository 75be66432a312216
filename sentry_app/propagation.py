"""The running trace, as it is passed on to browsers."""

import sentry_sdk


def traceparent() -> str:
    """The value of a ``sentry-trace`` header: ids of trace and span, sampled or not; or empty."""
    try:
        return sentry_sdk.get_traceparent() or ""
    except Exception:  # SDK 2.35 recurses where there is no trace
        return ""


def trace_id() -> str:
    """The trace's id, 32 hexadecimal digits, or empty."""
    return traceparent().partition("-")[0]


def baggage() -> str:
    """The value of a ``baggage`` header (https://www.w3.org/TR/baggage/), or empty."""
    try:
        return sentry_sdk.get_baggage() or ""
    except Exception:  # as above
        return ""
