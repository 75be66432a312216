"""Parameters of SQL are secret by the columns that they are for."""

from typing import Any

import pytest

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber
from sentry_app.scrubbing.columns import NO_PARAMETERS, parameters_of
from sentry_app.scrubbing.keys import SecretKeys

KEYS = SecretKeys(defaults.SCRUB_FIELDS)
SCRUBBER = Scrubber(defaults.SCRUB_FIELDS)
SECRET = "correct horse"


@pytest.mark.parametrize(
    ("sql", "secret", "number"),
    [
        ("UPDATE users SET name = %s, password = %s WHERE id = %s", {1}, 3),
        ('UPDATE "users" SET "password"=? WHERE "users"."api_key" <> ?', {0, 1}, 2),
        ("SELECT 1 FROM s WHERE session_key IN (%s, %s) AND age > %s", {0, 1}, 3),
        ("SELECT 1 FROM users WHERE pin = $2 AND id = $1", {1}, 2),
        ("SELECT 1 FROM users WHERE token like :1", {0}, 1),
        ("SELECT 1 FROM users WHERE at > '12:10' AND pin = %s", {0}, 1),
        ("INSERT INTO users (name, password) VALUES (?, ?), (?, ?)", {1, 3}, 4),
        ("INSERT INTO t (a, token, b) VALUES (DEFAULT, crypt(%s, 'x'), %s)", {0}, 2),
        ("INSERT INTO t (token) VALUES (%s) ON CONFLICT (k) DO UPDATE SET n = %s", {0}, 2),
    ],
)
def test_the_column_decides(sql: str, secret: set[int], number: int) -> None:
    assert parameters_of(sql, KEYS) == (secret, number, set())


@pytest.mark.parametrize(
    "text", ["is the password = %s", "SELECT password FROM users", "SELECT 1::int WHERE a = 2"]
)
def test_without_a_statement_or_a_placeholder_there_are_none(text: str) -> None:
    assert parameters_of(text, KEYS) == NO_PARAMETERS


def test_of_a_long_statement_only_so_many_are_looked_at() -> None:
    sql = "SELECT 1 FROM users WHERE " + " OR ".join(["pin=?"] * 1_000)
    assert parameters_of(sql, KEYS).number == 300


@pytest.mark.parametrize(
    "text",
    [
        "(0.001) UPDATE users SET age = %s, password = %s; args=(7, '{}'); alias=default",
        "[SQL: INSERT INTO t (a, pin) VALUES (?, ?)]\n[parameters: [('b', '{}'), ('c', '{}')]]",
    ],
)
def test_parameters_in_a_text(text: str) -> None:
    event = {"message": text.replace("{}", SECRET)}
    assert SCRUBBER.scrub(event) == {"message": text.replace("{}", FILTERED)}


@pytest.mark.parametrize(
    ("beside", "left"),
    [
        ({"params": ["'ann'", repr(SECRET)]}, {"params": ["'ann'", FILTERED]}),
        ({"'args'": ["'ann'", repr(SECRET)]}, {"'args'": ["'ann'", FILTERED]}),
        ({"data": {"db.params": ["ann", SECRET]}}, {"data": {"db.params": ["ann", FILTERED]}}),
        ({"params": [["a", SECRET], ["b", 4831]]}, {"params": [["a", FILTERED], ["b", FILTERED]]}),
        ({"params": ["ann", "None"]}, {"params": ["ann", "None"]}),
        ({"params": "('ann', 'x')"}, {"params": "('ann', 'x')"}),
        ({"params": f"('ann', {SECRET!r}, 3)"}, {"params": f"('ann', '{FILTERED}', 3)"}),
        ({"params": f'"[7, {SECRET!r}]"'}, {"params": f"\"[7, '{FILTERED}']\""}),
        ({"params": "none"}, {"params": "none"}),
        ({"rows": ["ann", SECRET]}, {"rows": ["ann", SECRET]}),
    ],
)
def test_parameters_beside_their_statement(beside: dict[str, Any], left: dict[str, Any]) -> None:
    sql = "'UPDATE users SET name = %s, password = %s'"
    scrubber = Scrubber(defaults.SCRUB_FIELDS)
    for _ in range(2):  # a known statement says the same
        assert scrubber.scrub({"extra": {"sql": sql, **beside}}) == {"extra": {"sql": sql, **left}}


@pytest.mark.parametrize("style", ["%(new)s", ":new"])
def test_parameters_with_names_are_for_a_column_too(style: str) -> None:
    sql = f"UPDATE users SET password = {style} WHERE id = {style.replace('new', 'id')}"
    assert parameters_of(sql, KEYS).names == {"new"}
    item = {"extra": {"sql": sql, "params": {"'new'": repr(SECRET), "id": 7}}}
    left = SCRUBBER.scrub(item)["extra"]["params"]
    assert left == {"'new'": FILTERED, "id": 7}


def test_a_statement_is_forgotten_with_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    scrubber = Scrubber(defaults.SCRUB_FIELDS)
    monkeypatch.setattr(scrubber._memory, "MAX_TEXTS", 1)
    event = {"sql": "UPDATE users SET password = %s", "params": [SECRET]}
    for _ in range(3):
        assert scrubber.scrub(event)["params"] == [FILTERED]
        scrubber.scrub({"note": "another text"})
    assert len(scrubber._memory.statements) <= 1


@pytest.mark.parametrize("args", [["{}", 3], "('{}', 3)"])
def test_parameters_of_a_log_line_are_those_of_its_template(args: Any) -> None:
    sql = "UPDATE users SET token = %s WHERE id = %s"
    secret = "ab1"

    def entry(template: str, *params: Any) -> dict[str, Any]:
        shown = tuple(str(tuple(p)) if type(p) is list else p for p in params)
        entry = {"message": template, "formatted": template % shown, "params": list(params)}
        return {"logentry": entry}

    def filled(value: str) -> Any:
        return [value, 3] if type(args) is list else args.format(value)

    assert SCRUBBER.scrub(entry("ran %s now", sql)) == entry("ran %s now", sql)
    logged = entry("(%.3f) %s; args=%s", 0.001, sql, filled(secret))
    assert SCRUBBER.scrub(logged) == entry("(%.3f) %s; args=%s", 0.001, sql, filled(FILTERED))
