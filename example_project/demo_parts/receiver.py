"""A Sentry for the demo: takes envelopes on the loopback interface and keeps them in memory.

The protocol is https://develop.sentry.dev/sdk/data-model/envelopes/.
"""

import gzip
import importlib
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sentry_sdk.envelope import Envelope

from demo_parts.inbox import Inbox

HOST = "127.0.0.1"
PROJECT_ID = 1


@contextmanager
def receive(inbox: Inbox) -> Iterator[str]:
    """Put every envelope that comes into ``inbox``; yields the DSN to send them to."""
    key = secrets.token_hex(16)
    server = _Server(inbox, key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield f"http://{key}@{HOST}:{server.server_port}/{PROJECT_ID}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    # A client that keeps its connection open must not keep the demo from ending.
    daemon_threads = True

    def __init__(self, inbox: Inbox, key: str) -> None:
        super().__init__((HOST, 0), _Handler)
        self.inbox = inbox
        self.key = key

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that is stopped hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = self._take(body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _take(self, body: bytes) -> tuple[int, dict[str, str]]:
        if self.path.partition("?")[0] != f"/api/{PROJECT_ID}/envelope/":
            return 404, {"detail": "no such address"}
        sent_key = re.search(r"sentry_key=(\w+)", self.headers.get("X-Sentry-Auth", ""))
        if sent_key is None or sent_key[1] != self.server.key:
            return 403, {"detail": "wrong key"}
        try:
            content = _decompressed(body, self.headers.get("Content-Encoding", ""))
            envelope = Envelope.deserialize(content)
            self.server.inbox.add_envelope(envelope)
        except Exception as error:  # anything, for bytes that are no envelope
            return 400, {"detail": f"invalid envelope: {error}"}
        event_id = envelope.headers.get("event_id")
        return 200, {"id": event_id} if event_id else {}

    def log_message(self, *args: object) -> None:
        """Say nothing: the report shows what came."""


def _decompressed(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(body)
    if encoding == "br":  # sent by clients that have the package, which then is here too
        content: bytes = importlib.import_module("brotli").decompress(body)
        return content
    return body
