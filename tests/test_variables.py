"""Each environment variable does what it says: seen in what leaves the process.

Requests go through the real WSGI application; the dict says something else each time, so that a
variable without effect is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sentry_sdk

import sentry_app
from sentry_app import conf
from tests.support.sentry_server import SentryServer, refused_dsn

ADDRESS = "203.0.113.77"

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(client: httpx.Client, start_sdk: Callable[..., conf.Config], setenv: Any) -> Run:
    """``run(variable, text, path, key=value, ...)``: the events and transactions of one request."""

    def run(variable: str, text: str, path: str = "/error/", **settings: Any) -> Any:
        setenv(variable, text)
        start_sdk(**{"TRANSPORT": "locmem", "TRACES_SAMPLE_RATE": 0.0, **settings})
        client.post(
            path,
            content=b'{"note": "' + b"x" * 5000 + b'"}',
            headers={"Content-Type": "application/json", "X-Forwarded-For": ADDRESS},
        )
        return [item.payload.json for envelope in sentry_app.outbox for item in envelope.items]

    return run


@pytest.fixture
def setenv(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    return monkeypatch.setenv


def frames(event: dict[str, Any]) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = event["exception"]["values"][-1]["stacktrace"]["frames"]
    return frames


def test_sentry_dsn(run: Run, sentry: SentryServer) -> None:
    run("SENTRY_DSN", sentry.dsn, DSN=refused_dsn(), TRANSPORT="http")
    sentry.wait_for(lambda server: server.events)


def test_an_empty_sentry_dsn_switches_off(run: Run, sentry: SentryServer) -> None:
    run("SENTRY_DSN", "", DSN=sentry.dsn, TRANSPORT="http")
    assert not sentry_sdk.get_client().is_active()


@pytest.mark.parametrize("variable", ["SENTRY_ENVIRONMENT", "ENVIRONMENT"])
def test_environment(variable: str, run: Run) -> None:
    (event,) = run(variable, "staging")
    assert event["environment"] == "staging"


def test_sentry_environment_wins(run: Run, setenv: Any) -> None:
    setenv("ENVIRONMENT", "staging")
    (event,) = run("SENTRY_ENVIRONMENT", "canary", ENVIRONMENT="dict")
    assert event["environment"] == "canary"


@pytest.mark.parametrize("variable", ["SENTRY_RELEASE", "GIT_SHA"])
def test_release(variable: str, run: Run) -> None:
    (event,) = run(variable, "c0ffee")
    assert event["release"] == "c0ffee"


def test_sentry_release_wins(run: Run, setenv: Any) -> None:
    setenv("GIT_SHA", "c0ffee")
    (event,) = run("SENTRY_RELEASE", "1.0", RELEASE="dict")
    assert event["release"] == "1.0"


@pytest.mark.parametrize(("rate", "sent"), [("1", ["transaction"]), ("0", [])])
def test_sentry_traces_sample_rate(rate: str, sent: list[str], run: Run) -> None:
    items = run("SENTRY_TRACES_SAMPLE_RATE", rate, "/ok/", TRACES_SAMPLE_RATE=1 - float(rate))
    assert [item["type"] for item in items] == sent


def test_sentry_profiles_sample_rate(run: Run) -> None:
    run("SENTRY_PROFILES_SAMPLE_RATE", "0.75", PROFILES_SAMPLE_RATE=0.0)
    assert sentry_sdk.get_client().options["profiles_sample_rate"] == 0.75


@pytest.mark.parametrize(("text", "is_sent"), [("true", True), ("false", False)])
def test_sentry_send_default_pii(text: str, is_sent: bool, run: Run) -> None:
    (event,) = run("SENTRY_SEND_DEFAULT_PII", text, SEND_DEFAULT_PII=not is_sent)
    assert (ADDRESS in str(event)) is is_sent


@pytest.mark.parametrize(("text", "address"), [("true", "203.0.113.0"), ("false", ADDRESS)])
def test_sentry_scrub_ip_address(text: str, address: str, run: Run) -> None:
    (event,) = run(
        "SENTRY_SCRUB_IP_ADDRESS", text, SEND_DEFAULT_PII=True, SCRUB_IP_ADDRESS=text == "false"
    )
    assert event["request"]["headers"]["X-Forwarded-For"] == address


@pytest.mark.parametrize(
    ("size", "is_sent"), [("never", False), ("small", False), ("medium", True), ("always", True)]
)
def test_sentry_request_bodies(size: str, is_sent: bool, run: Run) -> None:
    # The body has 5 kB.
    (event,) = run("SENTRY_REQUEST_BODIES", size, REQUEST_BODIES="never" if is_sent else "always")
    assert bool(event["request"].get("data")) is is_sent


@pytest.mark.parametrize(("text", "are_sent"), [("yes", True), ("no", False)])
def test_sentry_with_locals(text: str, are_sent: bool, run: Run) -> None:
    (event,) = run("SENTRY_WITH_LOCALS", text, WITH_LOCALS=not are_sent)
    assert ["vars" in frame for frame in frames(event)] == [are_sent] * len(frames(event))


def test_sentry_debug(run: Run) -> None:
    run("SENTRY_DEBUG", "on", DEBUG=False)
    assert sentry_sdk.get_client().options["debug"] is True


@pytest.mark.parametrize(("text", "is_attached"), [("1", True), ("0", False)])
def test_sentry_attach_stacktrace(text: str, is_attached: bool, run: Run) -> None:
    (event,) = run(
        "SENTRY_ATTACH_STACKTRACE", text, "/logged/?logger=shop", ATTACH_STACKTRACE=not is_attached
    )
    assert ("threads" in event or "stacktrace" in event) is is_attached


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("1", 1), ("2", 2)])
def test_sentry_max_breadcrumbs(text: str, expected: int, run: Run) -> None:
    (event,) = run("SENTRY_MAX_BREADCRUMBS", text, "/login/fail/?username=eve", MAX_BREADCRUMBS=50)
    assert len(event.get("breadcrumbs", {}).get("values", [])) == expected


@pytest.mark.parametrize("variable", ["SENTRY_FORCE_DISABLE", "TEST_MODE"])
def test_nothing_leaves_when_switched_off(variable: str, run: Run) -> None:
    assert run(variable, "true", TRACES_SAMPLE_RATE=1.0) == []
    assert not sentry_sdk.get_client().is_active()


@pytest.mark.parametrize("key", ["FORCE_DISABLE", "TEST_MODE"])
def test_what_the_dict_switches_off_a_variable_switches_on(key: str, run: Run) -> None:
    assert len(run(conf.SETTINGS[key].variable, "false", **{key: True})) == 1


def test_sentry_scrub_fields(run: Run) -> None:
    (event,) = run("SENTRY_SCRUB_FIELDS", "hat, note", SCRUB_FIELDS=["shoe"])
    assert event["request"]["data"] == {"note": "[Filtered]"}


def test_a_variable_that_cannot_be_used_says_no_more_than_it_should(run: Run) -> None:
    (event,) = run("SENTRY_WITH_LOCALS", "maybe", WITH_LOCALS=True)
    assert all("vars" not in frame for frame in frames(event))
