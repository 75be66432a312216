"""``manage.py sentry_test``: a reason for each answer that is no yes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import answers
from tests.support.commands import Ran, run_command
from tests.support.sentry_server import SentryServer

PASSWORD = "hun" + "ter2-and-more"


def sentry_test(*flags: str) -> Ran:
    return run_command("sentry_test", "--json", *flags)


@pytest.mark.parametrize(
    ("answer", "reason", "code"),
    [
        (answers.status(401), "denied", 1),
        (answers.status(403), "denied", 1),
        (answers.status(404), "not_found", 1),
        (answers.status(413), "too_large", 1),
        (answers.status(429), "too_many_requests", 1),
        (answers.status(500), "server_error", 1),
        (answers.status(503, "<html>", {"Content-Type": "text/html"}), "server_error", 1),
        (answers.status(418), "unexpected_status", 1),
        (answers.ok_with_limits("60:error:organization"), "rate_limited", 1),
        (answers.ok_with_limits("60::organization"), "rate_limited", 1),
        (answers.html(), "not_sentry", 4),
        (answers.status(200), "not_sentry", 4),
        (answers.status(200, "[]"), "not_sentry", 4),
        (answers.json_without_id(ok=True), "no_id", 4),
        (answers.json_with_other_id(), "other_id", 4),
    ],
)
def test_refused_answers(answer: answers.Answer, reason: str, code: int, settings: Any) -> None:
    with SentryServer(answer) as server:
        settings.SENTRY = {"DSN": server.dsn}
        ran = sentry_test()
    assert (ran.code, ran.reasons) == (code, [reason])
    assert ran.results[0]["remedy"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "30", "X-Sentry-Rate-Limits": "90:error:key, 120:session:key"}, 90),
        ({}, None),
    ],
)
def test_a_429_tells_for_how_long(
    headers: dict[str, str], seconds: int | None, settings: Any
) -> None:
    with SentryServer(answers.status(429, headers=headers)) as server:
        settings.SENTRY = {"DSN": server.dsn}
        [result] = sentry_test().results
    assert (result["status"], result["seconds"]) == (429, seconds)


def test_a_400_is_an_answer_that_sentry_gives(settings: Any) -> None:
    said = '{"detail": "bad project id"}'
    with SentryServer(answers.status(400, said)) as server:
        settings.SENTRY = {"DSN": server.dsn}
        [result] = sentry_test().results
    assert result["detail"] == "HTTP 400: the server refuses the request (bad project id)"


def test_a_limit_for_another_category_does_no_harm(settings: Any) -> None:
    with SentryServer(answers.ok_with_limits("60:transaction;replay:organization")) as server:
        settings.SENTRY = {"DSN": server.dsn}
        assert sentry_test().reasons == ["accepted"]


@pytest.mark.parametrize(
    ("answer", "first", "seconds"),
    [
        (answers.ok_with_limits("60::organization"), "rate_limited", 60),
        (answers.status(429, headers={"Retry-After": "7"}), "too_many_requests", 7),
        (answers.status(429), "too_many_requests", None),
    ],
)
def test_what_an_earlier_answer_forbids_is_not_tried(
    answer: answers.Answer, first: str, seconds: int | None, settings: Any
) -> None:
    with SentryServer(answer) as server:
        settings.SENTRY = {"DSN": server.dsn, "TRACES_SAMPLE_RATE": 1.0}
        ran = sentry_test("--exception", "--message", "--transaction")
    assert (ran.code, ran.reasons) == (1, [first, "rate_limited", "rate_limited"])
    assert [result["seconds"] for result in ran.results] == [seconds] * 3
    assert len(server.received) == 1


def test_a_redirect_to_where_sentry_is_not(settings: Any) -> None:
    with SentryServer(answers.html()) as login:
        target = login.url.replace("//", f"//user:{PASSWORD}@")
        with SentryServer(answers.redirect(f"{target}/api/1/envelope/")) as server:
            settings.SENTRY = {"DSN": server.dsn}
            ran = sentry_test()
    assert (ran.code, ran.reasons) == (1, ["redirect"])
    assert login.url in ran.results[0]["detail"]
    assert PASSWORD not in ran.out


def test_a_redirect_without_an_end(settings: Any) -> None:
    with SentryServer() as server:
        server.answer = answers.redirect(f"{server.url}/api/1/envelope/")
        settings.SENTRY = {"DSN": server.dsn}
        assert sentry_test().reasons == ["redirect"]


def test_a_redirect_to_sentry_is_accepted_with_advice(sentry: SentryServer, settings: Any) -> None:
    with SentryServer(answers.redirect(f"{sentry.url}/api/1/envelope/", code=307)) as server:
        settings.SENTRY = {"DSN": server.dsn}
        ran = sentry_test()
    assert (ran.code, len(sentry.events)) == (0, 1)
    assert f"after a redirect to {sentry.url}" in ran.results[0]["detail"]


@pytest.mark.parametrize("header", ["X-Sentry-Error", "Content-Language"])
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_what_the_server_says_is_told_without_the_key(
    header: str, flags: list[str], settings: Any
) -> None:
    def echo(handler: Any, received: Any) -> None:
        said = f"no \x1b[31mproject\x1b[0m for {received.http_headers['X-Sentry-Auth']}"
        handler.reply(403, json.dumps({"detail": said}), {header: said})

    with SentryServer(echo) as server:
        settings.SENTRY = {"DSN": server.dsn}
        ran = run_command("sentry_test", *flags)
    assert "sentry_key=***" in ran.out
    assert server.key not in ran.out
    assert "?[31mproject?[0m" in ran.out
