"""A real application with secrets in every place: none is in the bytes that arrive."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sentry_sdk

from tests.support.sentry_server import SentryServer

pytestmark = pytest.mark.e2e


def leaked(sentry: SentryServer, *planted: str) -> list[str]:
    """Where one of ``planted`` stands in what arrived, with some text around it."""
    found = []
    for received in sentry.received:
        text = received.body.decode("utf-8", "replace")
        for secret in planted:
            at = text.find(secret)
            if at >= 0:
                found.append(text[max(0, at - 60) : at + 20])
    return found


def test_a_request(
    client: httpx.Client, sentry: SentryServer, start_sdk: Callable[..., Any]
) -> None:
    password, token, session = (secrets.token_urlsafe(18) for _ in range(3))
    start_sdk(DSN=sentry.dsn, TRACES_SAMPLE_RATE=1.0, OPTIONS={"enable_logs": True})
    client.cookies["sessionid"] = session
    client.post(
        f"/secrets/?token={token}",
        data={"password": password, "token": token},
        headers={"X-Api-Key": token, "Authorization": f"Bearer {token}"},
    )
    sentry_sdk.flush()
    sentry.wait_for(lambda server: server.events and server.transactions and server.items("log"))
    assert "ann" in sentry.events[0]["exception"]["values"][-1]["value"]
    assert leaked(sentry, password, token, session) == []
