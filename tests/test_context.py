"""sentry_app.context: what is said about a user, and at what cost."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
import sentry_sdk
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from sentry_app import context, defaults, sentry_set_user_context
from sentry_app.context import describe_user, impersonator_id, loaded_user, session_user_id
from sentry_app.testing import Events

ANN = User(pk=7, username="ann", email="ann@shop.com", first_name="Ann")
BOB = User(pk=8, username="bob")
FIELDS = defaults.USER_FIELDS


class Custom:
    """A user model without e-mail, that calls its name something else."""

    USERNAME_FIELD = "phone"
    EMAIL_FIELD = "contact"
    pk = 8
    phone = "555 0100"
    contact = "bob@shop.com"
    is_authenticated = True

    @property
    def plan(self) -> str:
        raise RuntimeError("as asked")


@pytest.mark.parametrize("nobody", [None, AnonymousUser(), object()])
def test_nobody_is_described_as_nothing(nobody: Any) -> None:
    assert describe_user(nobody, FIELDS, send_pii=True) is None


def test_without_pii_only_the_id_is_told() -> None:
    assert describe_user(ANN, [*FIELDS, "first_name"], send_pii=False) == {"id": "7"}


def test_with_pii_the_chosen_fields_are_told() -> None:
    told = describe_user(ANN, ["id", "email", "first_name"], send_pii=True)
    assert told == {"id": "7", "email": "ann@shop.com", "first_name": "Ann"}


def test_empty_and_missing_fields_are_left_out() -> None:
    told = describe_user(ANN, ["last_name", "no_such_field"], send_pii=True)
    assert told == {"id": "7"}


def test_a_user_model_of_the_projects_own() -> None:
    told = describe_user(Custom(), ["username", "email", "plan"], send_pii=True)
    assert told == {"id": "8", "username": "555 0100", "email": "bob@shop.com"}


class Member(Custom):
    """A user with a profile, a method, a manager, and a property that asks the database."""

    profile = SimpleNamespace(plan="gold", team=SimpleNamespace(name="red"))
    lazy = SimpleNamespace(owner=SimpleLazyObject(lambda: pytest.fail("it was evaluated")))
    groups = User.objects

    def name(self) -> str:
        raise AssertionError("it was called")

    @property
    def orders(self) -> int:
        return User.objects.count()


def test_dotted_attributes() -> None:
    told = describe_user(Member(), ["profile.plan", "profile.team.name"], send_pii=True)
    assert told == {"id": "8", "profile.plan": "gold", "profile.team.name": "red"}


@pytest.mark.parametrize(
    "field", ["profile.none.name", "name", "groups", "orders", "lazy.owner", "lazy.owner.pk"]
)
def test_what_only_a_call_or_a_query_could_tell_is_left_out(field: str) -> None:
    assert describe_user(Member(), [field], send_pii=True) == {"id": "8"}


@pytest.mark.django_db
def test_a_deferred_field_is_left_out_and_costs_no_query(django_assert_num_queries: Any) -> None:
    User.objects.create(username="ann", email="ann@shop.com")
    user = User.objects.only("username").get()
    with django_assert_num_queries(0):
        told = describe_user(user, FIELDS, send_pii=True)
    assert told == {"id": str(user.pk), "username": "ann"}


def test_a_lazy_user_counts_once_it_was_loaded() -> None:
    user = SimpleLazyObject(lambda: ANN)
    request = SimpleNamespace(user=user)
    assert loaded_user(request) is None
    assert user.username == "ann"
    assert loaded_user(request) == ANN


def test_a_user_that_was_loaded_without_a_thread_counts() -> None:
    request = SimpleNamespace(user=SimpleLazyObject(lambda: 1 / 0), _acached_user=ANN)
    assert loaded_user(request) is ANN


def test_a_lazy_user_around_an_unloaded_one_does_not_count() -> None:
    inner = SimpleLazyObject(lambda: pytest.fail("it was evaluated"))
    outer = SimpleLazyObject(lambda: inner)
    outer._setup()  # as a middleware of the project's own may do
    assert loaded_user(SimpleNamespace(user=outer)) is None


def test_there_may_be_no_request() -> None:
    assert loaded_user(None) is None
    assert session_user_id(None) == ""


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (SimpleNamespace(), ""),
        (SimpleNamespace(_session_cache={}), ""),
        (SimpleNamespace(_session_cache={"_auth_user_id": "7"}), "7"),
    ],
)
def test_the_id_in_a_session_that_was_loaded(session: Any, expected: str) -> None:
    assert session_user_id(SimpleNamespace(session=session)) == expected


def test_a_session_that_is_not_loaded_is_left_alone() -> None:
    session = SimpleLazyObject(lambda: pytest.fail("it was evaluated"))
    assert session_user_id(SimpleNamespace(session=session)) == ""


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (None, ""),
        (SimpleNamespace(impersonator=None), ""),
        (SimpleNamespace(impersonator=BOB), "8"),
        (SimpleNamespace(session=SimpleNamespace(_session_cache={"hijack_history": ["9"]})), "9"),
        (SimpleNamespace(session=SimpleNamespace(_session_cache={"hijack_history": "x"})), ""),
    ],
)
def test_who_acts_as_the_user(request_: Any, expected: str) -> None:
    assert impersonator_id(request_) == expected


def test_the_one_who_acts_as_the_user_is_a_tag(sentry_events: Events) -> None:
    actor = context.current_actor(FIELDS, send_pii=False)
    actor.request = SimpleNamespace(user=ANN, impersonator=BOB)
    sentry_sdk.set_tag("shop", "books")
    sentry_sdk.capture_message("hello")
    [event] = sentry_events.events
    assert (event["user"], event["tags"]) == ({"id": "7"}, {"impersonator": "8", "shop": "books"})


def test_a_scope_has_one_actor_that_outlives_its_caller() -> None:
    actor = context.current_actor(FIELDS, send_pii=False)
    assert context.current_actor(FIELDS, send_pii=False) is actor
    with sentry_sdk.isolation_scope():
        assert context.current_actor(FIELDS, send_pii=False) is not actor


@pytest.mark.parametrize("later", [None, BOB])
def test_the_last_word_about_the_user_counts(later: User | None, sentry_events: Events) -> None:
    sentry_set_user_context(ANN)
    with sentry_sdk.isolation_scope():  # as a task that runs within the request
        sentry_set_user_context(BOB)
        sentry_sdk.capture_message("inner")
        sentry_set_user_context(None)
        sentry_sdk.capture_message("inner, nobody")
    sentry_sdk.capture_message("outer")
    sentry_set_user_context(later)
    sentry_sdk.capture_message("outer, later")
    told = [(event.get("user") or {}).get("id") for event in sentry_events.events]
    assert told == ["8", None, "7", "8" if later else None]


def test_a_thread_does_not_keep_its_last_request() -> None:
    request = HttpRequest()
    with sentry_sdk.isolation_scope():
        context.current_actor(FIELDS, send_pii=False).request = request
    seen = weakref.ref(request)
    del request
    gc.collect()
    assert seen() is None


def test_what_the_project_said_about_the_user_wins() -> None:
    actor = context.current_actor(FIELDS, send_pii=True)
    actor.user = ANN
    event = actor({"user": {"id": "8", "plan": "free"}}, {})
    assert event["user"] == {**event["user"], "id": "8", "plan": "free", "username": "ann"}


def test_the_address_travels_to_the_filter_even_where_it_is_not_told() -> None:
    actor = context.current_actor(FIELDS, send_pii=False)
    actor.user = ANN
    hint: dict[str, Any] = {}
    assert actor({}, hint) == {"user": {"id": "7"}}
    assert hint[context.EMAIL_HINT] == "ann@shop.com"


class Unreadable:
    """A user whose attributes cannot be shown, as when they need the database."""

    is_authenticated = True
    pk = 7

    @property
    def email(self) -> Any:
        return self

    def __str__(self) -> str:
        raise RuntimeError("no database here")


def test_a_user_that_cannot_be_shown_is_told_by_its_id() -> None:
    assert describe_user(Unreadable(), ["email"], send_pii=True) == {"id": "7"}
