"""sentry_app.sdk: start and stop, the same thing never twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import sentry_sdk
from sentry_sdk.integrations import Integration
from sentry_sdk.transport import Transport

import sentry_app
from sentry_app import check_ids, conf, sdk
from tests.support.project import Project
from tests.support.sentry_server import SentryServer, refused_dsn

Start = Callable[..., conf.Config]


class WillNotClose(Transport):
    """A project's own transport, with a mistake."""

    def capture_envelope(self, envelope: Any) -> None:
        sentry_app.outbox.append(envelope)

    def flush(self, timeout: float, callback: Any = None) -> None:
        raise RuntimeError("as asked")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_same_configuration_does_not_start_again(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem")
    client = sentry_sdk.get_client()
    start_sdk(TRANSPORT="locmem")
    assert sentry_sdk.get_client() is client


def test_a_changed_configuration_starts_anew_and_closes_the_old_client(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem")
    old = sentry_sdk.get_client()
    start_sdk(TRANSPORT="locmem", RELEASE="2.0")
    assert sentry_sdk.get_client().options["release"] == "2.0"
    assert old.transport is None


def test_stopping_sends_what_is_waiting(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem", OPTIONS={"enable_logs": True})
    sentry_sdk.logger.warning("waiting")
    sdk.stop()
    assert [item.type for envelope in sentry_app.outbox for item in envelope.items] == ["log"]
    assert not sentry_sdk.get_client().is_active()


def test_a_transport_that_does_not_close_is_no_reason_to_raise(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="tests.test_sdk.WillNotClose")
    sdk.stop()
    assert not sdk.is_configured()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"DSN": ""},
        {"DSN": "https://localhost/1"},
        {"DSN": refused_dsn(), "FORCE_DISABLE": True},
        {"DSN": refused_dsn(), "TEST_MODE": True},
        {"TRANSPORT": "locmem", "FORCE_DISABLE": True},
    ],
)
def test_without_a_destination_the_sdk_is_not_initialised(
    settings: dict[str, Any], start_sdk: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(sentry_sdk, "init", lambda **kwargs: calls.append(kwargs))
    start_sdk(**settings)
    assert (calls, sdk.is_configured(), sdk.running()) == ([], False, None)


def test_without_a_destination_a_running_sdk_is_stopped(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem")
    start_sdk()
    assert not sentry_sdk.get_client().is_active()


def test_without_a_destination_nothing_is_imported_or_patched(project: Project) -> None:
    ran = project.run(
        """
        import sys, django
        from django.core.handlers.wsgi import WSGIHandler
        before = WSGIHandler.__call__
        django.setup()
        print("sentry_sdk" in sys.modules, WSGIHandler.__call__ is before)
        """
    )
    assert ran.stdout.split() == ["False", "True"], ran.stderr


def test_with_a_destination_django_is_patched(project: Project) -> None:
    ran = project.run(
        """
        import django
        from django.core.handlers.wsgi import WSGIHandler
        before = WSGIHandler.__call__
        django.setup()
        print(WSGIHandler.__call__ is before)
        """,
        SENTRY_TRANSPORT="locmem",
    )
    assert ran.stdout.split() == ["False"], ran.stderr


@pytest.mark.parametrize(
    ("argv", "run_main", "expected"),
    [
        (["manage.py", "runserver"], "", False),
        (["manage.py", "runserver", "8000"], "", False),
        (["manage.py", "runserver"], "true", True),
        (["manage.py", "runserver", "--noreload"], "", True),
        (["manage.py", "runserver_plus"], "", False),
        (["manage.py", "migrate"], "", True),
        (["gunicorn", "project.wsgi"], "", True),
    ],
)
def test_the_reloaders_parent_starts_nothing(
    argv: list[str],
    run_main: str,
    expected: bool,
    start_sdk: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", argv)
    monkeypatch.setenv("RUN_MAIN", run_main)
    start_sdk(TRANSPORT="locmem")
    assert sdk.is_configured() is expected


class Refusing(Integration):
    """An integration that cannot be set up."""

    identifier = "refusing"

    @staticmethod
    def setup_once() -> None:
        raise TypeError("as asked")


def test_options_that_the_sdk_refuses_are_left_out(
    start_sdk: Start, caplog: pytest.LogCaptureFixture
) -> None:
    start_sdk(TRANSPORT="locmem", RELEASE="1.0", OPTIONS={"integrations": [Refusing()]})
    assert sdk.is_configured()
    assert sentry_sdk.get_client().options["release"] == "1.0"
    assert check_ids.START_FAILED in caplog.text


def test_the_password_of_a_proxy_is_not_logged(
    start_sdk: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = "http://user:" + "hunter2" + "@proxy"

    def refuse(**arguments: Any) -> None:
        raise ValueError(f"cannot use {proxy}")

    monkeypatch.setattr(sentry_sdk, "init", refuse)
    start_sdk(TRANSPORT="locmem")
    assert "ValueError: cannot use http://***@proxy" in caplog.text
    assert "hunter2" not in caplog.text


def test_an_sdk_that_does_not_start_at_all_is_no_reason_to_raise(
    start_sdk: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sentry_sdk, "init", lambda **kwargs: 1 / 0)
    start_sdk(TRANSPORT="locmem")
    assert not sdk.is_configured()
    assert check_ids.START_FAILED in caplog.text


def test_a_transport_that_cannot_be_used_is_no_destination(
    start_sdk: Start, caplog: pytest.LogCaptureFixture
) -> None:
    start_sdk(TRANSPORT="tests.no_such.Transport")
    assert not sdk.is_configured()
    assert not sentry_sdk.get_client().is_active()
    assert check_ids.BAD_DOTTED_PATH in caplog.text


def test_the_sdks_deprecations_are_not_shown_to_users(
    start_sdk: Start, recwarn: pytest.WarningsRecorder
) -> None:
    start_sdk(TRANSPORT="locmem", PROFILES_SAMPLE_RATE=1.0, SEND_DEFAULT_PII=True)
    assert [str(warning.message) for warning in recwarn] == []


def test_each_problem_is_logged_once(start_sdk: Start, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        start_sdk(TRANSPORT="locmem", MAX_BREADCRUMBS="many")
    levels = [(record.levelname, record.getMessage()[:15]) for record in caplog.records]
    assert levels == [("ERROR", check_ids.BAD_VALUE)]


def test_what_is_switched_off_is_not_complained_about(
    start_sdk: Start, caplog: pytest.LogCaptureFixture
) -> None:
    start_sdk(FORCE_DISABLE=True, MAX_BREADCRUMBS="many")
    assert caplog.text == ""


def test_manage_py_check_says_everything_only_once(
    start_sdk: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["manage.py", "check"])
    start_sdk(TRANSPORT="locmem", MAX_BREADCRUMBS="many")
    assert caplog.records == []


def test_a_site_with_every_key_wrong_still_serves(start_sdk: Start, client: httpx.Client) -> None:
    config = start_sdk(**{name: object() for name in conf.SETTINGS}, NO_SUCH_KEY=1)
    assert {problem.key for problem in config.problems} == {*conf.SETTINGS, "NO_SUCH_KEY"}
    assert client.get("/ok/").status_code == 200
    assert not sdk.is_configured()


def test_a_site_with_every_key_but_the_dsn_wrong_still_reports(
    start_sdk: Start, client: httpx.Client, sentry: SentryServer
) -> None:
    start_sdk(**{**{name: object() for name in conf.SETTINGS}, "DSN": sentry.dsn})
    assert client.get("/ok/").status_code == 200
    client.get("/error/")
    sentry.wait_for(lambda server: server.events)


class NeverMade(Transport):
    """A project's own transport that tells its options when it fails."""

    def __init__(self, options: Any = None) -> None:
        raise ValueError(f"cannot reach {options['dsn']}")

    def capture_envelope(self, envelope: Any) -> None: ...


def test_a_transport_that_fails_does_not_log_the_key(
    start_sdk: Start, caplog: pytest.LogCaptureFixture
) -> None:
    start_sdk(TRANSPORT="tests.test_sdk.NeverMade", DSN="http://" + "ke" + "y@127.0.0.1:9/1")
    assert "ValueError: cannot reach http://***@127.0.0.1:9/1" in caplog.text
    assert "key@" not in caplog.text


def test_a_client_of_the_projects_own_is_not_closed(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem")
    sentry_sdk.init(dsn=refused_dsn())
    sdk.stop()
    assert sentry_sdk.get_client().transport is not None
    sentry_sdk.get_global_scope().set_client(None)
