"""Secrets in query strings and forms: a blank is a plus sign there, and marks have numbers."""

import html
import json
import secrets
from urllib.parse import quote, quote_plus

import pytest

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber

SECRET = "Zq7" + secrets.token_hex(9)
SCRUBBER = Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False)


def scrubbed(query: str) -> str:
    result: str = SCRUBBER.scrub({"request": {"query_string": query}})["request"]["query_string"]
    return result


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("Bearer {}", "Bearer {}"),
        ("got Token {}, retrying", "got Token {}, retrying"),
        ("run --password {} --force", "run --password {} --force"),
        ("{{'n': 1, 'api_key': '{}'}}", "{{'n': 1, 'api_key': '{}'}}"),
        ("$2b$12$" + "{}" * 2, "$2b${}"),
    ],
)
def test_a_value_of_a_form_is_decoded(value: str, left: str) -> None:
    query = f"page=2&note={quote_plus(value.format(SECRET, SECRET))}&x=1"
    assert scrubbed(query) == f"page=2&note={quote_plus(left.format(FILTERED), '[]')}&x=1"


@pytest.mark.parametrize(
    "markup",
    [
        "<user><name>ann</name><password>{}</password></user>",
        '<input name="api_key" value="{}"> <input name="author" value="ann">',
    ],
)
def test_markup_that_is_escaped_is_read(markup: str) -> None:
    text = f"<p>sent {html.escape(markup.format(SECRET))} today</p>"
    left = f"<p>sent {html.escape(markup.format(FILTERED))} today</p>"
    assert SCRUBBER.scrub({"message": text}) == {"message": left}
    assert SCRUBBER.scrub({"message": left}) == {"message": left}


def test_the_digits_of_a_card_may_stand_apart() -> None:
    query = "data=" + "+".join(["4" + "1" * 3, *["1" * 4] * 3])
    assert scrubbed(query) == f"data={FILTERED}"


def test_an_encoded_address_is_anonymised() -> None:
    address = ":".join(["2a02", "611b", "b7fd", "80c7", "ecde", "9401", "f330", "16ea"])
    assert scrubbed(f"data={quote(address)}") == f"data={quote('2a02:611b:b7fd::')}"


@pytest.mark.parametrize(
    "query",
    [
        "q=my+shopping+list&x=a+b",
        "note=password%3Dnull+in+tests",
        "a=password%3Dnull+here",
        "at=12%3A30%3A11",
        "text=token+of+thanks",
        "q=%24total+%2B+tax",
    ],
)
def test_other_values_stay(query: str) -> None:
    assert scrubbed(query) == query


def test_a_quotation_mark_within_a_literal_of_json_in_a_repr_is_not_its_end() -> None:
    body = repr(json.dumps({"user": "ann", "password": f'{SECRET[:8]}"{SECRET[8:]}', "n": 1}))
    left = repr(json.dumps({"user": "ann", "password": FILTERED, "n": 1}))
    assert SCRUBBER.scrub({"extra": {"body": body}}) == {"extra": {"body": left}}
    path = repr(json.dumps({"password": "C:\\", "author": "ann"}))
    assert SCRUBBER.scrub({"extra": {"body": path}})["extra"]["body"].endswith('"ann"}\'')
