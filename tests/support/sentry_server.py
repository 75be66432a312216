"""A scripted Sentry on the loopback interface, for what no real server can be made to answer."""

from __future__ import annotations

import contextlib
import functools
import re
import secrets
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import answers
from tests.support.envelopes import Received, parse

if TYPE_CHECKING:
    from tests.support.answers import Answer

HOST = "127.0.0.1"
ENVELOPE_PATH = re.compile(r"/api/[^/]+/envelope/")

DIALOG_PATH = "/api/embed/error-page/"
DIALOG = """
const told = new URL(document.currentScript.src).searchParams;
const dialog = document.createElement("dialog");
for (const [name, value] of told) dialog.setAttribute("data-" + name, value);
document.body.append(dialog);
"""


class SentryServer:
    """Accepts envelopes while its `with` block runs and keeps them.

    `answer` says how it replies (see `tests.support.answers`) and may be changed at any time.
    With `tls` it speaks https; `ca_file` is then what a client has to trust.
    An envelope that cannot be parsed is answered 400 and raised when the block ends. Between
    `go_away()` and `come_back()` nobody listens on its port.
    """

    def __init__(self, answer: Answer = answers.ok, *, tls: bool = False) -> None:
        self.answer = answer
        self.key = secrets.token_hex(16)
        self.ca_file: str | None = None
        self._tls = tls
        self._port = 0  # any; then the same again
        self._received: list[Received] = []
        self._accepted: list[Received] = []
        self._errors: list[Exception] = []
        self._arrival = threading.Condition()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> SentryServer:
        if self._tls:
            directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            self._context, self.ca_file = _tls_context(directory)
        self.come_back()
        return self

    def __exit__(self, exc_type: object, *_: object) -> None:
        self.go_away()
        self._stack.close()
        if exc_type is None and self._errors:
            raise self._errors[0]

    def come_back(self) -> None:
        """Listen on the port, which stays the same."""
        with contextlib.ExitStack() as stack:
            httpd = stack.enter_context(_Httpd(self, self._port))
            self._port = httpd.server_port
            if self._tls:
                # The handshake belongs to the connection's thread, not to the one that accepts.
                httpd.socket = self._context.wrap_socket(
                    httpd.socket, server_side=True, do_handshake_on_connect=False
                )
            stack.enter_context(_served(httpd))
            self._close = stack.pop_all().close

    def go_away(self) -> None:
        """Refuse connections, after what is under way was answered."""
        self._close()

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self._port}"

    @property
    def dsn(self) -> str:
        """The DSN of project 1."""
        return self.url.replace("://", f"://{self.key}@") + "/1"

    @property
    def received(self) -> list[Received]:
        """The envelopes so far, in the order in which they came."""
        with self._arrival:
            return list(self._received)

    @property
    def accepted_ids(self) -> list[str]:
        """The ids of the events that were answered 2xx or taken without a word, as often as so."""
        with self._arrival:
            accepted = list(self._accepted)
        items = [item for received in accepted for item in received.items if item.type == "event"]
        return [item.payload["event_id"] for item in items]

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.items("event")

    @property
    def transactions(self) -> list[dict[str, Any]]:
        return self.items("transaction")

    def items(self, item_type: str) -> list[Any]:
        """The payloads of all items of this type; a batch of logs counts as its members."""
        return [
            entry
            for envelope in self.received
            for item in envelope.items
            if item.type == item_type
            for entry in item.entries
        ]

    def wait_for(self, wanted: int | Callable[[SentryServer], Any], timeout: float = 10) -> Any:
        """Wait for so many envelopes of any kind, or until `wanted(server)` is true.

        Returns the envelopes, or what `wanted` returned. An envelope counts as soon as it is
        here, answered or not. After `timeout` seconds an AssertionError lists what did arrive.
        """
        check = functools.partial(_at_least, wanted) if isinstance(wanted, int) else wanted
        with self._arrival:
            found = self._arrival.wait_for(lambda: check(self), timeout)
        if not found:
            goal = f"{wanted} envelopes" if isinstance(wanted, int) else "what the test wants"
            raise AssertionError(f"{timeout} s without {goal}; arrived:\n{self._listing()}")
        return found

    def _listing(self) -> str:
        lines = [f"  {number}. {received}" for number, received in enumerate(self.received, 1)]
        return "\n".join(lines) or "  nothing"

    def receive(self, handler: Handler, received: Received) -> None:
        """Keep what has come, and answer it."""
        with self._arrival:
            self._received.append(received)
            self._arrival.notify_all()
        self.answer(handler, received)

    def accept(self, received: Received) -> None:
        """Note that it was accepted."""
        with self._arrival:
            self._accepted.append(received)
            self._arrival.notify_all()


