"""What is in memory is sent when a process ends, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.consts import DEFAULT_OPTIONS

from sentry_app import conf
from sentry_app.seams import exits
from tests.support import answers
from tests.support.processes import ServerProcess, clean_environment, run_server, unmeasured
from tests.support.project import ROOT, Project
from tests.support.sentry_server import SentryServer

Start = Callable[..., conf.Config]

START = """
    import os, signal, sys, threading, time
    import django
    import sentry_sdk
    django.setup()
    woken = []  # no Event, whose lock the main thread may hold
    signal.signal(signal.SIGUSR1, lambda *_: woken.append(1))
"""
#: Captures while the process is told to end, and says so.
CAPTURE = START + "    sentry_sdk.capture_message('last words'); print('captured', flush=True)\n"
WAIT = "    while not woken: time.sleep(0.01)"
SLEEP = CAPTURE + "    time.sleep(60)"
#: Stands in a call that a signal does not end, as drivers of databases do.
STUCK = (
    START
    + """
    import ctypes
    libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(128)
    libc.pthread_mutex_lock(mutex)
    sentry_sdk.capture_message('last words'); print('captured', flush=True)
    libc.pthread_mutex_lock(mutex)
"""
)
#: Is interrupted during an import, and the thread that sends has something to import, too.
IMPORTING = (
    START
    + """
    import _imp
    from sentry_app.seams import exits
    _imp.acquire_lock()
    sentry_sdk.capture_message('last words'); print('captured', flush=True)
    while not exits._is_ending:
        time.sleep(0.01)
    _imp.release_lock()
    time.sleep(60)
"""
)
CHILD = """
    import multiprocessing, shop
    if __name__ == "__main__":
        shop.start()
        child = multiprocessing.get_context({how!r}).Process(target=shop.work)
        child.start()
        child.join()
        sys.exit(child.exitcode)
"""
SHOP = """
    import django, sentry_sdk

    def start():
        django.setup()

    def work():
        start()
        sentry_sdk.capture_message("last words")
"""

real_processes = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@contextmanager
def running(project: Project, code: str, dsn: str, **env: str) -> Iterator[ServerProcess]:
    """The project's ``code`` in a process that has captured something."""
    project.write("main.py", code)
    environment = clean_environment(
        DJANGO_SETTINGS_MODULE="settings", PYTHONPATH=str(ROOT), SENTRY_DSN=dsn, **env
    )
    argv = [sys.executable, "main.py"]
    with run_server(
        argv, "captured", env=unmeasured(environment), cwd=project.directory
    ) as process:
        yield process


def said(sentry: SentryServer) -> list[str]:
    return [event.get("message") or event["logentry"]["message"] for event in sentry.events]


@real_processes
@pytest.mark.parametrize(
    "code", [SLEEP, STUCK, IMPORTING], ids=["waiting", "in a call without an end", "importing"]
)
def test_a_sigterm_sends_what_waits_and_still_ends_it(
    code: str, project: Project, sentry: SentryServer
) -> None:
    sentry.answer = answers.slow(0.3)
    with running(project, code, sentry.dsn) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM
    assert said(sentry) == ["last words"]


@real_processes
@pytest.mark.parametrize("code", [SLEEP, STUCK], ids=["waiting", "in a call without an end"])
def test_a_sentry_that_hangs_does_not_keep_it(code: str, project: Project) -> None:
    with (
        SentryServer(answers.hang) as sentry,
        running(project, code, sentry.dsn, SENTRY_SHUTDOWN_TIMEOUT="0.2") as process,
    ):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == -signal.SIGTERM


@real_processes
def test_it_ends_by_the_signal_though_the_main_thread_comes_to_its_end(
    project: Project, sentry: SentryServer
) -> None:
    sentry.answer = answers.slow(1.2)
    code = CAPTURE + WAIT
    with running(project, code, sentry.dsn) as process:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGUSR1)
        assert process.wait() == -signal.SIGTERM
    assert said(sentry) == ["last words"]


