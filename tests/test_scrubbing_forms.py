"""Where a secret may stand in a text: it goes, and what stands around it stays."""

import base64
import secrets
from urllib.parse import quote

import pytest
import sentry_sdk

from sentry_app import defaults, outcomes
from sentry_app.scrubbing import FILTERED, Scrubber
from sentry_app.testing import Events

SECRET = "Zq7" + secrets.token_hex(9)
SCRUBBER = Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False)

#: A text with ``{}`` for the secret, and what has to be left of it.
FORMS = {
    "pair": ("login failed: password={} for ann", "for ann"),
    "quoted": ("login failed: password='{}' for ann", "for ann"),
    "json": ('{{"user": "ann", "password": "{}"}}', '"user": "ann"'),
    "json in json": ('{{"body": "{{\\"password\\": \\"{}\\"}}", "n": 1}}', '"n": 1'),
    "repr": ("{{'user': 'ann', 'api_key': '{}'}}", "'user': 'ann'"),
    "dataclass": ("Account(owner='ann', api_key='{}')", "owner='ann'"),
    "query string": ("GET /x/?page=2&access_token={}&q=y", "page=2"),
    "header": ("X-Api-Key: {}\nAccept: text/html", "Accept: text/html"),
    "bearer": ("request sent with Authorization: Bearer {}", "request sent with"),
    "url": ("connect to postgres://app:{}@db.internal/shop failed", "db.internal/shop failed"),
    "flag": ("mysqldump --user=app --password={} shop", "--user=app"),
    "flag apart": ("backup --token {} --verbose", "--verbose"),
    "mysql": ("mysqldump -u app -p{} shop", "shop"),
    "curl": ("curl -u ann:{} https://shop.example/", "https://shop.example/"),
    "insert": (
        "INSERT INTO users (name, password, age) VALUES ('ann', '{}', 7), ('bob', '{}', 8)",
        "('bob', ",
    ),
    "identified by": ("CREATE USER ann IDENTIFIED BY '{}'", "CREATE USER ann"),
    "where": ("SELECT 1 FROM users WHERE name = 'ann' AND password = '{}'", "name = 'ann'"),
    "xml": ("<user><name>ann</name><password>{}</password></user>", "<name>ann</name>"),
    "xml attribute": ('<user name="ann" password="{}"/>', 'name="ann"'),
    "yaml": ("user: ann\npassword: {}\nport: 5432", "port: 5432"),
    "dotenv": ("DEBUG=1\nAWS_SECRET_ACCESS_KEY={}\nPORT=80", "PORT=80"),
    "prose": ("the password is {} today", "today"),
    "ado": ("Server=db1;User Id=sa;Password={};Encrypt=true", "Encrypt=true"),
    "percent": ("next=%2Flogin%3Fpassword%3D{}%26page%3D2", "next="),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_secret_goes_and_the_rest_stays(form: str) -> None:
    text, rest = FORMS[form]
    left = SCRUBBER.scrub(
        {"message": text.replace("{}", SECRET).replace("{{", "{").replace("}}", "}")}
    )
    assert SECRET not in left["message"]
    assert FILTERED in left["message"]
    assert rest in left["message"]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: quote(text, safe=""),
    ],
    ids=["base64", "percent"],
)
def test_an_encoded_text_is_looked_into(encode) -> None:
    text = encode(f'{{"user": "ann", "password": "{SECRET}"}}')
    assert text not in str(SCRUBBER.scrub({"message": f"got {text} from the queue"}))


def test_what_was_found_under_a_name_goes_wherever_it_shows_up_again() -> None:
    left = SCRUBBER.scrub({"password": SECRET, "url": f"/reset/{SECRET}/", "note": "ann"})
    assert left == {"password": FILTERED, "url": f"/reset/{FILTERED}/", "note": "ann"}


@pytest.mark.sentry(ATTACH_STACKTRACE=False)
def test_each_rule_is_counted_by_its_name(sentry_events: Events) -> None:
    sentry_sdk.capture_message("hello", extras={"password": SECRET, "mail": "ann@shop.example"})
    assert outcomes.scrubbed() == {"key": 1, "email": 1}


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO users (name, age) VALUES ('ann', 7)",
        "INSERT INTO users (name, password) VALUES (%s, %s)",
        "SELECT name, password FROM users WHERE id = 7",
        "the password is wrong",
        "tokens used: 12, token_count=4096",
        "<a href='/password/reset/'>Forgotten?</a>",
        "user: ann\nport: 5432",
        "author=ann&page=2",
    ],
)
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert SCRUBBER.scrub({"message": text}) == {"message": text}
