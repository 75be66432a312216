"""sentry_app.scrubbing: secrets out, the rest as it was."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentry_sdk.scrubber import DEFAULT_DENYLIST, DEFAULT_PII_DENYLIST

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber
from sentry_app.scrubbing.addresses import anonymise
from sentry_app.scrubbing.keys import SecretKeys, words

SECRET = "s3" + "cret-value"

#: How a secret field may be spelt in real data.
SPELLINGS = [
    "password",
    "userPassword",
    "db_password_1",
    "DB_PASSWORD",
    "password_confirm",
    "newPassword2",
    "X-Api-Key",
    "APIKey",
    "AWS_SECRET_ACCESS_KEY",
    "csrfmiddlewaretoken",
    "HTTP_AUTHORIZATION",
    "Set-Cookie",
    "refresh_token",
    "card.cvv",
]

HARMLESS = [
    "author",
    "tokenizer",
    "token_count",
    "shipping",
    "pinned",
    "secretary",
    "primary_key",
    "cache_key",
    "csrf_exempt",
    "passenger",
    "",
]

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["203.0.113.77", "at 2001:db8:1:2::3 and 10.1.2.3:80", "order 1234"])
)
KEYS = st.text() | st.sampled_from([*SPELLINGS, *HARMLESS, "event_id", "version", "_meta"])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def full_scrubber(**more: Any) -> Scrubber:
    """A scrubber with every part of it switched on."""
    options = {"patterns": [r"order \d+"], "ip_addresses": True, **more}
    return Scrubber(defaults.SCRUB_FIELDS, **options)


def same_shape(before: Any, after: Any) -> bool:
    if after == FILTERED:
        return True
    if isinstance(before, dict):
        keys = before.keys() | {"_meta"} == after.keys() | {"_meta"}
        return keys and all(same_shape(before[k], after[k]) for k in before if k != "_meta")
    if isinstance(before, list):
        return len(before) == len(after) and all(map(same_shape, before, after))
    return type(before) is type(after)


# keys


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("userPassword", "user password"),
        ("X-Api-Key", "x api key"),
        ("AWSSecretKey", "aws secret key"),
        ("db_password_1", "db password 1"),
        ("APIKey2", "api key 2"),
        ("!?", ""),
    ],
)
def test_the_words_of_a_key(key: str, expected: str) -> None:
    assert " ".join(words(key)) == expected


@pytest.mark.parametrize("key", SPELLINGS)
def test_a_secret_goes_however_its_key_is_spelt(key: str) -> None:
    assert full_scrubber().scrub({key: SECRET}) == {key: FILTERED}


@pytest.mark.parametrize("key", HARMLESS)
def test_a_harmless_key_keeps_its_value(key: str) -> None:
    assert full_scrubber().scrub({key: SECRET}) == {key: SECRET}


def test_a_key_that_is_no_text_is_no_secret() -> None:
    assert full_scrubber().scrub({1: SECRET, None: "x"}) == {1: SECRET, None: "x"}


def test_a_field_of_several_words_needs_them_all() -> None:
    keys = SecretKeys(["order_code"])
    assert "OrderCode" in keys
    assert "code" not in keys
    assert "order" not in keys


def test_allowed_fields_are_kept() -> None:
    scrubber = full_scrubber(allow=["page_token", "CSRF-Token"])
    kept = {"pageToken": "a", "csrf_token": "b"}
    assert scrubber.scrub({**kept, "token": SECRET}) == {**kept, "token": FILTERED}


def test_the_memory_for_verdicts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecretKeys, "MAX_VERDICTS", 2)
    keys = SecretKeys(["password"])
    assert [f"password{number}" in keys for number in range(4)] == [True] * 4
    assert len(keys._verdicts) == 2


# the walk


def test_a_container_under_a_secret_key_goes_as_a_whole() -> None:
    data = {"credentials": {"user": "ann", "parts": [SECRET]}, "items": [{"pin": 1234}]}
    assert full_scrubber().scrub(data) == {"credentials": FILTERED, "items": [{"pin": FILTERED}]}


@pytest.mark.parametrize("value", [None, "", True, False])
def test_an_empty_or_boolean_value_says_more_than_it_gives_away(value: Any) -> None:
    assert full_scrubber().scrub({"password": value}) == {"password": value}


def test_a_pattern_removes_only_what_it_matches() -> None:
    assert full_scrubber().scrub(["no order 1234 here"]) == [f"no {FILTERED} here"]


def test_tuples_become_lists() -> None:
    assert full_scrubber().scrub(("a", ("b",))) == ["a", ["b"]]


def test_what_lies_too_deep_is_replaced() -> None:
    data: Any = SECRET
    for _ in range(5000):
        data = {"inner": data}
    scrubbed = full_scrubber().scrub({"deep": data, "message": "hello"})
    assert SECRET not in repr(scrubbed)
    assert scrubbed["message"] == "hello"


def test_what_cannot_be_scrubbed_is_replaced() -> None:
    class Hostile(dict[str, str]):
        def items(self) -> Any:
            raise RuntimeError

    assert full_scrubber().scrub(Hostile(a="b")) == FILTERED


@pytest.mark.parametrize("key", ["modules", "sdk", "debug_meta"])
def test_parts_that_sentry_reads_are_untouched_at_the_top_only(key: str) -> None:
    part = {"python-jwt": "1.2.3.4"}
    assert full_scrubber().scrub({key: part}) == {key: part}
    assert full_scrubber().scrub({"extra": {key: part}}) != {"extra": {key: part}}


@pytest.mark.parametrize("key", ["release", "version", "trace_id"])
def test_versions_and_ids_are_untouched_but_secrets_below_such_a_key_are_not(key: str) -> None:
    assert full_scrubber().scrub({"a": {key: "4.2.1.3"}}) == {"a": {key: "4.2.1.3"}}
    assert full_scrubber().scrub({key: {"password": SECRET}}) == {key: {"password": FILTERED}}


# what Sentry shows beside a value that was changed


def test_an_event_says_where_something_was_removed() -> None:
    event = {"event_id": "1", "extra": {"password": SECRET, "list": ["a", "order 12"]}}
    meta = full_scrubber().scrub(event)["_meta"]["extra"]
    assert meta["password"] == {"": {"rem": [["sentry_app.key", "s"]]}}
    assert meta["list"]["1"] == {"": {"rem": [["sentry_app.pattern", "s"]]}}


def test_the_sdks_own_remarks_are_kept() -> None:
    own = {"extra": {"long": {"": {"len": 5000}}}}
    event = {"event_id": "1", "extra": {"long": "x", "pin": 1234}, "_meta": own}
    meta = full_scrubber().scrub(event)["_meta"]
    assert meta["extra"]["long"] == {"": {"len": 5000}}
    assert meta["extra"]["pin"][""]["rem"]


def test_remarks_that_are_no_dict_are_replaced() -> None:
    event = {"event_id": "1", "pin": 1234, "_meta": "broken"}
    assert list(full_scrubber().scrub(event)["_meta"]) == ["pin"]


def test_nothing_is_remarked_where_nothing_changed() -> None:
    assert "_meta" not in full_scrubber().scrub({"event_id": "1", "message": "hello"})


# addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("from 203.0.113.77, then", "from 203.0.113.0, then"),
        ("203.0.113.77.", "203.0.113.0."),
        ("http://203.0.113.77:8000/", "http://203.0.113.0:8000/"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("[2001:db8:1:2::5]:443", "[2001:db8:1::]:443"),
    ],
)
def test_an_address_is_anonymised_wherever_it_stands(text: str, expected: str) -> None:
    assert anonymise(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "::1",
        "0.0.0.0",
        "v4.2.1.3",
        "1.2.3.4.5",
        "300.1.1.1",
        "12:30:45",
        "std::vector",
        "dead::beefs",
        "203.0.113.77.example.org",
    ],
)
def test_what_is_no_address_of_a_client_stays(text: str) -> None:
    assert anonymise(text) == text


def test_addresses_stay_unless_asked_for() -> None:
    assert full_scrubber(ip_addresses=False).scrub(["203.0.113.77"]) == ["203.0.113.77"]


# properties


@given(JSON)
@settings(max_examples=200)
def test_scrubbing_keeps_the_structure_and_its_input(data: Any) -> None:
    before = deepcopy(data)
    scrubbed = full_scrubber().scrub(data)
    assert data == before
    assert same_shape(data, scrubbed)


@given(JSON)
@settings(max_examples=200)
def test_scrubbing_twice_changes_no_more_than_once(data: Any) -> None:
    once = full_scrubber().scrub(data)
    assert full_scrubber().scrub(once) == once


@given(st.text(alphabet="0123456789abcf:. -/[]x"))
@settings(max_examples=300)
def test_anonymising_twice_changes_no_more_than_once(text: str) -> None:
    assert anonymise(anonymise(text)) == anonymise(text)


@given(JSON, st.sampled_from(SPELLINGS), st.lists(KEYS, max_size=5))
@settings(max_examples=200)
def test_a_planted_secret_never_survives(data: Any, spelling: str, path: list[str]) -> None:
    planted: Any = {spelling: SECRET, "data": data}
    for key in path:
        planted = {key: planted}
    assert SECRET not in repr(full_scrubber().scrub({"extra": planted}))


def test_everything_that_the_sdk_scrubs_is_scrubbed() -> None:
    fields = [*defaults.SCRUB_FIELDS, *defaults.PII_FIELDS]
    keys = SecretKeys(fields)
    known = [*DEFAULT_DENYLIST, *DEFAULT_PII_DENYLIST]
    assert [key for key in known if key not in keys] == []


@pytest.mark.parametrize("header", ["Cf-Connecting-Ip", "Forwarded", "True-Client-Ip"])
def test_headers_with_the_clients_address_are_personal(header: str) -> None:
    assert header in SecretKeys(defaults.PII_FIELDS)
