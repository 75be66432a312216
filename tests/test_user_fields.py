"""sentry_app.user_fields: a callable that says who it is, and one that fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from sentry_app import check_ids, conf, outcomes
from sentry_app.checks import configuration
from sentry_app.context import describe_user
from sentry_app.user_fields import user_fields

ANN = User(pk=7, username="ann", email="ann@shop.com")


def plan_of(user: Any) -> dict[str, Any]:
    return {"plan": "gold", "name": user.username.upper(), "seats": 3}


def failing(user: Any) -> dict[str, Any]:
    raise RuntimeError("as asked")


def wrong(user: Any) -> Any:
    return "ann"


def curious(user: Any) -> dict[str, Any]:
    return {"users": User.objects.count()}


def told(fields: Any, *, send_pii: bool = True) -> Any:
    config = conf.load({"USER_FIELDS": fields}, environ={})
    return describe_user(ANN, user_fields(config), send_pii=send_pii)


@pytest.mark.parametrize("fields", [plan_of, f"{__name__}.plan_of"])
def test_a_callable_says_who_it_is(fields: Any) -> None:
    assert told(fields) == {"id": "7", "plan": "gold", "name": "ANN", "seats": "3"}


def test_without_pii_it_is_not_even_asked() -> None:
    assert told(failing, send_pii=False) == {"id": "7"}
    assert outcomes.failures() == {}


@pytest.mark.parametrize("fields", [failing, wrong, curious, "no.such.callable"])
def test_one_that_fails_leaves_the_id_and_is_counted(fields: Any) -> None:
    assert told(fields) == {"id": "7"}
    assert outcomes.failures() == {"USER_FIELDS": 1}


def test_names_stay_names() -> None:
    assert user_fields(conf.load({"USER_FIELDS": ["email"]}, environ={})) == ("email",)


def test_the_checks_find_a_path_that_leads_nowhere() -> None:
    config = conf.load({"USER_FIELDS": "no.such.callable"}, environ={})
    [problem] = configuration.wrong_hooks(config)
    assert (problem.id, problem.key) == (check_ids.BAD_DOTTED_PATH, "USER_FIELDS")
