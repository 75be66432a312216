"""``BaseCommand.execute``, wrapped: ``manage.py`` and ``call_command`` both go through it.

While the SDK is off, the wrapper only calls the original.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from time import monotonic
from typing import Any

import sentry_sdk
from django.core.management import BaseCommand, CommandError
from sentry_sdk.crons import MonitorStatus, capture_checkin
from sentry_sdk.integrations import Integration

from sentry_app import filters
from sentry_app.conf import Config
from sentry_app.integrations.commands.told import command_name, exit_code, told_arguments

#: The name that Sentry's SDKs for Laravel and Symfony use.
OP = "console.command"

#: They end a command on purpose, and have told the terminal why.
_NO_ERRORS = (CommandError, KeyboardInterrupt, SystemExit)


class Commands(Integration):
    """Watches management commands with this project's settings; ``config`` holds them."""

    identifier = "django_commands"

    def __init__(self, config: Config) -> None:
        self.config = config

    @staticmethod
    def setup_once() -> None:
        """Wrap ``BaseCommand.execute``; the SDK calls this once in a process."""
        original = BaseCommand.execute

        @wraps(original)
        def execute(self: BaseCommand, *args: Any, **options: Any) -> Any:
            watching = sentry_sdk.get_client().get_integration(Commands)
            if not isinstance(watching, Commands) or _is_ours(self):
                return original(self, *args, **options)
            with _observed(watching.config, self, {**options, "args": args}):
                return original(self, *args, **options)

        BaseCommand.execute = execute  # type: ignore[method-assign]


@contextmanager
def _observed(config: Config, command: BaseCommand, options: Mapping[str, Any]) -> Iterator[None]:
    # That manage.py runs it, and not call_command.
    is_main = getattr(command, "_called_from_command_line", False)
    arguments = told_arguments(options)
    told: dict[str, Any] = {"name": command_name(command), "arguments": arguments}
    with _told_once(is_main), _recorded(config, told, is_main), _checked_in(config, told):
        try:
            yield
            told["exit_code"] = 0
        except BaseException as error:
            told["exit_code"] = exit_code(error)
            if is_main and not isinstance(error, _NO_ERRORS):
                _capture(error, told)
            raise


@contextmanager
def _checked_in(config: Config, told: Mapping[str, Any]) -> Iterator[None]:
    """MONITORED_COMMANDS: a check-in when the command starts, and one when it ends."""
    monitor = config.MONITORED_COMMANDS.get(told["name"])
    if monitor is None:
        yield
        return
    start = monotonic()
    more = {"monitor_slug": told["name"], "monitor_config": monitor}
    more["check_in_id"] = capture_checkin(status=MonitorStatus.IN_PROGRESS, **more)
    try:
        yield
    finally:
        status = MonitorStatus.OK if told.get("exit_code") == 0 else MonitorStatus.ERROR
        capture_checkin(status=status, duration=monotonic() - start, **more)


@contextmanager
def _told_once(is_main: bool) -> Iterator[None]:
    """Keep the SDK's excepthook from reporting what ends the process: it is told, or no event."""
    try:
        yield
    except BaseException as error:
        if is_main:
            reported = error  # the name of an exception ends with its clause

            def drop(event: Any, hint: dict[str, Any]) -> Any:
                return None if (hint.get("exc_info") or (0, 0))[1] is reported else event

            sentry_sdk.get_isolation_scope().add_event_processor(drop)
        raise


def _recorded(
    config: Config, told: Mapping[str, Any], is_main: bool
) -> AbstractContextManager[Any]:
    """A transaction for what ``manage.py`` runs, a span within another one, or nothing."""
    name = told["name"]
    if sentry_sdk.get_current_span() is not None:
        return sentry_sdk.start_span(op=OP, name=name)
    if is_main and not filters.matches_glob(name, config.EXCLUDED_COMMANDS):
        return _transaction(told)
    return nullcontext()


@contextmanager
def _transaction(told: Mapping[str, Any]) -> Iterator[None]:
    with sentry_sdk.isolation_scope() as scope:
        _tell(scope, told)
        transaction = sentry_sdk.continue_trace(
            _incoming_trace(), op=OP, name=told["name"], source="task"
        )
        with sentry_sdk.start_transaction(transaction):
            # Until an error passes. Not before: of what is set then the SDK makes a tag that stays.
            transaction.set_status("ok")
            yield


def _incoming_trace() -> dict[str, str]:
    """The trace that started this process: the SDK hands it on to each subprocess."""
    environ = os.environ
    found = {
        "sentry-trace": environ.get("SUBPROCESS_SENTRY_TRACE") or environ.get("SENTRY_TRACE"),
        "baggage": environ.get("SUBPROCESS_BAGGAGE") or environ.get("SENTRY_BAGGAGE"),
    }
    return {header: value for header, value in found.items() if value}


def _capture(error: BaseException, told: Mapping[str, Any]) -> None:
    from sentry_app.integrations.report import report  # of no use while nothing fails

    with sentry_sdk.new_scope() as scope:
        _tell(scope, told)
        report(error, "django_command")


def _tell(scope: sentry_sdk.Scope, told: Mapping[str, Any]) -> None:
    scope.set_tag("command", told["name"])
    scope.set_context("command", told)  # type: ignore[arg-type]


def _is_ours(command: BaseCommand) -> bool:
    return type(command).__module__.startswith("sentry_app.")
