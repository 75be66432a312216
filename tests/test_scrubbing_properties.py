"""Whatever the data: the scrubber never raises, is idempotent, and lets no planted secret out."""

import copy
import json
import math
import random
import string
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber
from tests.support import leaks as leaked
from tests.support.leaks import leaks

scrubber = Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False)
relaxed = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))

texts = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text(st.sampled_from("pin=:'\"\\[]{}()<>%@$&-,; \n0123456789abcdefeyJ./?"), max_size=60),
    st.from_regex(r"(password|token|pin|key)[=:] ?['\"]?\w{0,9}['\"]?", fullmatch=True),
)
keys = st.one_of(texts, st.sampled_from(["password", "x", "items", "exception", "vars", "_meta"]))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
data = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.tuples(inner, inner),
    ),
    max_leaves=20,
)

SPELLINGS = [
    "user_password", "userPassword", "USER_PASSWORD", "user-password", "X-Api-Key", "apiKey",
    "accessToken", "refresh_token", "db_password_1", "SECRET_KEY", "clientSecret", "privateKey",
    "credit_card", "card_cvv", "user_pin", "Authorization", "csrftoken", "session_id", "dsn",
]  # fmt: skip
FORMS = [
    "{key}={secret}", "{key}: {secret}", "{key} => {secret}", "x=1&{key}={secret}&y=2",
    "'{key}': '{secret}'", '"{key}": "{secret}"', '\\"{key}\\": \\"{secret}\\"',
    "f({key}='{secret}', n=1)",
    "<{key}>{secret}</{key}>", "--{key} {secret}", "SET {key} = '{secret}' WHERE id = 1",
    "[('{key}', '{secret}'), ('n', '1')]",
    "{{'{key}': ['{secret}']}}", "HSET 'k' '{key}' '{secret}'",
    "&quot;{key}&quot;: &quot;{secret}&quot;", "b'{key}': b'{secret}'",
]  # fmt: skip


def planted(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=20)) + "7aB"


@relaxed
@given(data)
def test_anything_is_scrubbed_twice_as_once(value: Any) -> None:
    before = repr(value)
    once = scrubber.scrub(value)
    assert repr(value) == before
    assert repr(scrubber.scrub(once)) == repr(once)
    json.dumps(once, skipkeys=True)


@relaxed
@given(data)
def test_what_is_remembered_changes_nothing(value: Any) -> None:
    """``scrubber`` has seen all the data above, and that of every example before."""
    fresh = Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False)
    assert repr(scrubber.scrub(value)) == repr(fresh.scrub(value))
    assert repr(fresh.scrub([value] * 6)) == repr(scrubber.scrub([value] * 6))


def test_the_corpus_in_any_order() -> None:
    items = [item["payload"] for item in leaked.corpus()["items"]]
    items += [{"message": entry["text"]} for entry in leaked.corpus()["texts"]]
    rng = random.Random(3)
    shuffled = [rng.sample(items, len(items)) for _ in range(2)]
    one, other = (Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False) for _ in shuffled)
    for item in shuffled[0]:
        one.scrub(item)
    for item in shuffled[1]:
        assert one.scrub(item) == other.scrub(item)


@relaxed
@given(data)
def test_structure_is_kept(value: Any) -> None:
    def same(old: Any, new: Any) -> bool:
        if new == FILTERED:
            return True
        if isinstance(old, dict):
            return isinstance(new, dict) and len(old) == len(new) - (
                "_meta" in new and "_meta" not in old
            )
        if isinstance(old, (list, tuple)):
            return isinstance(new, list) and len(old) == len(new) and all(map(same, old, new))
        return type(old) is type(new)

    assert same(value, scrubber.scrub(value))


@relaxed
@given(data, st.randoms(use_true_random=False), st.sampled_from(SPELLINGS))
def test_a_secret_under_a_key_never_survives(value: Any, rng: random.Random, key: str) -> None:
    secret = planted(rng)
    assert not leaks(secret, scrubber.scrub({"a": [value, {"b": {key: secret}}], "c": secret}))


