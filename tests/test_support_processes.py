"""Real processes start, are waited for, and end with the test that wanted them."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.support.processes import clean_environment, free_port, run_server
from tests.support.redis_server import redis_executable, redis_server
from tests.support.sentry_server import refused_dsn


def test_a_process_is_ready_at_its_line_and_gone_at_the_end() -> None:
    script = "import time; print('port 42'); print('ready'); time.sleep(3600)"
    with run_server([sys.executable, "-c", script], ready="ready") as process:
        assert process.wait_for_line(r"port (\d+)").group(1) == "42"
    assert process.output == "port 42\nready"
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_children_end_with_their_process() -> None:
    child = "import socket; s = socket.create_server(('127.0.0.1', 0));"
    child += "print('child on', s.getsockname()[1], flush=True); s.accept()"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with run_server([sys.executable, "-c", script], ready=lambda line: "child" in line) as process:
        port = int(process.wait_for_line(r"child on (\d+)").group(1))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_process_that_ends_early_is_reported_with_its_output() -> None:
    argv = [sys.executable, "-c", "print('cannot bind')"]
    reported = pytest.raises(AssertionError, match=r"(?s)'ready' and ended.*cannot bind")
    with reported, run_server(argv, ready="ready"):
        pytest.fail("never ready")


def test_a_new_line_can_be_awaited() -> None:
    script = "import signal; signal.signal(signal.SIGUSR1, lambda *_: print('tick', flush=True))"
    script += "\nprint('tick', flush=True)\nwhile True: signal.pause()"
    with run_server([sys.executable, "-c", script], ready="tick") as process:
        os.kill(process.pid, signal.SIGUSR1)
        process.wait_for_line("tick", after=1)
        assert process.lines == ["tick", "tick"]


def test_the_clean_environment_hides_what_configures_sentry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SENTRY_DSN", refused_dsn())
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
    environment = clean_environment(SHOP="open")
    assert "SENTRY_DSN" not in environment
    assert "DJANGO_SETTINGS_MODULE" not in environment
    assert environment["SHOP"] == "open"


def test_a_free_port_can_be_bound() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        assert listener.getsockname()[0] == "127.0.0.1"


def test_redis_answers_and_ends(tmp_path: Path) -> None:
    redis = pytest.importorskip("redis")
    with redis_server(tmp_path) as url:
        client = redis.Redis.from_url(url)
        client.set("key", "value")
        assert client.get("key") == b"value"
    with pytest.raises(redis.ConnectionError):
        client.ping()
    assert list(tmp_path.iterdir()) == []


def test_the_named_redis_is_used_and_made_executable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "redis-server"
    binary.touch(0o644)
    monkeypatch.setenv("REDIS_SERVER", str(binary))
    assert redis_executable() == binary
    assert os.access(binary, os.X_OK)


def test_a_missing_redis_is_reported_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_SERVER", "/nowhere/redis-server")
    with pytest.raises(RuntimeError, match="pip install --target"):
        redis_executable()
