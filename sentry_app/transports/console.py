"""Print every envelope to standard error."""

import json
import sys
from typing import Any

from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport


class ConsoleTransport(Transport):
    """Writes each item as indented JSON, and a line of dashes after each envelope.

    Standard error, because standard output belongs to the command that runs.
    """

    def capture_envelope(self, envelope: Envelope) -> None:
        """Print ``envelope``."""
        lines = [_shown(envelope.headers)]
        for item in envelope.items:
            lines += [f"{item.type}:", _payload(item)]
        sys.stderr.write("\n".join([*lines, "-" * 79, ""]))
        sys.stderr.flush()


def _payload(item: Any) -> str:
    if item.payload.json is not None:
        return _shown(item.payload.json)
    return f"<{len(item.get_bytes())} bytes>"


def _shown(value: Any) -> str:
    return json.dumps(value, indent=2, default=str, ensure_ascii=False)