@relaxed
@given(texts, st.randoms(use_true_random=False), st.sampled_from(SPELLINGS), st.sampled_from(FORMS))
def test_a_secret_in_a_text_never_survives(
    around: str, rng: random.Random, key: str, form: str
) -> None:
    secret = planted(rng)
    text = f"{form.format(key=key, secret=secret)} {around}"
    for written in (text, quote(text, errors="replace"), json.dumps(text)):
        assert not leaks(secret, scrubber.scrub({"vars": {"x": written}}))


HOSTILE = {
    "quotes": "password='" + "\\'" * 50_000,
    "brackets": "token=" + "[" * 100_000,
    "names": "password" * 20_000 + "=",
    "separators": "token=:" * 20_000,
    "dots": "1." * 50_000,
    "colons": "a:" * 50_000,
    "at signs": "a@" * 50_000,
    "digits": "4" * 100_000,
    "grouped digits": "4111 " * 20_000,
    "percent": "%25" * 30_000 + "3D",
    "markup": "<password " * 10_000,
    "elements": "<a name='x' " * 10_000,
    "urls": "http://a:" * 10_000,
    "dashes": "-" * 100_000,
    "pem": "-----BEGIN PRIVATE KEY-----" * 4_000,
    "jwt": "eyJ" * 30_000,
    "base64": "eyJhIjoi" * 10_000,
    "insert": "INSERT INTO t (password) VALUES (" * 3_000,
    "spaces": "password" + " " * 100_000,
    "backslashes": "password" + "\\" * 100_000 + "'",
    "lines": "password: x\n" * 5_000,
    "words": "a_" * 50_000,
    "tokens": "sk-" * 30_000,
    "mysql": "mysql " * 10_000,
    "surrogate": "password=\ud800\udfff " + "\ud800" * 1000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_end(name: str) -> None:
    """In linear time: with the square of these lengths the run's time limit would end it."""
    scrub = Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False).scrub
    scrubbed = scrub({"a": HOSTILE[name] * 4, "b": "fine"})
    assert scrubbed["b"] == "fine"
    assert isinstance(scrubbed["a"], str)


def test_cycles_and_depth_end() -> None:
    cycle: dict[str, Any] = {"password": "x1"}
    cycle["self"] = cycle
    cycle["list"] = [cycle, cycle]
    assert FILTERED in repr(scrubber.scrub(cycle))
    deep: Any = "end"
    for _ in range(10_000):
        deep = {"a": [deep]}
    assert "end" not in repr(scrubber.scrub(deep))


def test_what_json_does_not_know() -> None:
    class Loud:
        def __repr__(self) -> str:
            raise RuntimeError

    value = {1: {"password": b"x"}, None: math.nan, (1, 2): {3}, "loud": Loud(), b"token": "y"}
    scrubbed = scrubber.scrub(copy.copy(value))
    assert scrubbed[1] == {"password": FILTERED}
    assert scrubbed["loud"] == FILTERED


def test_ten_megabytes_are_cut() -> None:
    assert len(scrubber.scrub({"a": "password=" + "x1" * 5_000_000 + " b"})["a"]) < 600_000
    assert len(scrubber.scrub({"a": "word " * 2_000_000})["a"]) < 600_000


def test_a_rule_that_fails_leaves_a_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    broken = Scrubber(defaults.SCRUB_FIELDS, count=counted.extend)
    monkeypatch.setattr(broken._rules, "_pairs", None)
    assert broken.scrub({"a": "password=x1y2", "b": "fine"}) == {"a": FILTERED, "b": "fine"}
    assert counted == ["internal error"]


CROWDS = {
    "texts with secrets": lambda n: [f"password=Xy{i}{'zQ7' * 4}" for i in range(n)],
    "keys with secrets": lambda n: {f"token=Xy{i}{'zQ7' * 4}": 1 for i in range(n)},
    "secret keys": lambda n: {f"k{i}": {"password": f"Xy{i}{'zQ7' * 4}"} for i in range(n)},
    "small containers": lambda n: [{"a": [1]} for _ in range(n)],
}


@pytest.mark.parametrize("name", CROWDS)
def test_crowds_end(name: str) -> None:
    """In linear time, as above."""
    crowd = CROWDS[name](50_000)
    scrubbed = Scrubber(defaults.SCRUB_FIELDS).scrub({"crowd": crowd, "b": "fine"})
    assert len(scrubbed["crowd"]) == len(crowd)
    assert scrubbed["b"] == "fine"
