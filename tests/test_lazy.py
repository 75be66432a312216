"""sentry_app.lazy: what nobody has evaluated stays so, and no query gets through."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.functional import SimpleLazyObject

from sentry_app import lazy


def untouched() -> SimpleLazyObject:
    return SimpleLazyObject(lambda: pytest.fail("it was evaluated"))


def loaded(value: Any) -> SimpleLazyObject:
    object = SimpleLazyObject(lambda: value)
    assert object == value
    return object


def test_a_lazy_object_is_known_without_evaluating_it() -> None:
    assert lazy.is_unloaded(untouched())
    assert lazy.is_unloaded(SimpleLazyObject(untouched))


@pytest.mark.parametrize("value", [loaded(7), 7, None])
def test_what_is_evaluated_is_known_too(value: Any) -> None:
    assert not lazy.is_unloaded(value)


def test_a_lazy_object_around_an_unevaluated_one() -> None:
    outer = SimpleLazyObject(untouched)
    vars(outer)["_wrapped"] = untouched()
    assert lazy.is_unloaded(outer)


@pytest.mark.django_db
def test_no_query_while_it_lasts() -> None:
    with lazy.no_queries():
        for ask in (User.objects.count, lambda: list(User.objects.iterator())):
            with pytest.raises(lazy.LookupRefused):
                ask()
    assert User.objects.count() == 0
    assert "cursor" not in vars(connection)


@pytest.mark.django_db
def test_what_another_has_put_there_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", "anothers")
    with lazy.no_queries(), lazy.no_queries():
        assert connection.cursor != "anothers"
    assert connection.cursor == "anothers"


@pytest.mark.django_db
def test_a_connection_that_threads_share_stays_open() -> None:
    connection.inc_thread_sharing()
    try:
        with lazy.no_queries():
            assert User.objects.count() == 0
    finally:
        connection.dec_thread_sharing()


def test_no_connection_is_made_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: Any) -> None:
        pytest.fail("it connects")

    monkeypatch.setattr(BaseDatabaseWrapper, "connect", connect)
    with lazy.no_queries(), pytest.raises(lazy.LookupRefused):
        connection.cursor()


def test_wrong_databases_are_djangos_own_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**kwargs: Any) -> None:
        raise RuntimeError("as asked")

    monkeypatch.setattr("django.db.connections.all", broken)
    with lazy.no_queries():
        assert lazy._connections() == []
