"""``manage.py sentry_test``: what it prints, and how it exits."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sentry_app import conf
from sentry_app.management.commands.sentry_test import Command
from sentry_app.management.masking import masker
from sentry_app.management.reasons import EXIT_CODES, REASONS, Verdict, worst
from tests.support.project import Project
from tests.support.sentry_server import SentryServer, refused_dsn
from tests.test_sentry_test import sentry_test

LOGGING = """
    LOGGING = {
        "version": 1,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
    }
"""


def test_the_header_says_where_each_value_came_from(
    sentry: SentryServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "ENVIRONMENT": "staging"}
    monkeypatch.setenv("SENTRY_RELEASE", "1.0")
    header = sentry_test("--json").document["header"]
    host = urlsplit(sentry.url).netloc
    assert header["host"] == {"value": host, "source": 'SENTRY["DSN"]'}
    assert header["dsn"]["value"] == f"http://***@{host}/1"
    assert header["project"]["value"] == "1"
    assert header["environment"] == {"value": "staging", "source": 'SENTRY["ENVIRONMENT"]'}
    assert header["release"] == {"value": "1.0", "source": "$SENTRY_RELEASE"}


def test_a_failure_is_told_with_its_remedy_and_without_a_traceback(settings: Any) -> None:
    settings.SENTRY = {"DSN": refused_dsn()}
    ran = sentry_test()
    assert "FAIL  exception    refused: " in ran.out
    assert 'Check host and port in SENTRY["DSN"]' in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_colours_are_for_terminals_that_want_them(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn}
    assert "\x1b[" not in sentry_test().out
    assert "\x1b[" in sentry_test("--force-color").out


def test_mistakes_in_the_configuration_are_mentioned(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "MAX_BREADCRUMBS": "many", "OPTIONS": {"no_such": 1}}
    ran = sentry_test()
    assert ran.code == 0
    assert "note  2 problem(s) in the configuration: `manage.py check` lists them" in ran.out


def test_a_hook_that_fails_is_named(sentry: SentryServer, settings: Any) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "BEFORE_SEND": "tests.no_such.hook"}
    ran = sentry_test("--json", "--exception", "--message")
    assert ran.reasons == ["accepted", "accepted"]
    note = "'tests.no_such.hook' failed and is passed over (ModuleNotFoundError)"
    assert ran.document["notes"] == [note]


@pytest.mark.parametrize(
    ("options", "text", "masked"),
    [
        ({"http_proxy": "http://[no url"}, "as it was", "as it was"),
        ({"http_proxy": "http://user:abc@host:1"}, "abc, but not abcd", "***, but not abcd"),
        ({"http_proxy": "http://user:a%40b@host:1"}, "a@b and a%40b", "*** and ***"),
        ({"proxy_headers": {"X": "long-secret"}}, "[long-secret1]", "[***1]"),
        ({}, "http://user:word@host/ \x1b[2J", "http://***@host/ ?[2J"),
    ],
)
def test_secrets_are_masked_in_what_others_say(
    options: dict[str, Any], text: str, masked: str
) -> None:
    assert masker(conf.load({"OPTIONS": options}))(text) == masked


def test_the_help_teaches_the_exit_codes_and_gives_examples() -> None:
    text = Command().create_parser("manage.py", "sentry_test").format_help()
    for code, meaning in EXIT_CODES.items():
        assert f"  {code}  {meaning}\n" in text
    assert "  manage.py sentry_test --all " in text


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        ([], 0),
        (["accepted", "skipped"], 0),
        (["accepted", "not_sampled"], 3),
        (["not_sampled", "not_sentry"], 4),
        (["not_sentry", "refused"], 1),
        (["refused", "no_dsn"], 2),
    ],
)
def test_one_exit_code_outweighs_another(reasons: list[str], code: int) -> None:
    assert worst(Verdict(reason, "") for reason in reasons) == code


def test_every_failure_has_a_remedy() -> None:
    assert [
        name for name, reason in REASONS.items() if reason.exit_code and not reason.remedy
    ] == []


def run_manage_py(directory: Path, dsn: str, **env: str) -> Any:
    """``manage.py sentry_test`` in a process of its own."""
    project = Project(directory)
    project.write("settings.py", LOGGING)
    return project.run(
        """
        from django.core.management import execute_from_command_line
        execute_from_command_line(["manage.py", "sentry_test"])
        """,
        SENTRY_DSN=dsn,
        **env,
    )


def test_manage_py_exits_with_0_for_what_was_accepted(sentry: SentryServer, tmp_path: Path) -> None:
    ran = run_manage_py(tmp_path, sentry.dsn)
    assert (ran.returncode, ran.stderr) == (0, "")
    [event] = sentry.events
    assert event["event_id"] in ran.stdout
    assert sentry.key not in ran.stdout


def test_manage_py_exits_with_another_code_and_no_noise_for_the_rest(tmp_path: Path) -> None:
    # urllib3 logs each attempt, and sentry_app the hook, to the root logger's console.
    ran = run_manage_py(tmp_path, refused_dsn(), SENTRY_BEFORE_SEND="no.such.hook")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "FAIL" in ran.stdout
    assert "note  'no.such.hook' failed" in ran.stdout
