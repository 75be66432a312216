"""``manage.py sentry_test``: what it sends, the flags, and what it leaves alone."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import sentry_sdk
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from sentry_app import conf, sdk
from sentry_app.management.commands.sentry_test import Command
from sentry_app.management.configuration import raw
from tests.support.commands import Ran, run_command
from tests.support.sentry_server import SentryServer, refused_dsn

LOGS_ON = {"enable_logs": True}


def sentry_test(*flags: str) -> Ran:
    """Run the command; the key of the DSN must not be in what it prints."""
    ran = run_command("sentry_test", *flags)
    key = urlsplit(conf.load().DSN or "").username
    assert key is None or key not in ran.out + ran.err
    return ran


def upper_case(event: Any, hint: Any) -> Any:
    event["logentry"] = {"formatted": "CHANGED BY A HOOK"}
    event["extra"] = {"password": "hun" + "ter2"}
    return event


def drop(event: Any, hint: Any) -> None:
    return None


# what is sent


def test_an_exception_with_the_commands_own_frame_is_sent_and_verified(
    sentry: SentryServer, settings: Any
) -> None:
    settings.SENTRY = {"DSN": sentry.dsn}
    ran = sentry_test()
    [event] = sentry.events
    [error] = event["exception"]["values"]
    assert (ran.code, error["type"]) == (0, "SentryTestError")
    assert error["stacktrace"]["frames"][-1]["function"] == "raise_and_capture"
    assert event["event_id"] in ran.out
    assert "accepted: HTTP 200 with this event's id" in ran.out


@pytest.mark.parametrize(
    ("flags", "item_type"),
    [
        (["--exception"], "event"),
        (["--message"], "event"),
        (["--transaction"], "transaction"),
        (["--log"], "log"),
        (["--checkin", "nightly"], "check_in"),
    ],
)
def test_each_kind_is_sent_and_verified(
    flags: list[str], item_type: str, sentry: SentryServer, settings: Any
) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "TRACES_SAMPLE_RATE": 1.0, "OPTIONS": LOGS_ON}
    ran = sentry_test(*flags, "--json")
    assert (ran.code, ran.reasons) == (0, ["accepted"])
    assert len(sentry.items(item_type)) == 1


def test_all_sends_one_of_each_with_a_result_for_each(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "TRACES_SAMPLE_RATE": 1.0, "OPTIONS": LOGS_ON}
    ran = sentry_test("--all", "--checkin", "nightly", "--json")
    kinds = [result["type"] for result in ran.results]
    assert kinds == ["exception", "message", "transaction", "log", "checkin"]
    assert (ran.code, {*ran.reasons}) == (0, {"accepted"})
    assert (len(sentry.events), len(sentry.transactions)) == (2, 1)


def test_the_worst_result_of_all_is_the_exit_code(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "TRACES_SAMPLE_RATE": 0.0, "OPTIONS": LOGS_ON}
    ran = sentry_test("--all", "--json")
    assert ran.reasons == ["accepted", "accepted", "not_sampled", "accepted"]
    assert ran.code == ran.document["exit_code"] == 3


def test_bad_luck_does_not_count_under_all(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "TRACES_SAMPLE_RATE": 1e-9, "OPTIONS": LOGS_ON}
    ran = sentry_test("--all", "--json")
    assert (ran.code, ran.reasons[2]) == (0, "skipped")
    assert sentry_test("--transaction").code == 3


def test_message_level_and_tags_are_those_of_the_flags(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn}
    sentry_test("--message", "Hello", "--level", "warning", "--tag", "a=1", "--tag", "b=x=y")
    [event] = sentry.events
    assert (event["message"], event["level"]) == ("Hello", "warning")
    assert event["tags"] == {"a": "1", "b": "x=y"}


def test_the_transaction_has_a_span(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "TRACES_SAMPLE_RATE": 1.0}
    sentry_test("--transaction")
    [transaction] = sentry.transactions
    assert transaction["transaction"] == "sentry_test"
    assert [span["op"] for span in transaction["spans"]] == ["test"]


def test_the_event_has_no_breadcrumbs_but_its_own(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn}
    sentry_sdk.add_breadcrumb(message="of another event")
    sentry_test()
    assert "of another event" not in json.dumps(sentry.events)


def test_what_is_sent_holds_no_secret_of_the_configuration(
    sentry: SentryServer, settings: Any
) -> None:
    password = "hun" + "ter2"
    own = {"OPTIONS": {"proxy_headers": {"Authorization": password}}}
    settings.SENTRY = {"DSN": sentry.dsn, **own}
    assert sentry_test("--message").code == 0
    assert sentry.key not in json.dumps(sentry.events)
    assert password not in json.dumps(sentry.events)


# the flags


def test_another_dsn_can_be_given(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": refused_dsn()}
    ran = sentry_test("--dsn", sentry.dsn)
    assert (ran.code, len(sentry.events)) == (0, 1)
    assert "(--dsn)" in ran.out
    assert sentry.key not in ran.out


@pytest.mark.parametrize("kind", ["--message", "--transaction"])
def test_raw_passes_by_filters_hooks_and_sampling(
    kind: str, sentry: SentryServer, settings: Any
) -> None:
    settings.SENTRY = {
        "DSN": sentry.dsn,
        "TRACES_SAMPLE_RATE": 0.0,
        "IGNORED_TRANSACTIONS": ["*"],
        "BEFORE_SEND": drop,
        "BEFORE_SEND_TRANSACTION": drop,
        "OPTIONS": {"traces_sampler": lambda context: 0.0, "sample_rate": 0.0},
    }
    assert sentry_test(kind).code == 3
    assert sentry_test(kind, "--raw").code == 0
    assert len(sentry.events) + len(sentry.transactions) == 1


def test_raw_switches_every_hook_off() -> None:
    hooks = ("BEFORE_SEND", "BEFORE_SEND_TRANSACTION", "BEFORE_BREADCRUMB")
    config = raw(conf.load(dict.fromkeys(hooks, drop)))
    assert [getattr(config, key) for key in hooks] == [(), (), ()]


def test_a_dry_run_prints_what_would_be_sent_and_sends_nothing(
    sentry: SentryServer, settings: Any
) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "BEFORE_SEND": upper_case}
    ran = sentry_test("--dry-run", "--json")
    envelope = ran.results[0]["envelope"]
    [item] = envelope["items"]
    assert (ran.code, ran.reasons, sentry.received) == (0, ["would_send"], [])
    assert envelope["headers"]["trace"]["public_key"] == "***"
    assert item["payload"]["logentry"]["formatted"] == "CHANGED BY A HOOK"
    assert item["payload"]["extra"] == {"password": "[Filtered]"}
    assert ran.results[0]["scrubbed"] == {"key": 1}


def test_a_dry_run_tells_spotlight_nothing_either(sentry: SentryServer, settings: Any) -> None:
    spotlight = {"spotlight": f"{sentry.url}/api/1/envelope/"}
    settings.SENTRY = {"DSN": sentry.dsn, "OPTIONS": spotlight}
    sentry_test("--dry-run")
    assert sentry.received == []


def test_a_dry_run_for_people_prints_json_too(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn}
    ran = sentry_test("--dry-run", "--message", "Hello")
    assert json.loads(ran.out[ran.out.index("{") :])["items"][0]["payload"]["message"] == "Hello"
    assert sentry.received == []


def test_a_dry_run_says_which_rules_removed_something(settings: Any) -> None:
    settings.SENTRY = {"DSN": "http://k9z@127.0.0.1:9/1"}
    ran = sentry_test("--dry-run", "--message", "password=kT4vz and ann@shop.example")
    [line] = [line for line in ran.out.splitlines() if line.startswith("      Scrubbed")]
    assert "email (" in line
    assert "key (" in line


def test_a_dry_run_of_something_dropped_says_so(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "BEFORE_SEND": drop}
    ran = sentry_test("--dry-run", "--json")
    assert (ran.code, ran.reasons) == (3, ["dropped_by_hook"])


def test_a_dry_run_calls_no_transport(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.SENTRY = {"TRANSPORT": "console"}
    assert sentry_test("--dry-run").code == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "flags",
    [
        ["--tag", "no value"],
        ["--level", "loud"],
        ["--timeout", "0"],
        ["--timeout", "nan"],
        ["--timeout", "soon"],
        ["--checkin", " "],
    ],
)
def test_a_flag_that_makes_no_sense_is_refused(flags: list[str]) -> None:
    with pytest.raises(CommandError, match=flags[0]):
        run_command("sentry_test", *flags)


# what it leaves alone


def test_the_running_client_and_its_scopes_stay_as_they_are(
    sentry: SentryServer, settings: Any
) -> None:
    settings.SENTRY = {"DSN": sentry.dsn}
    client, scope = sentry_sdk.get_client(), sentry_sdk.get_isolation_scope()
    sentry_test("--tag", "a=1")
    assert (sentry_sdk.get_client(), sentry_sdk.get_isolation_scope()) == (client, scope)
    sentry_sdk.capture_message("still here")
    sdk.stop()
    assert sentry.events[-1]["message"] == "still here"
    assert "tags" not in sentry.events[-1]


def test_loggers_are_as_before_afterwards(
    settings: Any, caplog: pytest.LogCaptureFixture, sentry: SentryServer
) -> None:
    settings.SENTRY = {"DSN": sentry.dsn}
    sentry_test()
    settings.SENTRY = {"DSN": sentry.dsn, "MAX_BREADCRUMBS": "many", "RELEASE": "2.0"}
    assert "MAX_BREADCRUMBS" in caplog.text


def test_it_runs_on_a_site_whose_checks_fail() -> None:
    command: BaseCommand = Command()
    assert list(command.requires_system_checks) == []
