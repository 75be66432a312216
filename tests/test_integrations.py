"""sentry_app.integrations: one for each package that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import sentry_sdk
from sentry_sdk.integrations import DidNotEnable
from sentry_sdk.integrations.asyncio import AsyncioIntegration
from sentry_sdk.integrations.django import DjangoIntegration

from sentry_app import conf, integrations
from sentry_app.integrations import celery, redis
from sentry_app.testing import capture_events
from tests.support.project import Project


def identifiers() -> set[str]:
    return {integration.identifier for integration in integrations.build(conf.load({}))}


@pytest.mark.parametrize("package", ["celery", "redis"])
def test_an_integration_needs_its_package(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"sentry_app.integrations.{package}.is_installed"
    monkeypatch.setattr(name, lambda name: None)
    assert package not in identifiers()
    assert "django" in identifiers()


@pytest.mark.parametrize("package", ["celery", "redis"])
def test_an_installed_package_has_its_integration(package: str) -> None:
    pytest.importorskip(package)
    assert package in identifiers()


def test_celery_beat_is_monitored_if_wanted() -> None:
    pytest.importorskip("celery")
    config = conf.load({"CELERY_MONITOR_BEAT": True})
    assert celery.integration(config).monitor_beat_tasks is True
    assert celery.integration(conf.load({})).monitor_beat_tasks is False


def test_redis_keys_that_are_a_cache() -> None:
    pytest.importorskip("redis")
    config = conf.load({"REDIS_CACHE_PREFIXES": ["cache:"]})
    assert redis.integration(config).cache_prefixes == ["cache:"]


@pytest.mark.parametrize("on", [True, False])
def test_middleware_and_signals_are_spans_if_wanted(
    on: bool, request: pytest.FixtureRequest
) -> None:
    toggles = {"MIDDLEWARE_SPANS": on, "SIGNALS_SPANS": on}
    with capture_events(TRACES_SAMPLE_RATE=1.0, **toggles) as events:
        # Middleware is wrapped when the application is made, and so not before the start.
        client: httpx.Client = request.getfixturevalue("client")
        client.get("/ok/")
        ops = {span["op"] for span in events.transactions[0]["spans"]}
    assert {"middleware.django", "event.django"} & ops == (
        {"middleware.django", "event.django"} if on else set()
    )


@pytest.mark.parametrize("on", [True, False])
def test_the_cache_is_a_span_if_wanted(on: bool) -> None:
    with capture_events(CACHE_SPANS=on):
        integration: Any = sentry_sdk.get_client().get_integration(DjangoIntegration)
        assert integration.cache_spans is on


def test_a_toggle_that_this_sdk_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old(DjangoIntegration):
        def __init__(self, cache_spans: bool = False) -> None:
            super().__init__(cache_spans=cache_spans)

    monkeypatch.setattr("sentry_sdk.integrations.django.DjangoIntegration", Old)
    [built] = [one for one in integrations.build(conf.load({})) if isinstance(one, Old)]
    assert built.cache_spans is True


def test_the_projects_own_integrations_run_beside_them() -> None:
    with capture_events(OPTIONS={"integrations": [AsyncioIntegration()]}):
        running = sentry_sdk.get_client().integrations
        assert {"asyncio", "django"} <= set(running)


def test_a_directory_of_that_name_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "somewhere").mkdir()
    ran = Project(tmp_path).run(
        "from sentry_app.integrations.installed import is_installed\n"
        "print(is_installed('somewhere'), is_installed('django'))"
    )
    assert ran.stdout == "False True\n", ran.stderr


def test_a_version_that_the_sdk_does_not_know_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def too_old(config: conf.Config) -> None:
        raise DidNotEnable("too old")

    monkeypatch.setattr(integrations, "BUILDERS", (too_old,))
    assert integrations.build(conf.load({})) == []
    assert "too old" in caplog.text


def test_a_package_that_is_made_differently_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def different(config: conf.Config) -> None:
        raise AttributeError("as asked")

    monkeypatch.setattr(integrations, "CONNECTORS", (different,))
    integrations.connect(conf.load({}))
    assert "not monitored" in caplog.text


def test_nothing_is_watched_before_the_models_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrations, "CONNECTORS", (pytest.fail,))
    monkeypatch.setattr("django.apps.apps.models_ready", False)
    integrations.connect(conf.load({}))


@pytest.mark.parametrize("package", ["channels", "rest_framework"])
def test_without_a_dsn_nothing_is_patched(package: str, tmp_path: Path) -> None:
    pytest.importorskip(package)
    code = f"""
        import django
        django.setup()
        import sys
        from django.core.signals import request_started
        print({package!r} + ".views" in sys.modules, {package!r} + ".consumer" in sys.modules)
        print(any("sentry_app" in str(key) for (key, *_) in request_started.receivers))
    """
    ran = Project(tmp_path).run(code)
    assert ran.stdout == "False False\nFalse\n", ran.stderr
