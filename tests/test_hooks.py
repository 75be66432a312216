"""sentry_app.hooks: our filters, the project's hooks and the sampler, by real requests."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import sentry_sdk
from django.contrib.auth.models import User
from django.http import Http404
from sentry_sdk.crons import capture_checkin

from sentry_app import context, hooks, outcomes
from sentry_app.testing import Events, capture_events
from tests.support.asgi import visit

PASSWORD = "pa55" + "word"
NOT_CALLABLE = "text"

sampled = pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0)


class OutOfStock(Http404):
    """A subclass of an ignored error."""


def tag(event: Any, hint: Any) -> Any:
    return {**event, "tags": {"seen_by": "tag"}}


def tag_again(event: Any, hint: Any) -> Any:
    return {**event, "tags": {"seen_by": event["tags"]["seen_by"] + ", tag_again"}}


def drop(event: Any, hint: Any) -> None:
    return None


def fail(event: Any, hint: Any) -> Any:
    raise RuntimeError("as asked")


def nonsense(event: Any, hint: Any) -> Any:
    return True


@dataclass
class Unhashable:
    """A callable that no cache can keep."""

    name: str

    def __call__(self, event: Any, hint: Any) -> Any:
        return {**event, "tags": {"seen_by": self.name}}


def tags(sentry_events: Events) -> list[str]:
    return [event.get("tags", {}).get("seen_by", "") for event in sentry_events.events]


def dropped(reason: str, category: str = "error") -> int:
    return outcomes.snapshot().get((reason, category), 0)


# IGNORED_ERRORS


def test_an_error_is_sent(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/error/")
    assert [e["exception"]["values"][-1]["type"] for e in sentry_events.events] == ["Broken"]
    assert "error" not in [category for reason, category in outcomes.snapshot()]


@pytest.mark.parametrize(
    "error",
    [
        "django.http.Http404",
        "django.core.exceptions.PermissionDenied",
        "tests.test_hooks.OutOfStock",
    ],
)
def test_an_ignored_error_is_not_sent(
    error: str, client: httpx.Client, sentry_events: Events
) -> None:
    assert client.get("/reported/", params={"error": error}).status_code == 200
    assert sentry_events.events == []
    assert dropped(outcomes.IGNORED_ERROR) == 1


@pytest.mark.parametrize(("page", "status"), [("/missing/", 404), ("/denied/", 403)])
def test_pages_that_are_missing_or_forbidden_send_nothing(
    page: str, status: int, client: httpx.Client, sentry_events: Events
) -> None:
    assert client.get(page).status_code == status
    assert sentry_events.events == []


def test_a_host_that_is_not_allowed_is_not_sent(
    client: httpx.Client, sentry_events: Events, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    assert client.get("/host/", headers={"Host": "evil.example"}).status_code == 400
    assert sentry_events.events == []
    assert dropped(outcomes.IGNORED_ERROR) == 1


@pytest.mark.sentry(IGNORED_ERRORS=())
def test_the_list_of_ignored_errors_may_be_empty(
    client: httpx.Client, sentry_events: Events, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    client.get("/host/", headers={"Host": "evil.example"})
    client.get("/reported/", params={"error": "django.http.Http404"})
    assert len(sentry_events.events) == 2


# IGNORED_URLS


@sampled
@pytest.mark.parametrize("via", ["wsgi", "asgi"])
def test_an_ignored_url_sends_neither_error_nor_transaction(
    via: str, client: httpx.Client, sentry_events: Events
) -> None:
    answer = client.get("/health/") if via == "wsgi" else visit("/health/")[0]
    assert answer.status_code == 500
    assert (sentry_events.events, sentry_events.transactions) == ([], [])
    assert dropped(outcomes.IGNORED_URL) == dropped(outcomes.IGNORED_URL, "transaction") == 1


@pytest.mark.sentry(IGNORED_URLS=("/health/", "/re*"), TRACES_SAMPLE_RATE=1.0)
def test_an_ignored_url_may_be_a_glob(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/reported/", params={"error": "builtins.ValueError"})
    assert (sentry_events.events, sentry_events.transactions) == ([], [])


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.0)
def test_a_transaction_that_was_not_chosen_has_another_reason(
    client: httpx.Client, sentry_events: Events
) -> None:
    client.get("/health/")
    client.get("/ok/")
    assert dropped(outcomes.SAMPLED_OUT, "transaction") == 1


# TEST_USER_EMAILS


@pytest.mark.django_db
@pytest.mark.parametrize(
    "email", [pytest.param("ann@Test.com", id="test"), pytest.param("ann@shop.com", id="real")]
)
@pytest.mark.parametrize("pii", [True, False])
def test_events_of_test_users_are_dropped(email: str, pii: bool, client: httpx.Client) -> None:
    with capture_events(SEND_DEFAULT_PII=pii) as events:
        User.objects.create_user("ann", email, PASSWORD)
        client.get("/login/", params={"username": "ann", "password": PASSWORD})
        client.get("/whoami/")
        assert len(events.events) == (email == "ann@shop.com")
        assert dropped(outcomes.TEST_USER) == (email == "ann@Test.com")


@sampled
def test_transactions_of_test_users_are_dropped(sentry_events: Events) -> None:
    sentry_sdk.set_user({"email": "ann@test.com"})
    with sentry_sdk.start_transaction(name="buy"):
        pass
    assert sentry_events.transactions == []
    assert dropped(outcomes.TEST_USER, "transaction") == 1


# IGNORED_LOGGERS, IGNORED_TRANSACTIONS


@pytest.mark.sentry(IGNORED_LOGGERS=("noisy*",))
def test_an_ignored_logger_makes_neither_event_nor_breadcrumb(
    client: httpx.Client, sentry_events: Events
) -> None:
    client.get("/logged/", params={"logger": "noisy.library"})
    client.get("/logged/", params={"logger": "shop"})
    assert [event["logger"] for event in sentry_events.events] == ["shop"]
    assert dropped(outcomes.IGNORED_LOGGER) == 1


@pytest.mark.sentry(IGNORED_LOGGERS=("noisy*",))
def test_an_ignored_logger_makes_no_breadcrumb(sentry_events: Events) -> None:
    logging.getLogger("noisy.library").warning("no")
    logging.getLogger("shop").warning("yes")
    sentry_sdk.add_breadcrumb(category="noisy.but.not.a.logger", message="yes")
    sentry_sdk.capture_message("now")
    crumbs = sentry_events.events[0]["breadcrumbs"]["values"]
    assert [crumb["message"] for crumb in crumbs] == ["yes", "yes"]


@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0, IGNORED_TRANSACTIONS=("/OK*",))
def test_an_ignored_transaction_is_not_sent(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/ok/")
    client.get("/logged/?logger=shop")
    assert [event["transaction"] for event in sentry_events.transactions] == ["/logged/"]
    assert dropped(outcomes.IGNORED_TRANSACTION, "transaction") == 1


# BEFORE_SEND, BEFORE_SEND_TRANSACTION, BEFORE_BREADCRUMB


@pytest.mark.parametrize(
    ("hooks", "expected"),
    [
        ("tests.test_hooks.tag", "tag"),
        (tag, "tag"),
        (["tests.test_hooks.tag", tag_again], "tag, tag_again"),
        (Unhashable("object"), "object"),
        ([tag, fail], "tag"),
        ([fail, tag], "tag"),
        ([nonsense, tag], "tag"),
        (["tests.no_such.hook", tag], "tag"),
        (["tests.test_hooks.NOT_CALLABLE", tag], "tag"),
    ],
)
def test_hooks_run_in_order_and_a_bad_one_is_passed_over(
    hooks: Any, expected: str, client: httpx.Client
) -> None:
    with capture_events(BEFORE_SEND=hooks) as events:
        client.get("/error/")
        assert tags(events) == [expected]


@pytest.mark.parametrize("hooks", [[drop, tag], [tag, drop], ["tests.test_hooks.drop"]])
def test_a_hook_may_drop_the_event(hooks: Any, client: httpx.Client) -> None:
    with capture_events(BEFORE_SEND=hooks) as events:
        client.get("/error/")
        assert events.events == []
        assert (dropped(outcomes.HOOK), dropped("before_send")) == (1, 0)


@pytest.mark.sentry(BEFORE_SEND=[fail, "tests.no_such.hook"])
def test_a_hook_that_fails_is_counted_each_time_and_logged_once(
    client: httpx.Client, sentry_events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/error/")
    client.get("/error/")
    assert len(sentry_events.events) == 2
    assert outcomes.failures() == {"fail": 2, "tests.no_such.hook": 2}
    warnings = [record.getMessage() for record in caplog.records if record.name == "sentry_app"]
    assert len(warnings) == 2
    assert "'tests.no_such.hook' failed and is passed over" in warnings


def namesake(event: Any, hint: Any) -> Any:
    raise ValueError("another")


namesake.__name__ = "fail"


class Unspeakable:
    """A hook whose ``repr`` raises."""

    def __call__(self, event: Any, hint: Any) -> Any:
        raise ValueError("as asked")

    def __repr__(self) -> str:
        raise ValueError("not even that")


@pytest.mark.sentry(BEFORE_SEND=[fail, namesake])
def test_hooks_of_the_same_name_are_each_logged(
    client: httpx.Client, sentry_events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/error/")
    client.get("/error/")
    assert caplog.text.count("failed and is passed over") == 2
    assert outcomes.failures() == {"fail": 4}


@pytest.mark.sentry(BEFORE_SEND=[Unspeakable(), tag])
def test_a_hook_whose_repr_raises_is_passed_over(
    client: httpx.Client, sentry_events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/error/")
    assert tags(sentry_events) == ["tag"]
    assert "<Unspeakable> failed and is passed over" in caplog.text


@pytest.mark.sentry(BEFORE_SEND=nonsense)
def test_a_hook_that_returns_nonsense_is_logged(
    client: httpx.Client, sentry_events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/error/")
    assert len(sentry_events.events) == 1
    assert "returned neither a dict nor None" in caplog.text


@pytest.mark.sentry(TRACES_SAMPLE_RATE=0.0)
def test_a_filter_that_fails_keeps_the_event(
    client: httpx.Client, sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentry_app.filters.url_is_ignored", lambda *args: 1 / 0)
    client.get("/error/")
    assert len(sentry_events.events) == 1
    assert outcomes.failures()["ignored_url"] >= 1


@pytest.mark.sentry(BEFORE_SEND=drop)
def test_check_ins_are_no_events_and_pass(sentry_events: Events) -> None:
    capture_checkin(monitor_slug="nightly", status="ok")
    assert [item["monitor_slug"] for item in sentry_events.items("check_in")] == ["nightly"]


@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0, BEFORE_SEND_TRANSACTION=tag, BEFORE_SEND=drop)
def test_transactions_have_hooks_of_their_own(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/ok/")
    assert [event["tags"]["seen_by"] for event in sentry_events.transactions] == ["tag"]


@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0, BEFORE_SEND_TRANSACTION=drop)
def test_a_hook_may_drop_a_transaction(client: httpx.Client, sentry_events: Events) -> None:
    client.get("/ok/")
    assert sentry_events.transactions == []
    assert dropped(outcomes.HOOK, "transaction") == 1
    assert dropped("before_send", "transaction") == 0


def without_first_span(event: Any, hint: Any) -> Any:
    del event["spans"][0]
    return event


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"BEFORE_SEND_TRANSACTION": drop}, {("hook", "transaction"): 1, ("hook", "span"): 3}),
        ({"BEFORE_SEND_TRANSACTION": without_first_span}, {("hook", "span"): 1}),
        (
            {"TEST_USER_EMAILS": ["a@b.example"]},
            {("test_user", "transaction"): 1, ("test_user", "span"): 3},
        ),
    ],
)
def test_the_spans_of_a_transaction_are_counted_too(config: Any, expected: Any) -> None:
    with capture_events(TRACES_SAMPLE_RATE=1.0, **config):
        sentry_sdk.set_user({"email": "a@b.example"})
        with sentry_sdk.start_transaction(name="work"):
            for _ in range(2):
                sentry_sdk.start_span(op="db").finish()
        counted = outcomes.snapshot().items()
        assert {key: count for key, count in counted if key[1] != "profile"} == expected


@pytest.mark.sentry(BEFORE_SEND=drop)
def test_the_log_names_the_error_that_a_hook_dropped(
    sentry_events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "sentry_app")
    sentry_sdk.capture_exception(ValueError())
    assert "dropped error ValueError: hook" in caplog.text


def without_data(crumb: Any, hint: Any) -> Any:
    return None if crumb["message"] == "drop" else {**crumb, "data": {}}


@pytest.mark.sentry(BEFORE_BREADCRUMB=[fail, without_data])
def test_breadcrumbs_have_hooks_of_their_own(sentry_events: Events) -> None:
    sentry_sdk.add_breadcrumb(message="drop")
    sentry_sdk.add_breadcrumb(message="keep", data={"large": 1})
    sentry_sdk.capture_message("now")
    crumbs = sentry_events.events[0]["breadcrumbs"]["values"]
    assert [(crumb["message"], crumb["data"]) for crumb in crumbs] == [("keep", {})]


@pytest.mark.sentry(SEND_DEFAULT_PII=True, USER_FIELDS=["id"])
def test_only_the_wanted_fields_of_a_user_are_told(sentry_events: Events) -> None:
    sentry_sdk.set_user({"id": "1", "email": "ann@shop.example", "ip_address": "203.0.113.9"})
    sentry_sdk.capture_message("hello")
    assert sentry_events.events[0]["user"] == {"id": "1"}


@pytest.mark.sentry
def test_a_websocket_that_django_cannot_handle_is_an_error(sentry_events: Events) -> None:
    for kind in ("lifespan", "websocket"):
        error = ValueError(f"Django can only handle ASGI/HTTP connections, not {kind}.")
        sentry_sdk.capture_exception(error)
    assert len(sentry_events.events) == 1


def test_an_event_of_another_shape_is_kept_with_the_names(sentry_events: Events) -> None:
    event = {"exception": "as asked"}
    hooks.forget_typed_names(event, {context.TYPED_HINT: {"ann"}})
    assert event == {"exception": "as asked"}
    assert outcomes.failures() == {"forget_typed_names": 1}
