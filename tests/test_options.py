"""sentry_app.options: the configuration as the real SDK understands it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.consts import DEFAULT_OPTIONS
from sentry_sdk.integrations import Integration

from sentry_app import check_ids, conf, options, releases
from sentry_app.conf import SETTINGS
from tests.support.sentry_server import refused_dsn

Start = Callable[..., conf.Config]


class Own(Integration):
    """An integration of the project's own."""

    identifier = "own"

    @staticmethod
    def setup_once() -> None:
        pass


def sdk_options() -> dict[str, Any]:
    return sentry_sdk.get_client().options


def test_every_argument_with_a_setting_is_one_of_the_sdks() -> None:
    assert {*options.OWN_ARGUMENTS} - {*DEFAULT_OPTIONS} == set()
    assert {*options.OWN_ARGUMENTS.values()} - {*SETTINGS} == set()


@pytest.mark.parametrize(
    ("key", "value", "argument", "expected"),
    [
        ("ENVIRONMENT", "staging", "environment", "staging"),
        ("RELEASE", "1.0", "release", "1.0"),
        ("TRACES_SAMPLE_RATE", 0.25, "traces_sample_rate", 0.25),
        ("PROFILES_SAMPLE_RATE", 0.5, "profiles_sample_rate", 0.5),
        ("SEND_DEFAULT_PII", True, "send_default_pii", True),
        ("REQUEST_BODIES", "always", "max_request_body_size", "always"),
        ("WITH_LOCALS", False, "include_local_variables", False),
        ("DEBUG", True, "debug", True),
        ("ATTACH_STACKTRACE", False, "attach_stacktrace", False),
        ("MAX_BREADCRUMBS", 7, "max_breadcrumbs", 7),
        ("SHUTDOWN_TIMEOUT", 0.5, "shutdown_timeout", 0.5),
    ],
)
def test_a_setting_is_an_option_of_the_client(
    key: str, value: Any, argument: str, expected: Any, start_sdk: Start
) -> None:
    start_sdk(**{"TRANSPORT": "locmem", key: value})
    assert sdk_options()[argument] == expected
    start_sdk(TRANSPORT="locmem")
    assert sdk_options()[argument] != expected


def test_the_dsn_is_that_of_the_client(start_sdk: Start) -> None:
    dsn = refused_dsn()
    start_sdk(DSN=dsn)
    assert sentry_sdk.get_client().dsn == dsn


def test_the_sdk_does_not_read_a_malformed_dsn_itself(
    start_sdk: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", "malformed")
    start_sdk(TRANSPORT="locmem")
    assert sentry_sdk.get_client().dsn == ""
    assert sentry_sdk.get_client().transport is not None


def test_the_sdks_own_scrubber_is_off(start_sdk: Start) -> None:
    # Everything is scrubbed at the gate; the SDK's own scrubber changes the application's objects.
    start_sdk(TRANSPORT="locmem")
    assert not sdk_options()["event_scrubber"]


# OPTIONS


def test_options_are_passed_as_they_are(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem", OPTIONS={"server_name": "web-1", "max_value_length": 7})
    assert (sdk_options()["server_name"], sdk_options()["max_value_length"]) == ("web-1", 7)


def test_options_cannot_replace_a_setting(start_sdk: Start) -> None:
    config = start_sdk(TRANSPORT="locmem", RELEASE="1.0", OPTIONS={"release": "2.0"})
    (problem,) = options.problems(config)
    assert sdk_options()["release"] == "1.0"
    assert (problem.id, problem.key) == (check_ids.OPTION_HAS_KEY, "release")
    assert problem.hint == 'Use SENTRY["RELEASE"] instead.'


def test_an_option_that_the_sdk_does_not_know_is_left_out(start_sdk: Start) -> None:
    config = start_sdk(TRANSPORT="locmem", OPTIONS={"no_such_option": 1, "server_name": "web-1"})
    (problem,) = options.problems(config)
    assert "no_such_option" not in sdk_options()
    assert sdk_options()["server_name"] == "web-1"
    assert (problem.id, problem.key) == (check_ids.UNKNOWN_OPTION, "no_such_option")


@pytest.mark.parametrize(
    ("given", "environ", "source"),
    [
        ({"OPTIONS": {"dsn": "a"}}, {}, "SENTRY[\"OPTIONS\"]['dsn']"),
        ({}, {"SENTRY_OPTIONS": '{"dsn": "a"}'}, "$SENTRY_OPTIONS['dsn']"),
    ],
)
def test_a_problem_says_where_the_options_came_from(
    given: dict[str, Any], environ: dict[str, str], source: str
) -> None:
    (problem,) = options.problems(conf.load(given, environ))
    assert problem.message.startswith(f"{source} is ignored")


def test_integrations_are_added_to_ours(start_sdk: Start) -> None:
    start_sdk(TRANSPORT="locmem", OPTIONS={"integrations": [Own()]})
    assert {"own", "django"} <= {*sentry_sdk.get_client().integrations}


# The release


@pytest.mark.parametrize(
    ("given", "environ", "expected"),
    [
        ({"RELEASE": "1.0"}, {}, ("1.0", 'SENTRY["RELEASE"]')),
        ({}, {"SENTRY_RELEASE": "2.0"}, ("2.0", "$SENTRY_RELEASE")),
        ({}, {"GIT_SHA": "c0ffee"}, ("c0ffee", "$GIT_SHA")),
        ({}, {}, ("found", "detected by the SDK")),
    ],
)
def test_the_release_and_where_it_came_from(
    given: dict[str, Any],
    environ: dict[str, str],
    expected: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(releases, "get_default_release", lambda: "found")
    release, source = releases.release(conf.load(given, environ))
    assert (release, str(source)) == expected


@pytest.mark.parametrize("found", [None, "", "feature/login", "v" * 201])
def test_a_release_that_is_not_found_or_not_valid_is_unknown(
    found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "get_default_release", lambda: found)
    assert releases.release(conf.load({}, {}))[0] == "unknown"


def test_what_the_sdk_finds_is_the_release(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no git repository
    monkeypatch.setenv("HEROKU_SLUG_COMMIT", "c0ffee")
    assert releases.release(conf.load({}, {}))[0] == "c0ffee"


# Scrubbing


@pytest.mark.parametrize(
    ("settings", "data", "hidden"),
    [
        ({}, {"password": "p"}, True),
        ({}, {"shoe_size": "44"}, False),
        ({"SCRUB_FIELDS": ["shoe_size"]}, {"shoe_size": "44"}, True),
        ({"SCRUB_FIELDS": ["shoe_size"]}, {"password": "p"}, True),
        ({"SCRUB_ALLOW": ["csrf_token"]}, {"csrf_token": "t"}, False),
        ({"SCRUB_PATTERNS": [r"\d{4}"]}, {"note": "1234"}, True),
        ({}, {"REMOTE_ADDR": "203.0.113.77"}, True),
        ({"SEND_DEFAULT_PII": True}, {"REMOTE_ADDR": "203.0.113.77"}, False),
        ({"SEND_DEFAULT_PII": True}, {"password": "p"}, True),
        (
            {"SEND_DEFAULT_PII": True, "SCRUB_IP_ADDRESS": True},
            {"REMOTE_ADDR": "203.0.113.77"},
            True,
        ),
    ],
)
def test_what_the_scrubber_hides(
    settings: dict[str, Any], data: dict[str, str], hidden: bool
) -> None:
    scrub = options.scrubber(conf.load(settings, {}))
    assert (scrub(data) != data) is hidden
