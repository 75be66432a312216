"""How an envelope is written: a line of headers, then its items.

The format is https://develop.sentry.dev/sdk/data-model/envelopes/.
"""

import json
from datetime import datetime, timezone


def refreshed(raw: bytes, now: float) -> bytes:
    """The envelope with ``now`` (seconds since 1970) as the time it was sent; its id stays.

    Sentry corrects the clocks of its senders by the time between sending and arriving, which would
    shift every timestamp of an envelope that waited for a day. Raises ``ValueError`` for what is
    no envelope.
    """
    line, newline, rest = raw.partition(b"\n")
    headers = json.loads(line)
    if not isinstance(headers, dict) or not newline or not rest:
        raise ValueError("no envelope")
    sent_at = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return json.dumps({**headers, "sent_at": sent_at}).encode() + newline + rest
