"""Management commands in real processes, to the bytes that arrive at a Sentry."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk

from tests.support.processes import clean_environment
from tests.support.project import ROOT, Project
from tests.support.sentry_server import SentryServer
from tests.test_nothing_leaks import leaked

pytestmark = pytest.mark.e2e

MANAGE = """
    from django.core.management import execute_from_command_line
    import sys
    execute_from_command_line(sys.argv)
"""

IMPORT_ORDERS = """
    import os, signal, sys
    from django.contrib.auth.models import User
    from django.core.management import BaseCommand, CommandError, call_command
    from django.db import connection
    from sentry_app import sentry_add_breadcrumb, sentry_set_user_context

    class Command(BaseCommand):
        def add_arguments(self, parser):
            parser.add_argument("how")
            parser.add_argument("--password")
            parser.add_argument("--limit", type=int)

        def handle(self, how, **options):
            sentry_set_user_context(User(pk=7))
            sentry_add_breadcrumb("orders read")
            getattr(self, how)()

        def work(self):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            call_command("tidy_up")

        def fail(self):
            raise ValueError("order 7 has no total")

        def refuse(self):
            raise CommandError("no such file", returncode=3)

        def interrupt(self):
            # A shell starts what runs in the background with Ctrl-C ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()

        def leave(self):
            sys.exit(4)

        def finish(self):
            sys.exit(0)
"""

TIDY_UP = """
    from django.core.management import BaseCommand

    class Command(BaseCommand):
        def handle(self, **options):
            pass
"""

Manage = Callable[..., int]


@pytest.fixture
def manage(sentry: SentryServer, tmp_path: Path) -> Manage:
    """``manage("import_orders", "work", SENTRY_...="...")`` runs it; returns the exit code."""
    project = Project(tmp_path)
    project.write("settings.py", "INSTALLED_APPS += ['shop']")
    project.write("manage.py", MANAGE)
    for package in ("shop", "shop/management", "shop/management/commands"):
        project.write(f"{package}/__init__.py", "")
    project.write("shop/management/commands/import_orders.py", IMPORT_ORDERS)
    project.write("shop/management/commands/tidy_up.py", TIDY_UP)

    def run(*arguments: str, **environment: str) -> int:
        environment = {
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(ROOT),
            "SENTRY_DSN": sentry.dsn,
            "SENTRY_TRACES_SAMPLE_RATE": "1.0",
            **environment,
        }
        argv = [sys.executable, "manage.py", *arguments]
        ran = subprocess.run(
            argv,
            cwd=tmp_path,
            env=clean_environment(**environment),
            capture_output=True,
            timeout=60,
        )
        return ran.returncode

    return run


def status(event: dict[str, Any]) -> str:
    return str(event["contexts"]["trace"]["status"])


def test_a_command_is_a_transaction(manage: Manage, sentry: SentryServer) -> None:
    assert manage("import_orders", "work", "--limit=5") == 0
    (transaction,) = sentry.transactions
    assert transaction["transaction"] == "import_orders"
    assert transaction["transaction_info"] == {"source": "task"}
    assert transaction["contexts"]["trace"]["op"] == "console.command"
    assert transaction["tags"]["command"] == "import_orders"
    assert transaction["contexts"]["command"] == {
        "name": "import_orders",
        "arguments": {"how": "work", "limit": 5},
        "exit_code": 0,
    }
    assert status(transaction) == "ok"
    spans = {(span["op"], span["description"]) for span in transaction["spans"]}
    assert spans >= {("db", "SELECT 1"), ("console.command", "tidy_up")}
    assert sentry.events == []


def test_an_error_tells_user_command_trail_and_trace(manage: Manage, sentry: SentryServer) -> None:
    assert manage("import_orders", "fail") == 1
    (event,), (transaction,) = sentry.events, sentry.transactions
    (error,) = event["exception"]["values"]
    assert (error["value"], error["mechanism"]["handled"]) == ("order 7 has no total", False)
    assert event["user"] == {"id": "7"}
    assert event["tags"]["command"] == event["transaction"] == "import_orders"
    assert event["contexts"]["command"]["exit_code"] == 1
    assert event["breadcrumbs"]["values"][-1]["message"] == "orders read"
    assert event["contexts"]["trace"]["trace_id"] == transaction["contexts"]["trace"]["trace_id"]
    assert status(transaction) == "internal_error"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["refuse"], 3, 3),
        (["refuse", "--traceback"], 1, 3),  # Python ends with 1 after a traceback
        (["interrupt"], -2, 130),
        (["leave"], 4, 4),
        (["finish"], 0, 0),
    ],
)
def test_an_end_on_purpose_is_no_event(
    arguments: list[str], code: int, told: int, manage: Manage, sentry: SentryServer
) -> None:
    assert manage("import_orders", *arguments) == code
    (transaction,) = sentry.transactions
    assert sentry.events == []
    assert transaction["contexts"]["command"]["exit_code"] == told
    assert status(transaction) == ("internal_error" if told else "ok")


def test_an_excluded_command_is_no_transaction(manage: Manage, sentry: SentryServer) -> None:
    manage("import_orders", "work", SENTRY_EXCLUDED_COMMANDS="import_*")
    assert sentry.transactions == []
    manage("import_orders", "fail", SENTRY_EXCLUDED_COMMANDS="import_*")
    assert sentry.transactions == []
    (event,) = sentry.events
    assert event["tags"]["command"] == event["contexts"]["command"]["name"] == "import_orders"


@pytest.mark.parametrize(("how", "status"), [("work", "ok"), ("fail", "error")])
def test_a_command_is_monitored(
    how: str, status: str, manage: Manage, sentry: SentryServer
) -> None:
    manage("import_orders", how, SENTRY_MONITORED_COMMANDS='{"import_orders": "0 3 * * *"}')
    start, end = sentry.items("check_in")
    assert (start["monitor_slug"], start["status"], end["status"]) == (
        "import_orders",
        "in_progress",
        status,
    )
    assert start["check_in_id"] == end["check_in_id"]
    assert end["duration"] > 0
    assert start["monitor_config"]["schedule"] == {"type": "crontab", "value": "0 3 * * *"}


def test_the_secrets_of_a_command_stay_here(manage: Manage, sentry: SentryServer) -> None:
    password = secrets.token_urlsafe(18)
    manage("import_orders", "fail", "--password", password)
    manage("import_orders", "work", f"--password={password}")
    assert len(sentry.transactions) == 2
    assert sentry.events[0]["contexts"]["command"]["arguments"]["how"] == "fail"
    assert leaked(sentry, password) == []


def test_a_trace_goes_on_in_a_process_that_is_started(
    manage: Manage, sentry: SentryServer, start_sdk: Callable[..., Any]
) -> None:
    start_sdk(TRANSPORT="locmem", TRACES_SAMPLE_RATE=1.0)
    with sentry_sdk.start_transaction(name="parent") as parent:
        manage("import_orders", "work")
    trace = sentry.transactions[0]["contexts"]["trace"]
    assert trace["trace_id"] == parent.trace_id
    assert trace["parent_span_id"] is not None
    assert "SUBPROCESS_SENTRY_TRACE" not in os.environ
