"""``manage.py sentry_config``: every value, where it came from, and no secret."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import sentry_sdk
from django.core.management import CommandError

from sentry_app.conf import SETTINGS
from tests.support.commands import Ran, run_command
from tests.support.sentry_server import refused_dsn

PASSWORD = "hun" + "ter2-and-more"


def sentry_config(*args: str) -> Ran:
    return run_command("sentry_config", *args)


def line(ran: Ran, start: str) -> str:
    return next(line for line in ran.out.splitlines() if line.startswith(f"{start} "))


def hook(event: Any, hint: Any) -> Any:
    return event


def test_every_setting_is_shown() -> None:
    ran = sentry_config()
    assert ran.code == 0
    assert [row.split()[0] for row in ran.out.splitlines()[1 : len(SETTINGS) + 1]] == list(SETTINGS)


def test_each_value_has_its_source(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SENTRY = {"ENVIRONMENT": "staging", "IGNORED_URLS": ["/a/", "/b/"]}
    monkeypatch.setenv("SENTRY_MAX_BREADCRUMBS", "7")
    ran = sentry_config()
    assert line(ran, "ENVIRONMENT").split() == ["ENVIRONMENT", 'SENTRY["ENVIRONMENT"]', "staging"]
    assert line(ran, "MAX_BREADCRUMBS").split() == [
        "MAX_BREADCRUMBS",
        "$SENTRY_MAX_BREADCRUMBS",
        "7",
    ]
    assert line(ran, "IGNORED_URLS").endswith("/a/, /b/")
    assert line(ran, "DSN").split() == ["DSN", "default", "-"]


def test_the_release_is_the_one_that_events_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentry_app.releases.get_default_release", lambda: "abc123")
    release = sentry_config("--json").document["RELEASE"]
    assert (release["value"], release["source"]) == ("abc123", "detected by the SDK")


def test_json_tells_value_source_default_variable_and_help() -> None:
    setting = sentry_config("--json").document["TEST_MODE"]
    assert setting == {
        "value": False,
        "source": "default",
        "default": False,
        "variable": "TEST_MODE",
        "help": "off in tests",
    }


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_no_secret_is_shown(flags: list[str], settings: Any) -> None:
    dsn = refused_dsn()
    settings.SENTRY = {
        "DSN": dsn,
        "BEFORE_SEND": partial(hook, hint=PASSWORD),
        "OPTIONS": {
            "http_proxy": f"http://user:{PASSWORD}@localhost:1",
            "proxy_headers": {"Authorization": PASSWORD},
            "_experiments": {"api_key": PASSWORD, "urls": [f"redis://:{PASSWORD}@localhost"]},
        },
    }
    ran = sentry_config(*flags)
    assert "http://***@localhost:1" in ran.out
    assert PASSWORD not in ran.out
    assert dsn.partition("//")[2].partition("@")[0] not in ran.out


def test_hooks_and_objects_are_named(settings: Any) -> None:
    settings.SENTRY = {
        "BEFORE_SEND": [hook, "shop.hooks.clean"],
        "OPTIONS": {"ignore_errors": [KeyError]},
    }
    document = sentry_config("--json").document
    assert document["BEFORE_SEND"]["value"] == [f"{__name__}.hook", "shop.hooks.clean"]
    assert document["OPTIONS"]["value"] == {"ignore_errors": ["builtins.KeyError"]}


def test_problems_stand_below_the_table(settings: Any) -> None:
    settings.SENTRY = {"MAX_BREADCRUMBS": "many", "OPTIONS": {"no_such": 1}}
    ran = sentry_config()
    assert ran.code == 0
    assert line(ran, "MAX_BREADCRUMBS").endswith("100")
    assert "SENTRY[\"MAX_BREADCRUMBS\"] is 'many'" in line(ran, "sentry_app.E003")
    assert "no_such" in line(ran, "sentry_app.E008")


def test_keys_choose_what_is_shown(settings: Any) -> None:
    settings.SENTRY = {"MAX_BREADCRUMBS": "many", "DEBUG": "perhaps"}
    ran = sentry_config("max_breadcrumbs", "SENTRY_RELEASE", "--json")
    names = [name for name in ran.document if name.isupper()]
    assert names == ["MAX_BREADCRUMBS", "RELEASE"]
    assert [problem["key"] for problem in ran.document["problems"]] == ["MAX_BREADCRUMBS"]


def test_the_table_of_one_key_is_only_that() -> None:
    assert [row.split()[0] for row in sentry_config("DEBUG").out.split("\n") if row] == [
        "SETTING",
        "DEBUG",
    ]


def test_an_unknown_key_is_refused_with_a_suggestion() -> None:
    with pytest.raises(CommandError, match=r"'BREADCRUMBS'.*Did you mean MAX_BREADCRUMBS"):
        sentry_config("BREADCRUMBS")


def test_a_key_like_no_other_is_refused() -> None:
    with pytest.raises(CommandError, match=r"'xyz' is not a setting\.$") as refused:
        sentry_config("xyz")
    assert refused.value.returncode == 2


def test_it_says_what_the_sdk_runs_with(settings: Any) -> None:
    settings.SENTRY = {"DSN": refused_dsn()}
    state = sentry_config("--json").document["sdk"]
    assert (state["runs"], state["version"]) == (True, sentry_sdk.VERSION)
    assert state["transport"] == "sentry_sdk.transport.HttpTransport"
    assert "django" in state["integrations"]
    assert "django" in line(sentry_config(), "integrations")


@pytest.mark.parametrize(
    ("sentry", "reason"),
    [
        ({}, "there is no DSN, so nothing is sent"),
        ({"DSN": refused_dsn(), "TEST_MODE": True}, 'TEST_MODE is on (SENTRY["TEST_MODE"])'),
        ({"TRANSPORT": "no.such.Transport"}, "it was not started here"),
    ],
)
def test_it_says_why_the_sdk_does_not_run(
    sentry: dict[str, Any], reason: str, settings: Any
) -> None:
    settings.SENTRY = sentry
    state = sentry_config("--json").document["sdk"]
    assert (state["runs"], state["why_not"]) == (False, reason)
