"""Addresses: what is anonymised, and how much of it is left."""

import pytest

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber
from sentry_app.scrubbing.addresses import anonymise

SCRUBBER = Scrubber(defaults.SCRUB_FIELDS, pii=False)


@pytest.mark.parametrize("text", ["'@app.task of 'b'", "celery@worker-1.internal ready"])
def test_what_is_no_email_stays(text: str) -> None:
    assert SCRUBBER.scrub({"message": text}) == {"message": text}


def test_a_quotation_mark_before_an_email_stays() -> None:
    assert SCRUBBER.scrub({"message": "to 'ann@shop.example'"}) == {"message": f"to '{FILTERED}'"}


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("2001:db8:36bc::1:2", "2001:db8::"),
        ("2a02:f28d:ab::1f", "2a02::"),
        ("2001:db8:36bc::", "2001:db8:36bc::"),
        ("2001:0db8:36bc:0000:0000:0000:0000:0001", "2001:db8:36bc::"),
    ],
)
def test_of_an_address_written_short_less_is_left(address: str, left: str) -> None:
    assert anonymise(address) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("GET 'seen:2001:db8:1:2:3:4:5:6'", "GET 'seen:2001:db8:1::'"),
        ("key:2a:51:43:a1:b5:fc:8b:b7", "key:2a:51:43:a1:b5:fc:8b:b7"),
        ("a:2001:db8:1:2:3:4:5:6:7", "a:2001:db8:1:2:3:4:5:6:7"),
    ],
)
def test_an_address_may_follow_a_name(text: str, left: str) -> None:
    assert anonymise(text) == left