@real_processes
@pytest.mark.parametrize("handler", ["signal.SIG_IGN", "lambda *_: print('handled', flush=True)"])
def test_a_handler_of_the_application_stays(
    handler: str, project: Project, sentry: SentryServer
) -> None:
    code = START + f"    signal.signal(signal.SIGTERM, {handler})\n" + CAPTURE + WAIT
    with running(project, code, sentry.dsn) as process:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGUSR1)
        assert process.wait() == 0


@real_processes
def test_a_handler_that_comes_later_is_the_one(project: Project, sentry: SentryServer) -> None:
    code = START + (
        "    sentry_sdk.capture_message('last words')\n"
        "    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "    print('captured', flush=True)\n"
        "    time.sleep(60)"
    )
    with running(project, code, sentry.dsn) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 7
    assert said(sentry) == ["last words"]


@real_processes
def test_a_handler_of_a_server_in_c_stays(project: Project, sentry: SentryServer) -> None:
    code = START + (
        "    import ctypes\n"
        "    libc = ctypes.CDLL(None)\n"
        "    libc.signal(signal.SIGTERM, libc.abort)\n"
        "    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
    )
    with running(project, code + SLEEP, sentry.dsn) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGABRT


@real_processes
def test_without_a_capture_there_is_no_handler(project: Project, sentry: SentryServer) -> None:
    code = START + "    print('captured', signal.getsignal(signal.SIGTERM), flush=True)"
    with running(project, code, sentry.dsn) as process:
        process.wait_for_line("captured (0|Handlers.SIG_DFL)")


@real_processes
def test_a_forked_process_begins_without_the_handler(
    project: Project, sentry: SentryServer
) -> None:
    """Its SIGTERM must not end the parent, whose pipe it has inherited."""
    code = START + (
        "    import warnings; warnings.simplefilter('ignore')\n"
        "    sentry_sdk.capture_message('parent'); sentry_sdk.flush()\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        signal.pause()\n"
        "    os.kill(child, signal.SIGTERM)\n"
        "    assert os.waitpid(child, 0)[1] == signal.SIGTERM\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        sentry_sdk.capture_message('child')\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        signal.pause()\n"
        "    assert os.waitpid(child, 0)[1] == signal.SIGTERM\n"
        "    print('captured', flush=True)"
    )
    with running(project, code, sentry.dsn) as process:
        assert process.wait() == 0, process.output
    assert said(sentry) == ["parent", "child"]


