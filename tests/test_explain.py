"""``manage.py sentry_test --explain``: what would happen to an event, and which setting decides."""

from __future__ import annotations

from typing import Any

import pytest

import sentry_app
from tests.support.commands import Ran, run_command


class OutOfStock(Exception):
    def __init__(self, article: str) -> None:
        super().__init__(article)


class Particular(OutOfStock):
    def __new__(cls, article: str, price: int) -> Particular:
        raise TypeError("not without a price")


def drop(event: Any, hint: Any) -> None:
    return None


@pytest.fixture
def explained(settings: Any) -> Any:
    def explained(what: str, *flags: str, **sentry: Any) -> Ran:
        settings.SENTRY = {"TRANSPORT": "locmem", **sentry}
        return run_command("sentry_test", "--explain", what, *flags)

    return explained


def findings(ran: Ran) -> list[tuple[str, str]]:
    return [(found["kind"], found["outcome"]) for found in ran.document["findings"]]


def lines(ran: Ran, *parts: str) -> list[str]:
    """The lines that hold all of ``parts``."""
    return [line for line in ran.out.splitlines() if all(part in line for part in parts)]


def test_an_ignored_url(explained: Any) -> None:
    ran = explained("/health/db")
    assert ran.code == 3
    assert lines(ran, "error", "dropped", "'/health/'", "IGNORED_URLS (default)")
    assert lines(ran, "transaction", "dropped", "ignored_url")


@pytest.mark.parametrize(
    "what", ["/v1/ping?x=1", "/v1/ping#top", "https://shop.example:8000/v1/ping?next=/ok/"]
)
def test_of_a_url_the_path_counts(what: str, explained: Any) -> None:
    ran = explained(what, IGNORED_URLS=["/v?/ping"])
    assert findings(explained(what, "--json", IGNORED_URLS=["/v?/ping"])) == [
        ("error", "dropped"),
        ("transaction", "dropped"),
    ]
    assert ran.code == 3


def test_the_address_of_a_site_is_its_first_page(explained: Any) -> None:
    assert lines(explained("https://shop.example"), "transaction", " /: 0.1 of all")


def test_an_empty_question_sends_nothing(explained: Any) -> None:
    ran = explained("", "--json")
    assert ran.document["what"] == ""
    assert sentry_app.outbox == []


def test_any_other_url(explained: Any) -> None:
    ran = explained("/ok/", TRACES_SAMPLE_RATE=0.25)
    assert ran.code == 0
    assert lines(ran, "sampled", "/ok/: 0.25 of all", 'SENTRY["TRACES_SAMPLE_RATE"]')
    assert lines(ran, "sent", "1000 ms or more, or fails", "TAIL_SAMPLING (default)")


def test_without_tail_sampling_slow_ones_are_not_mentioned(explained: Any) -> None:
    assert "ms or more" not in explained("/ok/", TAIL_SAMPLING=False).out


def test_a_url_that_does_not_exist_is_sampled_by_its_path(explained: Any) -> None:
    ran = explained("/no/such/", TRACES_SAMPLE_RATES={"/no/*": 0.5})
    assert lines(ran, "/no/such/: 0.5", 'SENTRY["TRACES_SAMPLE_RATES"]')


@pytest.mark.parametrize(
    ("sentry", "expected"),
    [
        ({"TRACES_SAMPLE_RATE": 0}, "sampled_out: /ok/ has the rate 0"),
        ({"IGNORED_TRANSACTIONS": ["/ok*"]}, "ignored_transaction: its name /ok/ matches '/ok*'"),
        ({"OPTIONS": {"traces_sampler": lambda context: 1.0}}, "what the sampler says"),
        ({"BEFORE_SEND_TRANSACTION": drop}, "unless tests.test_explain.drop returns None"),
    ],
)
def test_what_decides_on_a_transaction(sentry: Any, expected: str, explained: Any) -> None:
    assert lines(explained("/ok/", **sentry), "transaction", expected, 'SENTRY["')


@pytest.mark.parametrize(
    ("what", "code", "expected"),
    [
        ("django.http.Http404", 3, "ignored_error"),
        ("tests.test_explain.OutOfStock", 3, "ignored_error"),
        ("KeyboardInterrupt", 3, "interrupt"),
        ("ValueError", 0, "unless tests.test_explain.drop returns None"),
        ("tests.test_explain.Particular", 3, "is tests.test_explain.OutOfStock or derived"),
    ],
)
def test_an_exception(what: str, code: int, expected: str, explained: Any) -> None:
    ignored = ["django.http.Http404", "tests.test_explain.OutOfStock"]
    ran = explained(what, IGNORED_ERRORS=ignored, BEFORE_SEND="tests.test_explain.drop")
    assert ran.code == code
    assert lines(ran, "error", expected)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("django.security.DisallowedHost", "IGNORED_ERRORS (default)"),
        ("noisy.library", "'noisy*'"),
        ("shop.tasks.pay", "if shop.tasks.pay is a logger"),
        ("tests.no_such.Error", "if tests.no_such.Error is a logger"),
    ],
)
def test_a_logger_or_a_task(what: str, expected: str, explained: Any) -> None:
    ran = explained(what, IGNORED_LOGGERS=["noisy*"])
    assert lines(ran, "error", expected)
    assert lines(ran, "transaction", f"{what}: 0.1 of all")


@pytest.mark.parametrize("what", ["/ok/", "ValueError", "shop.orders"])
def test_how_many_are_sent(what: str, explained: Any) -> None:
    ran = explained(what, STORM_HOURLY_QUOTA=5000)
    assert lines(ran, "error", "limited", "storm: 60 a minute", "each process", "STORM_LIMIT (def")
    assert lines(ran, "error", "limited", "quota: 5000", 'SENTRY["STORM_HOURLY_QUOTA"]')
    assert not lines(explained(what, STORM_LIMIT=0), "limited")


def test_how_many_transactions_are_sent(explained: Any) -> None:
    ran = explained("/ok/", STORM_TRANSACTION_LIMIT=9, STORM_CACHE="redis")
    assert lines(ran, "transaction", "limited", "storm: 9 of one name a minute, of all processes")


def test_where_nothing_is_sent_at_all_that_is_said_first(explained: Any) -> None:
    ran = explained("/ok/", TRANSPORT="http")
    assert ran.code == 2
    assert lines(ran, "everything", "dropped", "there is no DSN")
    assert lines(ran, "transaction", "sampled")


def test_as_json(explained: Any) -> None:
    ran = explained("/health/", "--json")
    assert ran.document["what"] == "/health/"
    assert findings(ran) == [("error", "dropped"), ("transaction", "dropped")]
    assert ran.code == 3
