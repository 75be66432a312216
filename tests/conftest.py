"""Fixtures for every test: a real client, and nothing left over from the test before."""

import os
from collections.abc import Iterator
from importlib.util import find_spec

import httpx
import pytest
import sentry_sdk
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings

from sentry_app import conf, outcomes, releases, sdk
from tests.support.relay import normalize_errors
from tests.support.sentry_server import SentryServer

# A busy machine is no failure.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture(autouse=True)
def clean_start(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No Sentry variables from outside, nothing counted, nothing running afterwards."""
    for variable in [name for name in os.environ if name.startswith("SENTRY_")]:
        monkeypatch.delenv(variable)
    for variable in ("ENVIRONMENT", "GIT_SHA", "TEST_MODE", *releases.PLATFORM_VARIABLES):
        monkeypatch.delenv(variable, raising=False)
    outcomes.reset()
    with sentry_sdk.isolation_scope() as scope:
        scope.clear()
        yield
        sdk.stop()


@pytest.fixture
def client(db: None) -> Iterator[httpx.Client]:
    """A browser on the real WSGI application; ``django.test.Client`` bypasses the SDK's patch.

    With the database, because Django looks after its connections at the end of each request.
    """
    transport = httpx.WSGITransport(app=get_wsgi_application(), raise_app_exceptions=False)
    with httpx.Client(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
def start_sdk() -> object:
    """``start_sdk(DSN=..., ...)`` runs the SDK with these keys of SENTRY."""

    def start(**settings: object) -> conf.Config:
        config = conf.load(settings)
        sdk.start(config)
        return config

    return start


@pytest.fixture
def sentry() -> Iterator[SentryServer]:
    """A Sentry on the loopback interface; what it received has to please Sentry's own Relay."""
    with SentryServer() as server:
        yield server
    if find_spec("sentry_relay"):
        for event in [*server.events, *server.transactions]:
            assert normalize_errors(event) == []
