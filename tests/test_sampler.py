"""sentry_app.sampler: what the settings say about a transaction, by real requests."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import sentry_sdk

from sentry_app import outcomes
from sentry_app.sampler import request_path
from sentry_app.testing import Events, capture_events


@pytest.mark.parametrize(("flag", "kept"), [("1", 1), ("0", 0)])
def test_the_decision_of_the_trace_is_honoured(flag: str, kept: int, client: httpx.Client) -> None:
    with capture_events(TRACES_SAMPLE_RATE=1.0 - kept) as events:
        client.get("/ok/", headers={"sentry-trace": f"{'a' * 32}-{'b' * 16}-{flag}"})
        assert len(events.transactions) == kept


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.0, TRACES_SAMPLE_RATES={"/ok*": 1.0, "buy*": 1.0})
def test_rates_by_glob_of_path_or_name(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/ok/")
    client.get("/logged/?logger=shop")
    for name in ("buy.book", "sell.book"):
        with sentry_sdk.start_transaction(name=name):
            pass
    assert [event["transaction"] for event in sentry_events.transactions] == ["/ok/", "buy.book"]


@pytest.mark.parametrize(
    ("sampling_context", "path"),
    [
        ({"wsgi_environ": {"SCRIPT_NAME": "", "PATH_INFO": "/ok/"}}, "/ok/"),
        ({"wsgi_environ": {"SCRIPT_NAME": "/app", "PATH_INFO": "/ok/"}}, "/app/ok/"),
        ({"asgi_scope": {"root_path": "/app", "path": "/app/ok/"}}, "/app/ok/"),
        ({"asgi_scope": {"type": "lifespan"}}, ""),
        ({}, ""),
    ],
)
def test_the_path_is_the_whole_path(sampling_context: dict[str, Any], path: str) -> None:
    assert request_path(sampling_context) == path


def nothing(context: Any) -> float:
    return 0.0


@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0, OPTIONS={"traces_sampler": nothing})
def test_a_sampler_of_the_projects_own_wins(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/ok/")
    assert sentry_events.transactions == []


@pytest.mark.parametrize("result", [7, None, "often"])
def test_a_sampler_that_fails_leaves_the_settings_to_decide(
    result: Any, client: httpx.Client
) -> None:
    def sampler(context: Any) -> Any:
        return result

    with capture_events(TRACES_SAMPLE_RATE=1.0, OPTIONS={"traces_sampler": sampler}) as events:
        client.get("/ok/")
        assert len(events.transactions) == 1
        assert outcomes.failures() == {"sampler": 1}


@pytest.mark.sentry(OPTIONS={"traces_sampler": "tests.test_sampler.no_transaction"})
def test_a_sampler_may_be_a_dotted_path(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/ok/")
    assert sentry_events.transactions == []


def no_transaction(sampling_context: Any) -> float:
    return 0.0
