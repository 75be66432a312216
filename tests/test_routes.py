"""sentry_app.routes: which view answers a request."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.views import LoginView
from django.urls import ResolverMatch

from sentry_app.routes import route_tags
from tests import views


def tags(*args: Any, **more: Any) -> dict[str, str]:
    return route_tags(SimpleNamespace(resolver_match=ResolverMatch(*args, **more)))


def test_the_view_and_the_name_of_its_url() -> None:
    assert tags(views.ok, (), {}, "order", ["shop"], ["books"]) == {
        "view": "tests.views.ok",
        "url_name": "books:order",
        "app": "shop",
    }


def test_a_view_of_an_installed_app_is_that_apps() -> None:
    assert tags(LoginView.as_view(), (), {}) == {
        "view": "django.contrib.auth.views.LoginView",
        "app": "auth",
    }


@pytest.mark.parametrize(
    "request_", [None, SimpleNamespace(), SimpleNamespace(resolver_match=None)]
)
def test_without_a_view_there_is_nothing_to_say(request_: Any) -> None:
    assert route_tags(request_) == {}
