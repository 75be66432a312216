"""Secrets in sentences, and sentences without any."""

import secrets

import pytest

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber

SECRET = "Zq7" + secrets.token_hex(9)
SCRUBBER = Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False)


@pytest.mark.parametrize(
    "text",
    [
        "{} was the password",
        "'{}' was the password for ann",
        "log\n{} was the password\nend",
        "{} is my API key, keep it",
        "they found out that {} is our client secret.",
        "password&#x3D;{} or token&#61;{}",
    ],
)
def test_a_secret_beside_its_name_goes(text: str) -> None:
    left = SCRUBBER.scrub({"message": text.replace("{}", SECRET)})["message"]
    assert left == text.replace("{}", FILTERED)


def test_the_id_of_a_session_may_be_of_letters() -> None:
    assert SCRUBBER.scrub({"message": "Session ID: HorseBattery"}) == {
        "message": f"Session ID: {FILTERED}"
    }


def test_a_code_may_be_somebodys() -> None:
    text = "Hello. Your code is {}."
    assert SCRUBBER.scrub({"message": text.format("4711" * 2)})["message"] == text.format(FILTERED)


@pytest.mark.parametrize(
    "text",
    [
        "your code is 2000 lines long",
        "AccessTokenV2 is the token that we use",
        "Auth0Client is the secret",
        "v2.10.3-rc1 is the key",
        "Password123 is the token issuer",
        "Rev12Build9x is the primary key of the table",
        "Session ID: 4711",
        "User ID: ab12cd34",
        "reset-password is the token of the day",
    ],
)
def test_a_sentence_stays(text: str) -> None:
    assert SCRUBBER.scrub({"message": text}) == {"message": text}
