"""sentry_app.option_types: what the SDK says about its arguments is what is asked of OPTIONS."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.consts import DEFAULT_OPTIONS, ClientConstructor
from sentry_sdk.integrations.dedupe import DedupeIntegration

from sentry_app import check_ids, checks, conf, option_types, options
from sentry_app.option_types import expected
from sentry_app.testing import capture_events

WRONG = [
    *[("max_value_length", value) for value in ("x", 1.5, True, [])],
    *[("in_app_include", value) for value in (5, "shop", [5], {"shop": 1}, True)],
    *[("transport_queue_size", value) for value in ("many", None, 1.5)],
    *[("sample_rate", value) for value in ("all", [1])],
    *[("integrations", value) for value in (5, "django", ["django"], [DedupeIntegration])],
    *[("ignore_errors", value) for value in (5, "ValueError", [5])],
    *[("server_name", value) for value in (5, ["web-1"], b"web-1")],
    *[("error_sampler", value) for value in (5, "shop.sampler", 0.5)],
    *[("custom_repr", value) for value in (5, "shop.repr")],
    *[("default_integrations", value) for value in (5, "no", None)],
    *[("_experiments", value) for value in (5, "x")],
    *[("traces_sampler", value) for value in (5, 0.5)],
    ("profile_lifecycle", "never"),
    ("http_proxy", 8080),
    ("ca_certs", b"ca.pem"),
    ("trace_propagation_targets", [5]),
]
RIGHT = [
    *[("max_value_length", value) for value in (7, 100_000)],
    *[("in_app_include", value) for value in ([], ["shop"], ("shop",))],
    *[("shutdown_timeout", value) for value in (2, 0.5)],
    *[("sample_rate", value) for value in (1, 0.5)],
    *[("integrations", value) for value in ([], [DedupeIntegration()], (DedupeIntegration(),))],
    *[("ignore_errors", value) for value in ([ValueError], ["ValueError"])],
    *[("server_name", value) for value in ("web-1", None)],
    *[("error_sampler", value) for value in (len, None)],
    *[("traces_sampler", value) for value in (len, "shop.sampler", None)],
    *[("ca_certs", value) for value in ("ca.pem", Path("ca.pem"), None)],
    *[("disabled_integrations", [value]) for value in (DedupeIntegration, DedupeIntegration())],
    *[("trace_propagation_targets", [value]) for value in ("api", re.compile("^https://api"))],
    ("profile_lifecycle", "trace"),
    ("_experiments", {}),
    ("debug", True),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_type_is_found(name: str, value: Any) -> None:
    assert expected(name, value)


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_a_right_one_is_none(name: str, value: Any) -> None:
    assert expected(name, value) == ""


@pytest.mark.parametrize("name", sorted(DEFAULT_OPTIONS))
def test_the_sdks_own_defaults_are_right(name: str) -> None:
    assert expected(name, DEFAULT_OPTIONS[name]) == ""


def test_this_sdk_says_what_it_wants() -> None:
    # In older SDKs the default of this one takes several lines.
    assert set(DEFAULT_OPTIONS) - set(option_types._types()) <= {"trace_propagation_targets"}


@pytest.fixture
def mute_sdk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An SDK that says nothing about its types."""
    monkeypatch.setattr(ClientConstructor.__init__, "__annotations__", {})
    monkeypatch.setattr("inspect.getsource", lambda function: 1 / 0 if not function else "")
    option_types._types.cache_clear()
    yield
    option_types._types.cache_clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [("shutdown_timeout", "2"), ("in_app_include", 5), ("_experiments", 5), ("sample_rate", "all")],
)
def test_without_types_the_default_tells(name: str, value: Any, mute_sdk: None) -> None:
    assert expected(name, value)
    assert expected(name, DEFAULT_OPTIONS[name]) == ""


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_the_site_starts_and_captures(
    name: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    given = {"server_name": "web-1", name: value}
    with caplog.at_level(logging.ERROR, "sentry_app"), capture_events(OPTIONS=given) as events:
        try:
            raise ValueError("as asked")
        except ValueError:
            sentry_sdk.capture_exception()
        assert len(events.events) == 1
        used = sentry_sdk.get_client().options[name]
    assert name in ("integrations", "traces_sampler") or used == DEFAULT_OPTIONS[name] or used
    (message,) = [text for text in caplog.messages if check_ids.BAD_OPTION in text]
    assert f"{name!r}" in message
    assert "Correct it, or remove it" in message


def test_check_reports_it(settings: Any) -> None:
    settings.SENTRY = {"TRANSPORT": "locmem", "OPTIONS": {"max_value_length": "secret-value"}}
    (message,) = [m for m in checks.check_sentry(None) if m.id == check_ids.BAD_OPTION]
    assert "max_value_length" in message.msg
    assert "secret-value" not in f"{message.msg} {message.hint}"


def test_the_rest_of_options_is_kept(start_sdk: Callable[..., conf.Config]) -> None:
    config = start_sdk(TRANSPORT="locmem", OPTIONS={"dist": 5, "server_name": "web-1"})
    assert options.own_options(config) == {"server_name": "web-1"}
    assert sentry_sdk.get_client().options["server_name"] == "web-1"
