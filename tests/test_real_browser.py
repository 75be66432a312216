"""A real browser: its part of the trace, and the crash-report dialog under a security policy."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import django
import httpx
import pytest

from tests.support import browser
from tests.support.processes import clean_environment, run_server
from tests.support.sentry_server import SentryServer
from tests.test_real_servers import READY, SERVERS

pytestmark = pytest.mark.e2e

POLICIES = [
    pytest.param(
        "django-csp",
        marks=pytest.mark.skipif(not find_spec("csp"), reason="django-csp is not installed"),
    ),
    pytest.param(
        "django",
        marks=pytest.mark.skipif(django.VERSION < (6,), reason="Django 6 is the first with a CSP"),
    ),
]


@pytest.fixture(params=POLICIES)
def site(request: pytest.FixtureRequest, sentry: SentryServer) -> Iterator[str]:
    """The URL of a site with a Content Security Policy; without a browser the test is skipped."""
    browser.program()
    environment = clean_environment(
        DJANGO_SETTINGS_MODULE="tests.browser_settings",
        CSP=request.param,
        SENTRY_DSN=sentry.dsn,
        SENTRY_TRACES_SAMPLE_RATE="1.0",
    )
    with run_server(SERVERS["gunicorn"], READY, env=environment) as process:
        yield process.wait_for_line(READY)[1]


def test_the_trace_of_a_page_goes_on_with_what_it_asks_for(site: str, sentry: SentryServer) -> None:
    assert "<title>answered 500</title>" in browser.page(f"{site}/shop/")

    def transactions() -> dict[str, Any]:
        return {each["transaction"]: each for each in sentry.transactions}

    sentry.wait_for(lambda received: sentry.events and {"/shop/", "/error/"} <= set(transactions()))
    shop, error = transactions()["/shop/"], transactions()["/error/"]
    trace = error["contexts"]["trace"]
    assert trace["trace_id"] == shop["contexts"]["trace"]["trace_id"]
    assert trace["parent_span_id"] in {span["span_id"] for span in shop["spans"]}
    assert sentry.events[0]["contexts"]["trace"]["trace_id"] == trace["trace_id"]


def test_the_error_page_opens_the_dialog_for_its_event(site: str, sentry: SentryServer) -> None:
    document = browser.page(f"{site}/error/")
    sentry.wait_for(lambda received: sentry.events)
    [event] = sentry.events
    assert f'<p id="event">{event["event_id"]}</p>' in document
    assert "<title>Sorry</title>" in document  # the script without a nonce has not run
    assert browser.attributes(document, "dialog") == {
        "data-dsn": sentry.dsn,
        "data-eventid": event["event_id"],
        "data-title": "It's broken & we know",
        "data-lang": "en",
    }


def test_the_policy_is_in_force(site: str) -> None:
    policy = httpx.get(f"{site}/error/", timeout=30).headers["Content-Security-Policy"]
    assert "'nonce-" in policy
