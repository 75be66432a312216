"""sentry_app.apps: the SDK starts with the first AppConfig, and connects what listens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import registry
from django.test import override_settings

from sentry_app import sdk
from sentry_app.apps import check_deployment, check_sentry
from sentry_app.transports.file import read_envelopes
from tests.support.project import Project

ON: dict[str, Any] = {"TRANSPORT": "locmem"}


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A project with an app ``shop`` behind ours, which writes its envelopes to a directory."""
    project = Project(tmp_path)
    project.write("settings.py", "INSTALLED_APPS = [*INSTALLED_APPS, 'shop.apps.Shop']")
    project.write("shop/__init__.py", "")
    project.write(
        "shop/apps.py",
        """
        from django.apps import AppConfig
        class Shop(AppConfig):
            name = "shop"
        """,
    )
    return project


def errors_of(project: Project) -> list[str]:
    """The messages of the exceptions that ``django.setup()`` sends in a new process."""
    project.run(
        "import django; django.setup()", SENTRY_TRANSPORT="file", SENTRY_TRANSPORT_DIR="sent"
    )
    events = [envelope.get_event() for envelope in read_envelopes(project.directory / "sent")]
    return [event["exception"]["values"][-1]["value"] for event in events if event]


@pytest.mark.parametrize("module", ["apps", "models"])
def test_an_error_while_another_app_is_imported_is_captured(shop: Project, module: str) -> None:
    path = shop.directory / f"shop/{module}.py"
    path.write_text(path.read_text() if path.exists() else "")
    with path.open("a") as file:
        file.write(f"\nraise RuntimeError('in {module}')\n")
    assert errors_of(shop) == [f"in {module}"]


def test_an_error_in_another_apps_ready_is_captured(shop: Project) -> None:
    with (shop.directory / "shop/apps.py").open("a") as file:
        file.write("\n    def ready(self): raise RuntimeError('in ready')\n")
    assert errors_of(shop) == ["in ready"]


def test_hooks_may_live_beside_models(shop: Project) -> None:
    # They are imported when the first event comes: at the start no model can be.
    shop.write("shop/models.py", "from django.contrib.auth.models import User")
    shop.write(
        "shop/hooks.py",
        """
        from shop.models import User
        def mark(event, hint):
            return {**event, "tags": {"model": User.__name__}}
        """,
    )
    ran = shop.run(
        """
        import django; django.setup()
        import sentry_app
        sentry_app.sentry_capture_message("hello")
        print(sentry_app.outbox[0].get_event()["tags"])
        """,
        SENTRY_TRANSPORT="locmem",
        SENTRY_BEFORE_SEND="shop.hooks.mark",
    )
    assert ran.stdout == "{'model': 'User'}\n", ran.stderr


def test_ready_again_changes_nothing(settings: Any) -> None:
    settings.SENTRY = ON
    client = sentry_sdk.get_client()
    registered = set(registry.registry.registered_checks)
    apps.get_app_config("sentry_app").ready()
    assert sentry_sdk.get_client() is client
    assert registry.registry.registered_checks == registered


def test_the_checks_are_registered() -> None:
    assert check_sentry in registry.registry.registered_checks
    assert check_deployment in registry.registry.deployment_checks


def test_a_setting_says_whether_the_sdk_runs() -> None:
    assert not django_settings.sentry_configured
    with override_settings(SENTRY=ON):
        assert django_settings.sentry_configured
    assert not django_settings.sentry_configured


def test_it_says_so_under_any_override(settings: Any) -> None:
    settings.SENTRY = ON
    with override_settings(DEBUG=True):
        assert django_settings.sentry_configured


def test_override_settings_starts_anew_and_puts_it_back(settings: Any) -> None:
    settings.SENTRY = ON
    with override_settings(SENTRY={**ON, "RELEASE": "2.0"}):
        assert sentry_sdk.get_client().options["release"] == "2.0"
    assert sentry_sdk.get_client().options["release"] != "2.0"
    assert sdk.is_configured()


def test_another_setting_starts_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SENTRY = ON
    client = sentry_sdk.get_client()
    monkeypatch.setenv("SENTRY_RELEASE", "2.0")
    settings.DEBUG = True
    assert sentry_sdk.get_client() is client


def test_overridden_apps_do_not_start_a_second_client(settings: Any) -> None:
    settings.SENTRY = ON
    client = sentry_sdk.get_client()
    with override_settings(INSTALLED_APPS=["sentry_app"]):
        assert sentry_sdk.get_client() is client
