"""One mistake is one event, however often Django meets it while it answers one request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client, override_settings
from django.urls import clear_url_caches

from sentry_app import outcomes
from sentry_app.repeats import is_repeat, mark
from sentry_app.testing import Events
from tests.support.asgi import visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken_urls(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A URLconf that cannot be imported."""
    (tmp_path / "broken_urls.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with override_settings(ROOT_URLCONF="broken_urls"):
        clear_url_caches()
        yield
    clear_url_caches()


def visit_wsgi(path: str) -> None:
    transport = httpx.WSGITransport(app=get_wsgi_application(), raise_app_exceptions=False)
    client = httpx.Client(transport=transport, base_url="http://testserver")
    with client, suppress(ModuleNotFoundError):  # which Django leaves to the server
        client.get(path)


SENTRY_LAST = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",  # reads the URLconf
    "django.middleware.common.CommonMiddleware",
    "sentry_app.middleware.SentryContextMiddleware",
]


@pytest.mark.parametrize("middleware", [None, SENTRY_LAST, SENTRY_LAST[:-1]])
@pytest.mark.parametrize("go", [visit_wsgi, visit], ids=["wsgi", "asgi"])
def test_a_broken_urlconf_is_one_event_for_each_request(
    go: Callable[[str], Any],
    middleware: list[str] | None,
    broken_urls: None,
    sentry_events: Events,
    settings: Any,
) -> None:
    settings.MIDDLEWARE = middleware or settings.MIDDLEWARE
    go("/ok/")
    [event] = sentry_events.events
    assert event["exception"]["values"][-1]["type"] == "ModuleNotFoundError"
    assert outcomes.snapshot()[outcomes.REPEATED, "error"] >= 1
    go("/ok/")
    assert len(sentry_events.events) == 2


def test_the_server_that_logs_it_makes_no_second_event(
    broken_urls: None, sentry_events: Events
) -> None:
    transport = httpx.WSGITransport(app=get_wsgi_application())
    client = httpx.Client(transport=transport, base_url="http://testserver")
    with client:
        try:
            client.get("/ok/")
        except ModuleNotFoundError:
            logging.getLogger("gunicorn.error").exception("Error handling request /ok/")
    assert len(sentry_events.events) == 1


def event(type: str = "django", handled: bool = False) -> Any:
    return {"exception": {"values": [{"mechanism": {"type": type, "handled": handled}}]}}


def while_handling(earlier: Exception, error: Exception) -> Exception:
    """``error``, raised while ``earlier`` is handled."""
    error.__context__ = earlier
    return error


@pytest.mark.parametrize("kind", ["django", "wsgi", "asgi"])
def test_what_ends_a_request_twice_is_a_repeat(kind: str) -> None:
    first = KeyError("a")
    assert not is_repeat(event(), first, {})
    assert not is_repeat(event(kind), KeyError("a"), {})  # of another request
    assert not is_repeat(event(kind), while_handling(first, KeyError("b")), {})
    assert not is_repeat(event(kind), while_handling(first, ValueError("'a'")), {})
    second = while_handling(first, KeyError("a"))
    assert is_repeat(event(kind), second, {})
    assert is_repeat(event(kind), while_handling(second, KeyError("a")), {})


@pytest.mark.parametrize("other", [event("celery"), event(handled=True), {}, {"exception": None}])
def test_what_does_not_end_one_may_come_again(other: Any) -> None:
    first = KeyError("a")
    assert not is_repeat(event(), first, {})
    assert not is_repeat(other, while_handling(first, KeyError("a")), {})
    assert not is_repeat(event(), None, {})


def test_what_was_handled_but_not_reported_is_no_obstacle() -> None:
    error = while_handling(KeyError("a"), KeyError("a"))
    error.__context__.__context__ = error  # a chain may be a circle
    assert not is_repeat(event(), error, {})


class Rigid(Exception):
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


@pytest.mark.parametrize(("error", "expected"), [(KeyError("a"), True), (Rigid(), False)])
def test_what_was_reported_is_not_reported_again_by_a_log(error: Any, expected: bool) -> None:
    logged = {**event("logging", handled=True), "logger": "daphne.server"}
    assert not is_repeat(logged, error, {})
    mark(error)
    assert is_repeat(logged, error, {}) is expected
    assert not is_repeat(event("shop", handled=True), error, {})


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("as asked")


def test_an_error_without_a_text_is_no_repeat() -> None:
    first = Mute()
    assert not is_repeat(event(), first, {})
    assert not is_repeat(event(), while_handling(first, Mute()), {})


def test_djangos_own_client_makes_many_requests_in_one_scope(
    sentry_events: Events,
) -> None:
    for _ in range(2):
        Client(raise_request_exception=False).get("/error/")
    assert len(sentry_events.events) == 2