def refused_dsn() -> str:
    """A DSN on a port of this machine where nobody listens."""
    return f"http://{secrets.token_hex(16)}@{HOST}:{_reserved_socket().getsockname()[1]}/1"


def unresolvable_dsn() -> str:
    """A DSN whose host has no address: RFC 6761 keeps .invalid empty."""
    return f"https://{secrets.token_hex(16)}@sentry.invalid/1"


class Handler(BaseHTTPRequestHandler):
    """One connection; answers call `reply`, or set `close_connection` and say nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Httpd
    received: Received

    def do_GET(self) -> None:
        """The crash-report dialog: a stand-in that shows what it was told."""
        if self.path.startswith(DIALOG_PATH):
            self.reply(200, DIALOG, {"Content-Type": "text/javascript"})
        else:
            self.reply(404)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(min(length, getattr(self.server.sentry.answer, "reads", length)))
        if len(raw) < length:  # whoever sent it was killed meanwhile
            self.close_connection = True
            return
        path = self.path.partition("?")[0]
        if not ENVELOPE_PATH.fullmatch(path):
            self.reply(404)
            return
        try:
            self.received = parse(raw, self.headers, path)
        except Exception as error:  # a parser may raise anything on bytes that are no envelope
            self.server.sentry._errors.append(error)
            self.reply(400, '{"detail": "invalid event envelope"}')
            return
        self.server.sentry.receive(self, self.received)

    def accept(self) -> None:
        """Note that what has come was accepted."""
        self.server.sentry.accept(self.received)

    def reply(self, code: int, body: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Write a whole response; JSON unless the headers say otherwise."""
        if self.command == "POST" and 200 <= code < 300:
            self.accept()
        content = body.encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Stay quiet: a test that fails shows what arrived instead."""


class _Httpd(ThreadingHTTPServer):
    """Knows its open connections, so that closing waits for answers but not for idle clients."""

    daemon_threads = False

    def __init__(self, sentry: SentryServer, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.sentry = sentry
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        gone = isinstance(error, (ConnectionError, ssl.SSLError))
        if isinstance(error, Exception) and not gone:
            self.sentry._errors.append(error)

    def stop_reading(self) -> None:
        """Let idle connections end; an answer under way may still be written."""
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                # Not the SSL socket's own method: that one gives up encryption at once.
                socket.socket.shutdown(connection, socket.SHUT_RD)


@contextlib.contextmanager
def _served(httpd: _Httpd) -> Iterator[None]:
    """Serve in a thread; on leaving, release waiting answers and end every connection."""
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        httpd.closing.set()
        httpd.shutdown()
        httpd.stop_reading()
        thread.join()


def _tls_context(directory: Path) -> tuple[ssl.SSLContext, str]:
    """With a certificate of a new authority, whose file is returned, too."""
    import trustme

    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    ca_file = directory / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return context, str(ca_file)


def _at_least(count: int, server: SentryServer) -> Any:
    return server.received if len(server.received) >= count else None


@functools.cache
def _reserved_socket() -> socket.socket:
    """A port that is taken and never listens, so that no other process can start to."""
    reserved = socket.socket()
    reserved.bind((HOST, 0))
    return reserved
