"""Read events and transactions in the form in which they are sent.

The form is https://develop.sentry.dev/sdk/data-model/event-payloads/.
"""

from datetime import datetime
from typing import Any

from demo_parts.inbox import Json


def error_of(event: Json) -> Json:
    """The outermost exception, or an empty dict for a message."""
    errors: list[Json] = (event.get("exception") or {}).get("values") or []
    return errors[-1] if errors else {}


def error_value(event: Json) -> str:
    """What the exception says, or the message."""
    return str(error_of(event).get("value") or message_of(event))


def message_of(event: Json) -> str:
    """The text of a message event."""
    return str(event.get("message") or (event.get("logentry") or {}).get("formatted") or "")


def innermost_frame(event: Json) -> Json:
    """The last frame of the project's own code, or an empty dict."""
    frames: list[Json] = (error_of(event).get("stacktrace") or {}).get("frames") or []
    own = [frame for frame in frames if frame.get("in_app")]
    return own[-1] if own else {}


def local_variables(event: Json) -> Json:
    """The local variables of that frame."""
    variables: Json = innermost_frame(event).get("vars") or {}
    return variables


def trace_context(item: Json) -> Json:
    """Trace, span and status of an event or transaction."""
    context: Json = (item.get("contexts") or {}).get("trace") or {}
    return context


def trace_of(item: Json) -> str:
    """The id of the trace that an event or transaction belongs to."""
    return str(trace_context(item).get("trace_id", ""))


def spans_of(transaction: Json) -> list[Json]:
    """The transaction's spans, the oldest first."""
    return sorted(transaction.get("spans") or [], key=started)


def started(item: Json) -> float:
    """When a transaction or span began, in seconds since 1970."""
    return _seconds(item.get("start_timestamp"))


def duration(item: Json) -> float:
    """How long a transaction or span took, in seconds."""
    return _seconds(item.get("timestamp")) - started(item)


def _seconds(moment: Any) -> float:
    if isinstance(moment, str):
        # Python 3.10 does not know the Z.
        return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
    return float(moment or 0)
