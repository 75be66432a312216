"""sentry_app.integrations.commands: call_command and what is told; see test_real_commands.py."""

from __future__ import annotations

import sys
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
import sentry_sdk
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import BaseCommand, CommandError, call_command

from sentry_app import defaults, filters
from sentry_app.integrations.commands import base, told
from sentry_app.testing import capture_events


class Command(BaseCommand):
    """Raises what it is given, as if its module were named like a command."""

    requires_system_checks: Any = []
    stealth_options = ("error",)

    def handle(self, *args: Any, error: Any = None, **options: Any) -> None:
        if error is not None:
            raise error


class Bare(CommandError):
    """One that does not call the base class, and so has no exit code."""

    def __init__(self) -> None:
        pass


def run(**options: Any) -> None:
    call_command(Command(), **options)


def run_as_main(**options: Any) -> None:
    command = Command()
    command._called_from_command_line = True  # as manage.py does
    call_command(command, **options)


def test_a_command_that_is_called_is_a_span_of_what_runs() -> None:
    with capture_events() as events:
        with sentry_sdk.start_transaction(name="request"):
            run()
        (transaction,) = events.transactions
    (span,) = transaction["spans"]
    assert (span["op"], span["description"]) == ("console.command", "test_integrations_commands")
    assert "command" not in transaction.get("tags", {})


def test_a_command_that_is_called_alone_is_nothing() -> None:
    with capture_events() as events:
        run()
        assert (events.transactions, events.events) == ([], [])


def test_the_error_of_a_command_that_is_called_is_the_callers() -> None:
    with capture_events() as events:
        with pytest.raises(ValueError, match="no"):
            run(error=ValueError("no"))
        assert events.events == []
        sentry_sdk.capture_message("still heard")
        assert len(events.events) == 1


def test_a_command_may_be_called_from_asynchronous_code() -> None:
    async def view() -> None:
        with sentry_sdk.start_transaction(name="request"):
            await sync_to_async(run)()

    with capture_events() as events:
        async_to_sync(view)()
        (transaction,) = events.transactions
    assert [span["op"] for span in transaction["spans"]] == ["console.command"]


def test_the_projects_own_commands_of_this_package_are_left_alone() -> None:
    with capture_events() as events:
        with sentry_sdk.start_transaction(name="outer"):
            call_command("sentry_config", stdout=StringIO())
        (transaction,) = events.transactions
    assert "console.command" not in {span["op"] for span in transaction["spans"]}


def test_a_monitored_command_may_be_called() -> None:
    monitored = {"test_integrations_commands": "10 minutes"}
    with capture_events(MONITORED_COMMANDS=monitored) as events:
        run()
        with pytest.raises(SystemExit):
            run(error=SystemExit(0))
        with pytest.raises(KeyboardInterrupt):
            run(error=KeyboardInterrupt())
        statuses = [check_in["status"] for check_in in events.items("check_in")]
    assert statuses == ["in_progress", "ok", "in_progress", "ok", "in_progress", "error"]


def test_the_check_ins_are_in_the_trace_of_the_command() -> None:
    monitored = {"test_integrations_commands": "10 minutes"}
    with capture_events(MONITORED_COMMANDS=monitored) as events:
        run_as_main()
        traces = [item["contexts"]["trace"]["trace_id"] for item in events.items("check_in")]
        (transaction,) = events.transactions
    assert traces == [transaction["contexts"]["trace"]["trace_id"]] * 2


@pytest.mark.parametrize(("error", "status"), [(None, "ok"), (ValueError(), "internal_error")])
def test_the_tag_says_no_other_status_than_the_trace(error: Any, status: str) -> None:
    with capture_events() as events:
        with suppress(ValueError):
            run_as_main(error=error)
        (transaction,) = events.transactions
    assert transaction["contexts"]["trace"]["status"] == status
    assert transaction["tags"].get("status", status) == status


def test_without_the_sdk_a_command_runs_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_events():
        pass  # so that the wrapper is there
    monkeypatch.setattr(base, "_observed", None)
    run()
    with pytest.raises(CommandError, match="no"):
        run(error=CommandError("no"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("no"), 1),
        (CommandError("no", returncode=3), 3),
        (Bare(), 1),
        (SystemExit(), 0),
        (SystemExit(0), 0),
        (SystemExit(4), 4),
        (SystemExit("no"), 1),
        (KeyboardInterrupt(), 130),
        (ValueError(), 1),
    ],
)
def test_the_exit_code(error: BaseException, code: int) -> None:
    assert told.exit_code(error) == code


def test_only_the_options_that_say_something_are_told() -> None:
    options = {"limit": 0, "path": None, "verbosity": 1, "stdout": sys.stdout, "args": ()}
    assert told.told_arguments(options) == {"limit": 0}
    assert told.told_arguments({"args": ("one", "two")}) == {"args": ("one", "two")}


def test_only_the_beginning_of_a_long_list_is_told() -> None:
    entries = told.told_arguments({"ids": [*range(1000)]})["ids"]
    assert entries == [*range(told.MAX_ENTRIES), "and 950 more"]
    assert told.told_arguments({"ids": [*range(50)]})["ids"] == [*range(50)]


def test_options_of_any_type_are_told() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise ValueError

        __hash__ = None  # type: ignore[assignment]

    odd = Odd()
    assert told.told_arguments({"odd": odd})["odd"] is odd


@pytest.mark.parametrize("name", ["runserver", "runserver_plus", "shell_plus", "migrate", "test"])
def test_what_serves_or_waits_is_excluded(name: str) -> None:
    assert filters.matches_glob(name, defaults.EXCLUDED_COMMANDS)
