"""sentry_app.seams.errors: an ignored error costs next to nothing, and the contract behind it."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
import sentry_sdk
from django.http import Http404

from sentry_app import outcomes
from sentry_app.seams import errors
from sentry_app.testing import Events


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The frames of which the SDK reads source and variables."""
    read: list[Any] = []
    original = sentry_sdk.utils.serialize_frame

    def serialize_frame(frame: Any, *args: Any, **kwargs: Any) -> Any:
        read.append(frame)
        return original(frame, *args, **kwargs)

    monkeypatch.setattr("sentry_sdk.utils.serialize_frame", serialize_frame)
    return read


def raised(error: BaseException) -> BaseException:
    """``error`` with a traceback."""
    try:
        raise error
    except BaseException as caught:
        return caught


def test_the_sdk_has_every_part_that_is_used() -> None:
    assert errors.missing_parts() == []


@pytest.mark.sentry
def test_of_an_ignored_error_no_frame_is_read(sentry_events: Events, frames: list[Any]) -> None:
    assert sentry_sdk.capture_exception(raised(Http404())) is None
    assert frames == []
    assert outcomes.snapshot() == {(outcomes.IGNORED_ERROR, "error"): 1}
    sentry_sdk.capture_exception(raised(ValueError()))
    assert frames != []
    assert len(sentry_events.events) == 1


# Without transactions: SDK 2.35 gives them a stack trace too.
@pytest.mark.sentry(IGNORED_ERRORS=["tests.views.Broken"], TRACES_SAMPLE_RATE=0.0)
def test_of_an_ignored_error_in_a_view_no_frame_is_read(
    client: httpx.Client, sentry_events: Events, frames: list[Any]
) -> None:
    assert client.get("/error/").status_code == 500
    assert (sentry_events.events, frames) == ([], [])


@pytest.mark.sentry
def test_ctrl_c_is_no_event(sentry_events: Events) -> None:
    sentry_sdk.capture_exception(raised(KeyboardInterrupt()))
    assert sentry_events.events == []
    assert outcomes.snapshot() == {(outcomes.INTERRUPT, "error"): 1}


@pytest.mark.sentry(IGNORED_LOGGERS=["noisy"])
def test_an_ignored_logger_is_dropped_before_processors_run(sentry_events: Events) -> None:
    seen: list[Any] = []
    scope = sentry_sdk.get_isolation_scope()
    scope.add_event_processor(lambda event, hint: seen.append(event))  # type: ignore[func-returns-value]
    logging.getLogger("noisy").error("no")
    assert seen == []
    assert outcomes.snapshot() == {(outcomes.IGNORED_LOGGER, "error"): 1}


@pytest.mark.sentry
def test_sentry_is_told_of_ignored_errors(start_sdk: Any, sentry: Any) -> None:
    start_sdk(DSN=sentry.dsn)
    sentry_sdk.capture_exception(Http404())
    sentry_sdk.get_client().close()
    (report,) = sentry.items("client_report")
    assert report["discarded_events"] == [
        {"reason": "before_send", "category": "error", "quantity": 1}
    ]


@pytest.mark.sentry
def test_the_log_names_what_was_dropped(
    sentry_events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "sentry_app")
    sentry_sdk.capture_exception(raised(Http404()))
    assert "dropped error Http404: ignored_error" in caplog.text


@pytest.mark.sentry
def test_a_message_does_not_show_the_frames_of_the_seams(sentry_events: Events) -> None:
    sentry_sdk.capture_message("hello")
    (event,) = sentry_events.events
    (thread,) = event["threads"]["values"]
    functions = [frame["function"] for frame in thread["stacktrace"]["frames"]]
    assert functions[-1] == "test_a_message_does_not_show_the_frames_of_the_seams"


class Talkative:
    def __repr__(self) -> str:
        log_failure()
        return "said"


def log_failure() -> None:
    try:
        raise ValueError("within a repr")
    except ValueError:
        logging.getLogger("shop").exception("failed")


@pytest.mark.sentry(STORM_LIMIT=1, WITH_LOCALS=False)
def test_what_is_never_captured_takes_no_budget(sentry_events: Events) -> None:
    """The SDK captures nothing while it serialises."""
    sentry_sdk.get_isolation_scope().set_extra("order", Talkative())
    sentry_sdk.capture_message("hello")
    assert sentry_events.events[0]["extra"]["order"] == "said"
    log_failure()
    assert len(sentry_events.events) == 2
    assert outcomes.snapshot() == {}


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("sentry_sdk.utils", "exceptions_from_error_tuple"),
        ("sentry_sdk.utils", "disable_capture_event"),
        ("sentry_sdk.scope.Scope", "capture_event"),
        ("sentry_sdk.scope.Scope", "capture_exception"),
        ("sentry_sdk.integrations.logging.EventHandler", "emit"),
    ],
)
def test_a_part_that_is_missing_is_named(
    owner: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{owner}.{name}", None)
    (missing,) = errors.missing_parts()
    assert missing.endswith(name)


@pytest.mark.sentry
def test_nothing_is_held_back_for_what_raises_in_the_sdk(
    sentry_events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentry_sdk.Scope, "_merge_scopes", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sentry_sdk.capture_message("hello")
    assert outcomes.snapshot() == {}


def test_a_client_of_anothers_making_captures_everything() -> None:
    sent: list[Any] = []
    client = sentry_sdk.Client(
        "http://key@127.0.0.1:9/1", before_send=lambda event, hint: sent.append(event)
    )
    with sentry_sdk.new_scope() as scope:
        scope.set_client(client)
        sentry_sdk.capture_exception(raised(Http404()))
    assert [event["exception"]["values"][0]["type"] for event in sent] == ["Http404"]
