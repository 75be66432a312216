"""``manage.py sentry_test``: a reason for each way to fail, against a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from sentry_sdk.transport import HttpTransport, Transport

import sentry_app
from sentry_app.management import verdicts
from sentry_app.seams import transport as seams
from tests.support import answers
from tests.support.commands import Ran, run_command
from tests.support.sentry_server import SentryServer, refused_dsn, unresolvable_dsn
from tests.test_sdk import Refusing

PASSWORD = "hun" + "ter2-and-more"


def sentry_test(*flags: str) -> Ran:
    return run_command("sentry_test", "--json", *flags)


class Own(Transport):
    """A project's own transport that is not HTTP."""

    def capture_envelope(self, envelope: Any) -> None:
        sentry_app.outbox.append(envelope)


class Broken(Own):
    def capture_envelope(self, envelope: Any) -> None:
        raise RuntimeError("as asked")


class DoesNotFlush(Own):
    def flush(self, timeout: float, callback: Any = None) -> None:
        raise RuntimeError("as asked")


class OwnHttp(HttpTransport):
    """A project's own transport that is HTTP."""


# nothing can be sent: 2


@pytest.mark.parametrize(
    ("sentry", "reason", "said"),
    [
        ({}, "no_dsn", "there is no DSN"),
        ({"DSN": ""}, "no_dsn", 'the DSN is empty (SENTRY["DSN"])'),
        ({"DSN": "https://localhost/1"}, "bad_dsn", "the public key is missing"),
        ({"DSN": refused_dsn(), "FORCE_DISABLE": True}, "switched_off", 'SENTRY["FORCE_DISABLE"]'),
        ({"TRANSPORT": "locmem", "TEST_MODE": True}, "switched_off", 'SENTRY["TEST_MODE"]'),
        ({"TRANSPORT": "no.such.Transport"}, "bad_transport", "no.such.Transport"),
        (
            {"DSN": refused_dsn(), "OPTIONS": {"integrations": [Refusing()]}},
            "bad_options",
            "TypeError",
        ),
    ],
)
def test_misconfigured(sentry: dict[str, Any], reason: str, said: str, settings: Any) -> None:
    settings.SENTRY = sentry
    ran = sentry_test()
    assert (ran.code, ran.reasons) == (2, [reason])
    assert said in ran.results[0]["detail"]


def test_an_empty_variable_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "")
    assert "$SENTRY_DSN" in sentry_test().results[0]["detail"]


def test_a_malformed_dsn_on_the_command_line_is_not_repeated() -> None:
    ran = sentry_test("--dsn", f"https://{PASSWORD}@localhost")
    assert (ran.code, ran.reasons) == (2, ["bad_dsn"])
    assert PASSWORD not in ran.out


# no answer: 1


@pytest.mark.parametrize(
    ("dsn", "reason"), [(refused_dsn(), "refused"), (unresolvable_dsn(), "unresolved")]
)
def test_not_connected(dsn: str, reason: str, settings: Any) -> None:
    settings.SENTRY = {"DSN": dsn}
    ran = sentry_test()
    assert (ran.code, ran.reasons) == (1, [reason])


def test_a_certificate_that_nobody_vouches_for(settings: Any) -> None:
    with SentryServer(tls=True) as server:
        settings.SENTRY = {"DSN": server.dsn}
        ran = sentry_test()
    assert (ran.code, ran.reasons, server.received) == (1, ["tls"], [])
    assert "unable to get local issuer certificate" in ran.results[0]["detail"]


def test_a_certificate_authority_of_ones_own(settings: Any) -> None:
    with SentryServer(tls=True) as server:
        settings.SENTRY = {"DSN": server.dsn, "OPTIONS": {"ca_certs": server.ca_file}}
        assert sentry_test().reasons == ["accepted"]


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> str:
    """Host and port of a proxy that refuses, set in the environment with a password."""
    place = refused_dsn().partition("@")[2].partition("/")[0]
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", f"http://user:{PASSWORD}@{place}")
    return place


