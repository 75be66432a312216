"""The example project: what its code says about Sentry runs, to the letter."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("celery", reason="the example project uses Celery")
pytest.importorskip("redis", reason="the example project uses Redis")

from tests.support.processes import clean_environment, run_server
from tests.support.sentry_server import SentryServer

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).parents[1] / "example_project"
MANAGE = [sys.executable, str(EXAMPLE / "manage.py")]
Manage = Callable[..., "subprocess.CompletedProcess[str]"]

CAPTURE_EXCEPTION = """
from settings.components.sentry import sentry_capture_exception

try:
    1 / 0
except Exception as e:
    sentry_capture_exception(e)
"""
CAPTURE_MESSAGE = """
from settings.components.sentry import sentry_capture_message

sentry_capture_message("Something important happened", level="warning")
"""
ADD_BREADCRUMB = """
from settings.components.sentry import sentry_add_breadcrumb

sentry_add_breadcrumb(
    message="User clicked checkout",
    category="user_action",
    level="info",
    data={"cart_total": 99.99}
)
"""
SET_USER = """
from django.contrib.auth.models import User
from django.test import RequestFactory
from settings.components.sentry import sentry_set_user_context

request = RequestFactory().get("/")
request.user = User(pk=7, username="ada")
sentry_set_user_context(request.user)
"""
TRACE = """
from settings.components.sentry import sentry_start_transaction, sentry_start_span

with sentry_start_transaction(name="process_order", op="task") as transaction:
    with sentry_start_span(op="db.query", description="fetch_user_orders"):
        pass
    with sentry_start_span(op="http.request", description="payment_gateway"):
        pass
"""
CONFIGURE_SCOPE = """
import sentry_sdk

with sentry_sdk.configure_scope() as scope:
    scope.set_tag("feature_flag", "new_checkout")
    scope.set_context("order_info", {"order_id": 42, "total": 99.99})
"""
VERIFY = """
from django.conf import settings
import sentry_sdk

if hasattr(settings, 'sentry_configured') and settings.sentry_configured:
    print("Sentry is configured")
    print(f"DSN: {sentry_sdk.Hub.current.client.dsn}")
    print(f"Environment: {sentry_sdk.Hub.current.client.options['environment']}")
"""
SERVERS = {
    "WSGI": [
        *("gunicorn", "core.wsgi:application", "--bind=127.0.0.1:0"),
        *(f"--pythonpath={EXAMPLE}", f"--config={EXAMPLE / 'gunicorn.conf.py'}"),
    ],
    "ASGI": ["uvicorn", "core.asgi:application", "--port=0", f"--app-dir={EXAMPLE}"],
}


@pytest.fixture
def environment(sentry: SentryServer, tmp_path: Path) -> dict[str, str]:
    return clean_environment(
        DEMO_DIR=str(tmp_path),
        SENTRY_DSN=sentry.dsn,
        SENTRY_ENVIRONMENT="staging",
        SENTRY_TRACES_SAMPLE_RATE="1.0",
    )


@pytest.fixture
def manage(environment: dict[str, str]) -> Manage:
    """``manage("check")`` runs this command of the example project."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command, variables = [*MANAGE, *arguments], {**environment, **variables}
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)

    return run


def test_capture_exception(manage: Manage, sentry: SentryServer) -> None:
    manage("shell", "--verbosity=0", "-c", CAPTURE_EXCEPTION)
    (event,) = sentry.events
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"


def test_capture_message(manage: Manage, sentry: SentryServer) -> None:
    manage("shell", "--verbosity=0", "-c", CAPTURE_MESSAGE)
    (event,) = sentry.events
    assert (event["message"], event["level"]) == ("Something important happened", "warning")


def test_add_breadcrumb(manage: Manage, sentry: SentryServer) -> None:
    manage("shell", "--verbosity=0", "-c", ADD_BREADCRUMB + CAPTURE_MESSAGE)
    (event,) = sentry.events
    crumb = event["breadcrumbs"]["values"][-1]
    assert (crumb["message"], crumb["category"]) == ("User clicked checkout", "user_action")
    assert crumb["data"] == {"cart_total": 99.99}


def test_set_user_context(manage: Manage, sentry: SentryServer) -> None:
    manage("shell", "--verbosity=0", "-c", SET_USER + CAPTURE_MESSAGE)
    (event,) = sentry.events
    assert event["user"] == {"id": "7"}


def test_transaction_and_spans(manage: Manage, sentry: SentryServer) -> None:
    manage("shell", "--verbosity=0", "-c", TRACE)
    (transaction,) = sentry.transactions
    assert transaction["transaction"] == "process_order"
    assert transaction["contexts"]["trace"]["op"] == "task"
    assert [(span["op"], span["description"]) for span in transaction["spans"]] == [
        ("db.query", "fetch_user_orders"),
        ("http.request", "payment_gateway"),
    ]


def test_configure_scope(manage: Manage, sentry: SentryServer) -> None:
    manage("shell", "--verbosity=0", "-c", CONFIGURE_SCOPE + CAPTURE_MESSAGE)
    (event,) = sentry.events
    assert event["tags"]["feature_flag"] == "new_checkout"
    assert event["contexts"]["order_info"] == {"order_id": 42, "total": 99.99}


def test_verify_configuration(manage: Manage, sentry: SentryServer) -> None:
    printed = manage("shell", "--verbosity=0", "-c", VERIFY).stdout.splitlines()
    assert printed == ["Sentry is configured", f"DSN: {sentry.dsn}", "Environment: staging"]


def test_verify_configuration_without_a_dsn(manage: Manage) -> None:
    done = manage("shell", "--verbosity=0", "-c", VERIFY, SENTRY_DSN="")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_error_of_a_command(manage: Manage, sentry: SentryServer) -> None:
    assert manage("test_error").returncode == 1
    (event,) = sentry.events
    error = event["exception"]["values"][-1]
    assert (error["value"], error["mechanism"]["handled"]) == ("Test error for Sentry", False)


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_the_middleware_at_its_own_path(
    server: list[str], environment: dict[str, str], sentry: SentryServer
) -> None:
    ready = r"(?:Listening at:|running on) (http://127\.0\.0\.1:\d+)"
    argv = [sys.executable, "-m", *server]
    with run_server(argv, ready, env=environment) as process:
        url = process.wait_for_line(ready)[1]
        urllib.request.urlopen(f"{url}/report/", timeout=30).close()
        sentry.wait_for(lambda received: sentry.events and sentry.transactions)
    crumbs = sentry.events[0]["breadcrumbs"]["values"]
    assert ("request", "GET /report/") in {
        (crumb["category"], crumb.get("message")) for crumb in crumbs
    }
    assert sentry.transactions[0]["spans"][0]["description"] == "sales of the month"


@pytest.mark.parametrize("arguments", [("check",), ("makemigrations", "--check")], ids=str)
def test_the_project_is_sound(manage: Manage, arguments: tuple[str, ...]) -> None:
    done = manage(*arguments, "--fail-level=WARNING" if arguments == ("check",) else "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_functions_can_be_imported_while_the_settings_are_being_read() -> None:
    code = "import django.conf, settings.components.sentry; print(django.conf.settings.configured)"
    path = os.pathsep.join([str(EXAMPLE), os.environ.get("PYTHONPATH", "")])
    printed = subprocess.check_output(
        [sys.executable, "-c", code], env=clean_environment(PYTHONPATH=path), text=True
    )
    assert printed == "False\n"
