"""The gate scrubs whatever an envelope may hold, for a transport and for Spotlight."""

import json
from base64 import b64encode
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope, Item, PayloadRef
from sentry_sdk.transport import Transport

from sentry_app import defaults, outcomes, own_secrets
from sentry_app.scrubbing import FILTERED
from sentry_app.transports import Gate
from tests.support import leaks

SECRET = "hv7" + "Kq02LxPz9Wd"


class Kept(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)


def sent(*items: Item, **headers: Any) -> bytes:
    from sentry_app import conf, options

    kept = Kept()
    gate = Gate(kept, options.scrubber(conf.load({})), outcomes.record_sdk)
    gate.capture_envelope(Envelope(headers=headers, items=list(items)))
    return kept.envelopes[0].serialize()


@pytest.mark.parametrize(
    "item_type",
    ["event", "transaction", "log", "trace_metric", "span", "check_in", "session", "sessions",
     "profile", "profile_chunk", "feedback", "user_report", "statsd", "something_new"],
)  # fmt: skip
def test_every_type_of_item(item_type: str) -> None:
    payload = PayloadRef(
        json={"event_id": "1", "x": {"password": SECRET}, "message": f"pin={SECRET}"}
    )
    assert not leaks.leaks(SECRET, sent(Item(payload, type=item_type)).decode())


def test_what_is_no_json_is_scrubbed_as_text() -> None:
    item = Item(PayloadRef(bytes=f"token={SECRET}\n".encode()), type="statsd")
    assert SECRET.encode() not in sent(item)


def test_a_text_attachment_of_many_blocks() -> None:
    text = f"a line\npassword: {SECRET}\n" * 20_000
    item = Item(PayloadRef(bytes=text.encode()), type="attachment", filename=f"token={SECRET}.log")
    bytes_sent = sent(item)
    assert SECRET.encode() not in bytes_sent
    assert bytes_sent.count(b"a line") == 20_000


def test_a_binary_attachment_stays() -> None:
    data = bytes(range(256))
    assert data in sent(Item(PayloadRef(bytes=data), type="attachment"))


def test_the_trace_header() -> None:
    trace = {"trace_id": "1" * 32, "transaction": f"/reset?token={SECRET}", "public_key": "k"}
    header = json.loads(sent(trace=trace).splitlines()[0])
    assert header["trace"] == {**trace, "transaction": f"/reset?token={FILTERED}"}


def test_spotlight_gets_no_more_than_sentry(
    start_sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_sdk(TRANSPORT="locmem", OPTIONS={"spotlight": "http://127.0.0.1:9/stream"})
    kept = Kept()
    monkeypatch.setattr(sentry_sdk.get_client().spotlight, "_inner", kept)
    sentry_sdk.capture_message(f"password={SECRET}")
    assert len(kept.envelopes) == 1
    assert SECRET.encode() not in kept.envelopes[0].serialize()


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_the_secrets_of_this_process(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECRET_KEY = "django-" + SECRET
    settings.DATABASES = {"default": {"PASSWORD": "db-" + SECRET}}
    settings.CACHES = {"default": {"LOCATION": [f"redis://:cache-{SECRET}@h:1"]}}
    monkeypatch.setenv("STRIPE_API_KEY", "env-" + SECRET)
    monkeypatch.setenv("DATABASE_URL", f"postgres://u:url-{SECRET}@h/d")
    found = own_secrets.collect(defaults.SCRUB_FIELDS)
    assert {f"{name}-{SECRET}" for name in ("django", "db", "cache", "env", "url")} <= found


@pytest.mark.parametrize(
    "written",
    [str, quote, lambda text: b64encode(b"x:" + text.encode()).decode(), lambda text: text[:14],
     lambda text: text.encode().hex()],
    ids=["as it is", "percent", "base64", "cut off", "hex"],
)  # fmt: skip
def test_a_secret_of_this_process_never_leaves(settings: Any, written: Any) -> None:
    settings.SECRET_KEY = f"dj&{SECRET}"
    payload = {"event_id": "1", "message": f"near {written(settings.SECRET_KEY)} there"}
    assert leaks.leaks(settings.SECRET_KEY, payload)
    assert not leaks.leaks(
        settings.SECRET_KEY, sent(Item(PayloadRef(json=payload), type="event")).decode()
    )


def test_an_unreadable_setting_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.conf.settings", SimpleNamespace(DATABASES=None, CACHES=7))
    assert isinstance(own_secrets.collect(["password"]), set)


def test_the_working_directory_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", "/srv/shop")
    monkeypatch.setenv("OLDPWD", "/srv/other")
    monkeypatch.setenv("DB_PWD", "hunter-of-ducks")
    found = own_secrets.collect(defaults.SCRUB_FIELDS)
    assert "hunter-of-ducks" in found
    assert found.isdisjoint({"/srv/shop", "/srv/other"})
