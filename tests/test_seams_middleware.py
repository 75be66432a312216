"""sentry_app.seams.middleware: middleware stands alone where it is no span."""

from __future__ import annotations

from typing import Any

import pytest
import sentry_sdk
from django.core.handlers.base import BaseHandler
from django.middleware.common import CommonMiddleware
from sentry_sdk.integrations.django import middleware as parts

from sentry_app.seams import middleware
from sentry_app.testing import Events, capture_events


def wrapped() -> bool:
    return parts._wrap_middleware(CommonMiddleware, "common") is not CommonMiddleware


def test_the_sdk_has_what_is_replaced(sentry_events: Events) -> None:
    assert parts._wrap_middleware.__wrapped__.__module__ == parts.__name__  # type: ignore[attr-defined]


@pytest.mark.parametrize("on", [True, False])
def test_it_is_wrapped_only_to_be_a_span(on: bool) -> None:
    with capture_events(MIDDLEWARE_SPANS=on):
        assert wrapped() is on


def test_a_handler_loads_it_as_it_is(settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    with capture_events():
        handler: Any = BaseHandler()
        handler.load_middleware()
    assert type(handler._middleware_chain.__wrapped__) is CommonMiddleware


def test_for_another_client_it_is_wrapped_as_ever(sentry_events: Events) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.set_client(sentry_sdk.Client("http://key@127.0.0.1:9/1"))
        assert wrapped()


def test_an_sdk_that_is_made_differently_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(cls: type) -> type:
        return cls

    monkeypatch.setattr(parts, "_wrap_middleware", other)
    middleware.install()
    assert parts._wrap_middleware is other
