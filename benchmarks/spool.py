"""What the spool costs, and what it spares: ``python -m benchmarks.spool``.

1. The view that fails, visited twenty times a second while Sentry is healthy, away, silent or slow:
   how long a request takes, in milliseconds, with the bare SDK, this project without a spool, and
   with one.
2. Draining 10,000 envelopes that wait.
3. One, two and four processes that write at once, each 1,000 envelopes of 30 kB.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.processes import output

MODULE = "benchmarks.spool"
VARIANTS = {
    "none": ("none", False),
    "SDK": ("SDK, over HTTP", False),
    "this project": ("this project, over HTTP", False),
    "this project, SPOOL_DIR": ("this project, over HTTP", True),
}
CONDITIONS = ("healthy", "away", "silent", "slow")
WARM_UP, REQUESTS, INTERVAL = 20, 200, 0.05
WAITING = 10_000
WRITERS, WRITTEN, SIZE = (1, 2, 4), 1_000, 30_000


class _Handler(BaseHTTPRequestHandler):
    """Takes every envelope, at once, late or never."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    delay = 0.0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        threading.Event().wait(self.delay)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


def server(condition: str) -> None:
    """Print a DSN and serve it until standard input ends."""
    _Handler.delay = {"silent": 3600.0, "slow": 0.5}.get(condition, 0.0)
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://key@127.0.0.1:{httpd.server_port}/1\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # whoever waits for an answer waits in vain


@contextmanager
def served(condition: str) -> Iterator[str]:
    """The DSN of a Sentry in this condition, in a process of its own."""
    if condition == "away":
        yield "http://key@127.0.0.1:9/1"
        return
    command = [sys.executable, "-m", MODULE, "--worker", "server", condition]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        assert process.stdin
        yield process.stdout.readline().strip()
        process.stdin.close()


def visit(variant: str) -> None:
    """Visit the view that fails; print the milliseconds of each request."""
    from benchmarks.site import serve

    visit_page = serve(variant)
    for number in range(WARM_UP + REQUESTS):
        start = time.perf_counter()
        visit_page("error", number)
        took = time.perf_counter() - start
        if number >= WARM_UP:
            sys.stdout.write(f"{took * 1000}\n")
        time.sleep(max(0.0, INTERVAL - took))
    sys.stdout.flush()
    os._exit(0)  # without waiting for a Sentry that is silent


def drain(dsn: str, directory: str) -> None:
    """Write what waits, and drain it; print the seconds."""
    from sentry_sdk.client import Client

    from sentry_app.seams.sending import HttpSender
    from sentry_app.spool import Directory, Drainer, Memory

    spool = Directory(Path(directory) / "spool", 2**30, 86400)
    for number in range(WAITING):
        spool.write(b'{"event_id":"%032x"}\n{"type":"event"}\n{}\n' % number, "error")
    sender = HttpSender(Client(dsn).transport)
    drainer = Drainer(spool, Memory(), sender.send, lambda *_: None)
    drainer.pace.slow_down()  # as after an outage
    start = time.perf_counter()
    drainer.drain()
    assert not spool.pending()
    sys.stdout.write(f"{time.perf_counter() - start}\n")


def write(directory: str) -> None:
    """Write envelopes; print the milliseconds of each."""
    from sentry_app.spool import Directory

    spool = Directory(Path(directory) / "spool", 2**30, 86400)
    raw = os.urandom(SIZE)
    for _ in range(WRITTEN):
        start = time.perf_counter()
        spool.write(raw, "error")
        sys.stdout.write(f"{(time.perf_counter() - start) * 1000}\n")


def main() -> None:
    """Print the tables, or work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        name, *rest = arguments.worker
        {"server": server, "visit": visit, "drain": drain, "write": write}[name](*rest)
        return
    _report_requests()
    _report_draining()
    _report_writing()


def _report_requests() -> None:
    print_row("a request that fails", "", "p50", "p99", "ms")
    for condition in CONDITIONS:
        for name, (variant, has_spool) in VARIANTS.items():
            with served(condition) as dsn, tempfile.TemporaryDirectory() as directory:
                os.environ |= {"SENTRY_DSN": dsn}
                os.environ |= {"SENTRY_SPOOL_DIR": directory} if has_spool else {}
                times = _numbers(output(MODULE, "visit", variant))
                os.environ.pop("SENTRY_SPOOL_DIR", None)
            print_row(condition, name, *_p50_p99(times))


def _report_draining() -> None:
    with served("healthy") as dsn, tempfile.TemporaryDirectory() as directory:
        (seconds,) = _numbers(output(MODULE, "drain", dsn, directory))
    print_row(f"draining {WAITING:,}", "", f"{seconds:.1f} s", f"{WAITING / seconds:.0f}/s")


def _report_writing() -> None:
    print_row("writing", "", "p50", "p99", "ms")
    for writers in WRITERS:
        with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(writers) as pool:
            jobs = [pool.submit(output, MODULE, "write", directory) for _ in range(writers)]
            times = [took for job in jobs for took in _numbers(job.result())]
        print_row(f"{writers} processes at once", "", *_p50_p99(times))


def print_row(*cells: str) -> None:
    """Print a line of a table."""
    widths = (24, 26, 10, 10, 6)
    line = "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
    sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


def _numbers(text: str) -> list[float]:
    return [float(line) for line in text.splitlines()]


def _p50_p99(times: list[float]) -> tuple[str, str]:
    return f"{statistics.median(times):.2f}", f"{statistics.quantiles(times, n=100)[98]:.2f}"


if __name__ == "__main__":
    main()
