"""sentry_app.seams.templates: a span for each template, or none, and what it tells."""

from __future__ import annotations

from typing import Any

import pytest
import sentry_sdk
from django.template import Context
from django.template.response import SimpleTemplateResponse
from django.utils.functional import SimpleLazyObject
from sentry_sdk.integrations.django import templates as parts

from sentry_app.seams import templates
from sentry_app.testing import capture_events


def spans_of(context: Any, **settings: Any) -> list[Any]:
    with capture_events(**settings) as events:
        with sentry_sdk.start_transaction(name="shop"):
            SimpleTemplateResponse("shop.html", context).render()
        spans = events.transactions[0]["spans"]
    return [span for span in spans if span["op"] == "template.render"]


def test_the_sdk_has_what_is_replaced() -> None:
    with capture_events():
        assert isinstance(parts.sentry_sdk, templates._Sdk)
        assert parts.sentry_sdk.get_client() is sentry_sdk.get_client()


def test_a_template_is_a_span_with_the_names_of_its_context() -> None:
    user = SimpleLazyObject(lambda: pytest.fail("it was evaluated"))
    [span] = spans_of({"user": user, "cart": 3})
    assert span["description"] == "shop.html"
    assert span["data"]["context"] == ["cart", "user"]


def test_a_template_without_a_context() -> None:
    [span] = spans_of(None)
    assert span["data"]["context"] == []


def test_the_names_of_a_template_context() -> None:
    assert templates._names(Context({"cart": 3})) == ["False", "None", "True", "cart"]


def test_a_setting_switches_them_off() -> None:
    assert spans_of({}, TEMPLATE_SPANS=False) == []


def test_a_failing_template_ends_its_span() -> None:
    with capture_events() as events:
        with sentry_sdk.start_transaction(name="shop"), pytest.raises(Exception, match="no such"):
            SimpleTemplateResponse("broken.html").render()
        spans = events.transactions[0]["spans"]
    [span] = [span for span in spans if span["op"] == "template.render"]
    assert span["timestamp"]
    assert span["tags"]["status"] == "internal_error"


def test_other_clients_have_the_sdks_own_span() -> None:
    with sentry_sdk.new_scope() as scope:
        scope.set_client(sentry_sdk.Client(default_integrations=False))
        span = templates._Sdk(spans=False).start_span(op="template.render", name="shop.html")
    assert isinstance(span, sentry_sdk.tracing.Span)


def test_an_sdk_without_that_part_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "sentry_sdk", None)
    templates.install(spans=False)
    assert parts.sentry_sdk is None
