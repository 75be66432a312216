"""sentry_app.env: what each kind of setting takes, and that it refuses the rest politely."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.utils import Dsn

from sentry_app import env

KEY = "5ec" + "2e7"
KINDS: dict[str, env.Kind] = {
    "boolean": env.boolean(),
    "number": env.number(0.0, 1.0),
    "integer": env.integer(1),
    "choice": env.choice("never", "always"),
    "text": env.text(),
    "path": env.path(),
    "name": env.name(8, "/\n", ("none",)),
    "strings": env.strings(),
    "patterns": env.patterns(),
    "mapping": env.mapping(),
    "rates": env.mapping(env.number(0.0, 1.0)),
    "hooks": env.hooks(),
    "transport": env.transport(),
    "dsn": env.dsn(),
}


def refused(read: Callable[[], Any]) -> bool:
    """Whether ``read`` raises ``ValueError``; any other exception passes."""
    try:
        read()
    except ValueError:
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("boolean", True, True),
        ("boolean", False, False),
        ("number", 0, 0.0),
        ("number", 1, 1.0),
        ("number", 0.25, 0.25),
        ("integer", 1, 1),
        ("choice", "never", "never"),
        ("text", " a ", "a"),
        ("path", " /var/a ", "/var/a"),
        ("path", Path("/var/a"), "/var/a"),
        ("name", " v1.0 ", "v1.0"),
        ("strings", ["a", "b"], ("a", "b")),
        ("strings", ("a",), ("a",)),
        ("strings", set("hgfedcba"), tuple("abcdefgh")),
        ("strings", [], ()),
        ("patterns", [r"\d{4}"], (r"\d{4}",)),
        ("mapping", {"a": 1}, {"a": 1}),
        ("rates", {"/api/*": 1}, {"/api/*": 1.0}),
        ("hooks", "shop.hooks.strip", ("shop.hooks.strip",)),
        ("hooks", print, (print,)),
        ("hooks", [print, "shop.hooks.strip"], (print, "shop.hooks.strip")),
        ("transport", "file", "file"),
        ("transport", "shop.Transport", "shop.Transport"),
        ("dsn", None, None),
        ("dsn", "", None),
        ("dsn", f" https://{KEY}@localhost:8000/a/1 ", f"https://{KEY}@localhost:8000/a/1"),
    ],
)
def test_a_value_from_python(kind: str, value: Any, expected: Any) -> None:
    converted = KINDS[kind].read(value, is_text=False)
    assert (converted, type(converted)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        *[("boolean", text, True) for text in ("1", "true", "YES", "On")],
        *[("boolean", text, False) for text in ("0", "False", "no", "off")],
        ("number", "0.5", 0.5),
        ("integer", " 7 ", 7),
        ("choice", "Always", "always"),
        ("text", "a,b", "a,b"),
        ("path", "/var/a", "/var/a"),
        ("name", "v1.0", "v1.0"),
        ("strings", " a, b,,", ("a", "b")),
        ("patterns", r"\d{4}", (r"\d{4}",)),
        ("mapping", '{"a": [1]}', {"a": [1]}),
        ("rates", '{"/api/*": 1}', {"/api/*": 1.0}),
        ("hooks", "a.b, c.d", ("a.b", "c.d")),
        ("transport", "console", "console"),
        ("dsn", "", None),
        ("dsn", f"http://{KEY}@[::1]/1", f"http://{KEY}@[::1]/1"),
    ],
)
def test_text_from_the_environment(kind: str, text: str, expected: Any) -> None:
    converted = KINDS[kind].read(text, is_text=True)
    assert (converted, type(converted)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *[("boolean", value) for value in (1, 0, "true", None)],
        *[("number", value) for value in (True, "0.5", -0.1, 7, math.nan, math.inf, 10**400)],
        *[("integer", value) for value in (True, 0, -1, 1.0, "1")],
        *[("choice", value) for value in ("Never", "often", 1, ["never"])],
        *[("text", value) for value in ("", " ", b"a")],
        *[("path", value) for value in ("", " ", b"a", 5)],
        *[("name", value) for value in ("", "a/b", "a\nb", "None", "123456789", "äöüäö", "\ud800")],
        *[("strings", value) for value in ("a,b", [1], [""], {"a": "b"}, b"a")],
        *[("patterns", value) for value in (["a("], ["a*"], ["a{" + "9" * 30 + "}"])],
        *[("mapping", value) for value in ([], {1: 1}, "{}")],
        *[("rates", value) for value in ({"a": 2}, {"a": True}, {"a": None})],
        *[("hooks", value) for value in ("strip", "a..b", [5], None, "a b.c")],
        *[("transport", value) for value in ("smtp", "", None, "a.b.")],
        *[("dsn", value) for value in (5, b"https://a@b/1", "x", f"{KEY}@localhost/1")],
    ],
)
def test_a_value_that_is_refused(kind: str, value: Any) -> None:
    assert refused(lambda: KINDS[kind].convert(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("boolean", "maybe"),
        ("number", "half"),
        ("number", "nan"),
        ("number", "1e999"),
        ("integer", "1.5"),
        ("integer", "9" * 5000),
        ("mapping", "{"),
        ("mapping", "[" * 100_000),
        ("rates", '{"a": NaN}'),
        ("rates", '{"a": Infinity}'),
    ],
)
def test_text_that_is_refused(kind: str, text: str) -> None:
    assert refused(lambda: KINDS[kind].read(text, is_text=True))


@pytest.mark.parametrize(
    ("dsn", "reason"),
    [
        (f"localhost/{KEY}", "https://"),
        (f"ftp://{KEY}@localhost/1", "https://"),
        (f"https://{KEY}@/1", "host"),
        (f"https://{KEY}@localhost:http/1", "port"),
        (f"https://{KEY}@localhost:99999/1", "port"),
        (f"https://{KEY}@localhost:0/1", "port"),
        (f"https://{KEY}@[::1/1", "host"),
        ("https://localhost/1", "public key"),
        (f"https://:{KEY}@localhost/1", "public key"),
        (f"https://<{KEY}>@localhost/1", "public key"),
        (f"https://{KEY}@@localhost/1", "public key"),
        (f"https://ключ{KEY}@localhost/1", "public key"),
        (f'"https://{KEY}@localhost/1"', "quotation mark"),
        (f"'https://{KEY}@localhost/1'", "quotation mark"),
        (f"https://{KEY}@localhost", "project id"),
        (f"https://{KEY}@localhost/shop", "project id"),
        (f"https://{KEY}@localhost/1/", "project id"),
        (f"https://{KEY}@localhost/{'1' * 5000}", "project id"),
    ],
)
def test_a_malformed_dsn_is_told_by_its_part_and_never_quoted(dsn: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        KINDS["dsn"].convert(dsn)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("v" * 9, "more than 8"),
        ("a/b", "slash"),
        ("none", "reserves"),
    ],
)
def test_a_refused_name_is_told_why(value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        KINDS["name"].convert(value)


def test_a_dict_with_other_keys_than_text_is_told_so() -> None:
    with pytest.raises(ValueError, match="a key is not text"):
        KINDS["mapping"].convert({5: 1})


@pytest.mark.parametrize("pattern", ["a(", "a*"])
def test_a_refused_pattern_is_named(pattern: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(pattern))):
        KINDS["patterns"].convert(["fine", pattern])


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_a_refused_number_is_not_told_in_pythons_words(kind: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        KINDS[kind].read("many", is_text=True)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("strings", "hat", ("hat",)),
        ("strings", ["hat", 5, ""], ("hat",)),
        ("strings", 5, ()),
        ("patterns", ["a(", "b", "c*"], ("b",)),
        ("patterns", None, ()),
    ],
)
def test_the_usable_part_of_a_list_is_salvaged(kind: str, value: Any, expected: Any) -> None:
    salvage = KINDS[kind].salvage
    assert salvage is not None
    assert salvage(value) == expected


every_kind = pytest.mark.parametrize("kind", KINDS)

# With the halves of surrogate pairs: undecodable bytes of the environment come as such.
texts = st.text(st.characters())
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.sets(st.text())
    ),
    max_leaves=8,
) | st.sampled_from([10**400, -(10**400), object(), print, KINDS])


@every_kind
@given(value=values)
def test_any_value_is_taken_or_a_value_error(kind: str, value: Any) -> None:
    # What was taken once is taken again: converting changes nothing the second time.
    convert = KINDS[kind].convert
    assert refused(lambda: convert(value)) or convert(convert(value)) == convert(value)


@every_kind
@given(text=texts)
def test_any_text_is_taken_or_a_value_error(kind: str, text: str) -> None:
    read = KINDS[kind].read
    assert refused(lambda: read(text, is_text=True)) or not refused(
        lambda: read(read(text, is_text=True), is_text=False)
    )


@given(
    scheme=st.sampled_from(["http", "https", "HTTPS", "ftp", ""]),
    user=texts,
    host=st.sampled_from(["localhost", "[::1]", "[", ""]) | st.text(max_size=5),
    port=st.sampled_from(["", ":0", ":80", ":x", ":99999"]),
    path=st.sampled_from(["1", "a/1", "", "1/", "1?a=b"]) | st.text(max_size=3),
)
def test_the_sdk_takes_every_dsn_that_is_taken(
    scheme: str, user: str, host: str, port: str, path: str
) -> None:
    dsn = f"{scheme}://{user}@{host}{port}/{path}"
    if not refused(lambda: KINDS["dsn"].convert(dsn)):
        taken = KINDS["dsn"].convert(dsn)
        assert Dsn(taken).host
