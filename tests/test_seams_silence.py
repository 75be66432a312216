"""sentry_app.seams.silence: the contract with the SDK about a client that does nothing."""

from __future__ import annotations

import logging

import pytest
import sentry_sdk
from sentry_sdk.integrations.redis import RedisIntegration

from sentry_app.seams.silence import silence
from sentry_app.testing import Events


@pytest.mark.sentry
def test_nothing_is_noticed_while_it_is_silent(sentry_events: Events) -> None:
    with sentry_sdk.start_transaction(name="work") as transaction:
        with silence():
            sentry_sdk.capture_message("unheard")
            sentry_sdk.capture_exception(ValueError("unheard"))
            logging.getLogger("shop").error("unheard")
            sentry_sdk.add_breadcrumb(message="unheard")
            assert sentry_sdk.get_client().get_integration(RedisIntegration) is None
        assert sentry_sdk.get_current_span() is transaction
        sentry_sdk.add_breadcrumb(message="heard")
        sentry_sdk.capture_message("heard")
    (event,) = sentry_events.events
    assert event["message"] == "heard"
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["heard"]


@pytest.mark.sentry
def test_it_ends_with_an_exception_too(sentry_events: Events) -> None:
    with pytest.raises(ValueError, match="as asked"), silence():
        raise ValueError("as asked")
    sentry_sdk.capture_message("heard")
    assert len(sentry_events.events) == 1
