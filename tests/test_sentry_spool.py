"""``manage.py sentry_spool``, and Celery's task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from django.core.management import CommandError

from sentry_app import conf, spooling
from sentry_app.management.display import progress
from sentry_app.spool import Directory
from tests.support import answers
from tests.support.commands import Ran, run_command
from tests.support.sentry_server import SentryServer, refused_dsn

Start = Callable[..., conf.Config]


def sentry_spool(*args: str) -> Ran:
    return run_command("sentry_spool", *args)


@pytest.fixture
def spool(settings: Any, tmp_path: Path, start_sdk: Start, sentry: SentryServer) -> Directory:
    """A spool with three envelopes that wait: Sentry is away."""
    sentry.answer = answers.status(503)
    settings.SENTRY = {"DSN": sentry.dsn, "SPOOL_DIR": str(tmp_path / "spool")}
    config = start_sdk(**settings.SENTRY)
    for number in range(3):
        sentry_sdk.capture_message(f"{number}")
    directory = spooling.directory(config)
    assert directory is not None
    return directory


def test_it_says_what_waits(spool: Directory, sentry: SentryServer) -> None:
    sentry.wait_for(1)
    ran = sentry_spool()
    assert ran.code == 0
    assert str(spool.path) in ran.out
    assert "3 (3 error)," in ran.out
    assert "rejected   nothing" in ran.out


def test_it_says_what_is_wrong(spool: Directory, sentry: SentryServer) -> None:
    spooling.running().drain(10)  # type: ignore[union-attr]
    document = sentry_spool("--json").document
    assert document["waiting"]["count"] == 3
    assert document["waiting"]["categories"] == {"error": 3}
    assert document["problem"] == "HTTP 503"
    assert document["next_try"] <= 60
    assert document["rejected"]["count"] == 0


def test_flush_sends_what_waits(spool: Directory, sentry: SentryServer) -> None:
    sentry.answer = answers.ok
    ran = sentry_spool("--flush", "--json")
    assert [ran.code, ran.document["sent"], ran.document["waiting"]["count"]] == [0, 3, 0]
    assert len({event["event_id"] for event in sentry.events}) == 3


def test_flush_that_sends_nothing_says_so(spool: Directory) -> None:
    ran = sentry_spool("--flush", "--timeout", "0.3")
    assert ran.code == 1
    assert "problem" in ran.out
    assert len(spool.pending()) == 3


def test_what_was_refused_is_shown_and_can_wait_again(
    spool: Directory, sentry: SentryServer
) -> None:
    sentry.answer = answers.status(403, "wrong key")
    flushed = sentry_spool("--flush", "--json")
    assert [flushed.code, flushed.document["sent"]] == [0, 0]
    ran = sentry_spool()
    assert "rejected   3 (3 error)" in ran.out
    assert "3 x HTTP 403: wrong key" in ran.out
    sentry.answer = answers.status(503)
    assert sentry_spool("--requeue", "--json").document["requeued"] == 3
    assert [len(spool.pending()), len(spool.rejected())] == [3, 0]


def test_drop_asks_first(spool: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    for reply in ("n", ""):
        monkeypatch.setattr("builtins.input", lambda question, reply=reply: reply)
        with pytest.raises(CommandError, match="Nothing was deleted"):
            sentry_spool("--drop")
    assert len(spool.pending()) == 3
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    assert "dropped    3" in sentry_spool("--drop").out
    assert spool.pending() == []


def test_drop_without_a_terminal_needs_no_input(
    spool: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    with pytest.raises(CommandError, match="--no-input"):
        sentry_spool("--drop")
    assert sentry_spool("--drop", "--no-input", "--json").document["dropped"] == 3


def test_another_projects_envelopes_are_mentioned(spool: Directory) -> None:
    other = Directory(spool.path.parent / "old.invalid-7", 10**6, 1000)
    other.write(b"{}\n{}\n{}\n", "error")
    assert "old.invalid-7: 1 waiting" in sentry_spool().out


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"DSN": refused_dsn()}, "SPOOL_DIR"),
        ({"SPOOL_DIR": "/nowhere"}, "no DSN"),
    ],
)
def test_without_a_spool_it_says_what_is_missing(
    given: dict[str, str], told: str, settings: Any
) -> None:
    settings.SENTRY = given
    with pytest.raises(CommandError, match=told) as raised:
        sentry_spool()
    assert raised.value.returncode == 2


def test_flush_needs_a_running_sdk(settings: Any, tmp_path: Path) -> None:
    settings.SENTRY = {"DSN": refused_dsn(), "SPOOL_DIR": str(tmp_path), "FORCE_DISABLE": True}
    with pytest.raises(CommandError, match="FORCE_DISABLE") as raised:
        sentry_spool("--flush")
    assert raised.value.returncode == 2


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "inf"])
def test_a_timeout_is_a_number_of_seconds(seconds: str) -> None:
    with pytest.raises(CommandError, match="is not a number of seconds above 0"):
        sentry_spool("--flush", f"--timeout={seconds}")


def test_the_bar_fills() -> None:
    bars = [progress(done, 4, width=4) for done in range(5)]
    assert bars == ["[....] 0/4", "[#...] 1/4", "[##..] 2/4", "[###.] 3/4", "[####] 4/4"]
    assert progress(0, 0, width=2) == "[##] 0/0"


def test_the_task_drains(spool: Directory, sentry: SentryServer) -> None:
    pytest.importorskip("celery")
    from sentry_app.tasks import drain_spool

    sentry.answer = answers.ok
    spooling.running().retry_now()  # type: ignore[union-attr]
    drain_spool(10)
    assert spool.pending() == []


def test_the_task_does_nothing_without_a_spool() -> None:
    pytest.importorskip("celery")
    from sentry_app.tasks import drain_spool

    drain_spool()
    assert drain_spool.name == "sentry_app.drain_spool"