def test_a_proxy_that_refuses(
    proxy: str, sentry: SentryServer, settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.SENTRY = {"DSN": sentry.dsn}
    ran = sentry_test()
    assert (ran.code, ran.reasons) == (1, ["proxy"])
    assert ran.document["header"]["proxy"] == {"value": proxy, "source": "environment"}
    assert PASSWORD not in ran.out + str(capfd.readouterr())


def test_a_proxy_that_wants_a_password(settings: Any) -> None:
    with SentryServer(answers.status(407)) as server:
        settings.SENTRY = {"DSN": server.dsn}
        assert sentry_test().reasons == ["proxy"]


def test_a_server_that_stays_silent(settings: Any) -> None:
    with SentryServer(answers.hang) as server:
        settings.SENTRY = {"DSN": server.dsn}
        ran = sentry_test("--timeout", "0.3", "--all")
    assert (ran.code, {*ran.reasons}) == (1, {"timeout"})
    assert len(server.received) == 1


def test_a_server_that_hangs_up(settings: Any) -> None:
    with SentryServer(answers.drop) as server:
        settings.SENTRY = {"DSN": server.dsn}
        ran = sentry_test()
    assert (ran.code, ran.reasons) == (1, ["disconnected"])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(101, "Network is unreachable"), "unreachable"),
        (TimeoutError(), "timeout"),
        (ValueError(PASSWORD), "request_failed"),
    ],
)
def test_errors_that_take_another_network(error: Exception, reason: str) -> None:
    found = verdicts.of_error(error, "$SENTRY_DSN")
    assert found.reason == reason
    assert PASSWORD not in found.detail


# not HTTP, or nothing to see: 1


@pytest.mark.parametrize(
    ("transport", "said"),
    [
        ("console", "handed to console, not verified: printed to standard error"),
        ("file", "handed to file, not verified: written to the directory "),
        ("locmem", "handed to locmem, not verified: kept in sentry_app.outbox"),
        (f"{__name__}.Own", f"not verified: given to {__name__}.Own"),
    ],
)
def test_a_transport_that_is_not_http_says_where_it_went(
    transport: str, said: str, settings: Any, tmp_path: Any
) -> None:
    settings.SENTRY = {"TRANSPORT": transport, "TRANSPORT_DIR": str(tmp_path)}
    ran = sentry_test()
    assert (ran.code, ran.reasons) == (1, ["not_http"])
    assert said in ran.results[0]["detail"]


def test_a_transport_of_ones_own_that_is_http_is_verified(
    sentry: SentryServer, settings: Any
) -> None:
    settings.SENTRY = {"DSN": sentry.dsn, "TRANSPORT": f"{__name__}.OwnHttp"}
    assert sentry_test().reasons == ["accepted"]


@pytest.mark.parametrize("name", ["Broken", "DoesNotFlush"])
def test_a_transport_that_fails(name: str, settings: Any) -> None:
    settings.SENTRY = {"TRANSPORT": f"{__name__}.{name}"}
    ran = sentry_test()
    assert (ran.code, ran.reasons) == (1, ["transport_failed"])
    assert ran.results[0]["detail"] == f"{__name__}.{name} raised RuntimeError"


def test_an_sdk_of_another_shape_sends_but_proves_nothing(
    sentry: SentryServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seams, "_has_known_shape", lambda transport: False)
    settings.SENTRY = {"DSN": sentry.dsn}
    ran = sentry_test()
    assert (ran.code, ran.reasons, len(sentry.events)) == (1, ["unverified"], 1)


def test_a_transport_that_makes_no_request(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpTransport, "_send_envelope", lambda self, envelope: None)
    settings.SENTRY = {"DSN": refused_dsn()}
    assert sentry_test().reasons == ["not_sent"]