@real_processes
@pytest.mark.parametrize("how", ["fork", "spawn", "forkserver"])
def test_a_child_of_multiprocessing_sends_its_last_words(
    how: str, project: Project, sentry: SentryServer
) -> None:
    sentry.answer = answers.slow(0.3)
    project.write("shop.py", SHOP)
    project.write("main.py", "    import sys\n" + CHILD.format(how=how))
    environment = clean_environment(
        DJANGO_SETTINGS_MODULE="settings", PYTHONPATH=str(ROOT), SENTRY_DSN=sentry.dsn
    )
    ended = subprocess.run(
        [sys.executable, "main.py"],
        cwd=project.directory,
        env=environment,
        timeout=60,
        capture_output=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert said(sentry) == ["last words"]


@real_processes
def test_ctrl_c_sends_what_waits(project: Project, sentry: SentryServer) -> None:
    sentry.answer = answers.slow(0.3)
    code = START + "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    with running(project, code + SLEEP, sentry.dsn) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait() == -signal.SIGINT
    assert "last words" in said(sentry)


# In this process, for what happens inside.


def test_the_end_comes_in_time_and_once(start_sdk: Start) -> None:
    with SentryServer(answers.hang) as sentry:
        start_sdk(DSN=sentry.dsn, SHUTDOWN_TIMEOUT=0.2)
        sentry_sdk.capture_message("waits for ever")
        exits.end()
        assert sentry_sdk.get_client().options["shutdown_timeout"] == 0
        exits.end()


def test_the_end_does_not_wait_for_what_this_thread_holds(
    start_sdk: Start, sentry: SentryServer
) -> None:
    start_sdk(DSN=sentry.dsn, SHUTDOWN_TIMEOUT=0.2)
    worker = sentry_sdk.get_client().transport.inner._worker
    with worker._lock:
        exits.end()


def test_where_no_thread_can_start_this_one_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    done: list[int] = []
    exits._run_for(1, lambda: done.append(1))
    assert done == [1]


def test_without_the_sdk_there_is_nothing_to_end() -> None:
    exits.end()
    assert not sentry_sdk.get_client().is_active()


class Signals:
    """The handler in force, as the real functions would know it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.handler: Any = signal.SIG_DFL
        self.raised: list[int] = []
        monkeypatch.setattr(signal, "getsignal", lambda number: self.handler)
        monkeypatch.setattr(exits, "_is_unhandled", lambda: self.handler is signal.SIG_DFL)
        monkeypatch.setattr(signal, "signal", self.set)
        monkeypatch.setattr(signal, "raise_signal", self.raised.append)
        for name, value in (("_pid", 0), ("_is_ending", False), ("_pipe", None)):
            monkeypatch.setattr(exits, name, value)

    def set(self, number: int, handler: Any) -> None:
        self.handler = handler


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> Signals:
    return Signals(monkeypatch)


def test_among_cooperative_threads_the_handler_itself_ends_it(
    signals: Signals, monkeypatch: pytest.MonkeyPatch, start_sdk: Start, sentry: SentryServer
) -> None:
    patched = SimpleNamespace(is_module_patched=lambda name: name == "threading")
    monkeypatch.setitem(sys.modules, "gevent.monkey", patched)
    start_sdk(DSN=sentry.dsn)
    sentry_sdk.capture_message("last words")
    assert signals.handler is exits._terminate
    assert exits._pipe is None
    signals.handler(signal.SIGTERM, None)
    assert said(sentry) == ["last words"]
    assert (signals.handler, signals.raised) == (signal.SIG_DFL, [signal.SIGTERM])
    exits._terminate(signal.SIGTERM, None)
    assert signals.raised == [signal.SIGTERM]


def test_the_first_process_of_a_container_goes_on_as_ever(
    signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel drops its SIGTERM where there is no handler; ours could not end it either."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    exits.watch_sigterm()
    assert signals.handler is signal.SIG_DFL


def test_another_thread_sets_no_handler(signals: Signals) -> None:
    thread = threading.Thread(target=exits.watch_sigterm)
    thread.start()
    thread.join()
    assert signals.handler is signal.SIG_DFL


@real_processes
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_foreign_wakeup_descriptor_stays(
    signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    try:
        exits.watch_sigterm()
        assert exits._pipe is not None
        signals.handler = signal.SIG_DFL  # so that its thread does not end this process
        exits._terminate(signal.SIGTERM, None)
        child = os.fork()
        if not child:
            # asyncio takes the descriptor out of every child.
            is_foreign = signal.set_wakeup_fd(-1) in (writer, -1)
            os._exit(0 if is_foreign and exits._pipe is None else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert signal.set_wakeup_fd(-1) == writer
    finally:
        signal.set_wakeup_fd(-1)
        os.close(exits._pipe[1])  # ends its thread
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize("signals", [[], [signal.SIGTERM]], ids=["goes on", "is to end"])
def test_uvicorn_ends_it_if_a_signal_ends_uvicorn(
    signals: list[int], start_sdk: Start, sentry: SentryServer
) -> None:
    uvicorn = pytest.importorskip("uvicorn")
    start_sdk(DSN=sentry.dsn)
    server = uvicorn.Server(uvicorn.Config("tests.asgi:application", lifespan="off"))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    server.servers, server._captured_signals = [], signals
    sentry.answer = answers.slow(0.3)
    sentry_sdk.capture_message("last words")
    asyncio.run(server.shutdown())
    if not signals:
        sentry_sdk.capture_message("still there")
        sentry_sdk.flush()
    assert said(sentry) == ["last words", "still there"][: 2 - len(signals)]


def test_without_a_client_the_defaults_of_the_sdk_stay() -> None:
    before = dict(DEFAULT_OPTIONS)
    exits.end()
    assert before == DEFAULT_OPTIONS
