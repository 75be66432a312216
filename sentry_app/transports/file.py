"""Write every envelope to a file of its own, in Sentry's envelope format."""

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

SUFFIX = ".envelope"


class FileTransport(Transport):
    """Writes to ``directory``, which is created when the first envelope comes.

    The format is https://develop.sentry.dev/sdk/data-model/envelopes/, so that a file can be sent
    to Sentry later. Directory and files are readable by the owner only.
    """

    def __init__(self, directory: str | Path, options: dict[str, Any] | None = None) -> None:
        super().__init__(options)
        self.directory = Path(directory)

    def capture_envelope(self, envelope: Envelope) -> None:
        """Write ``envelope`` aside and rename it, so that no reader sees half of it."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{uuid.uuid4().hex}"
        aside = self.directory / f".{name}"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            envelope.serialize_into(file)
        aside.rename(self.directory / (name + SUFFIX))


def read_envelopes(directory: str | Path) -> Iterator[Envelope]:
    """The envelopes in ``directory``, the oldest first."""
    for path in sorted(Path(directory).glob(f"*{SUFFIX}")):
        yield Envelope.deserialize(path.read_bytes())
