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
    "token for a user": ("clone https://{}:x-oauth-basic@git.example/a.git", "@git.example/a.git"),
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
    "two words and a colon": ("Your API key is: {} (read-only)", "(read-only)"),
    "dash": ("password - {} (new)", "(new)"),
    "sentence": ("Incorrect API key provided: {}. Look it up", "Look it up"),
    "whose it is": ("the password for ann is {}", "for ann"),
    "easy connect": ("cannot reach app/{}@//db.internal:1521/shop", "@//db.internal:1521/shop"),
    "full-width colon": ("密码\uff1a{}", "密码"),
    "escaped for a script": (
        "{{\\u0022user\\u0022: 1, \\u0022pin\\u0022: \\u0022{}\\u0022}}",
        "user",
    ),
    "cookie in a repr": ("<SimpleCookie: sessionid='{}'>", "<SimpleCookie: "),
    "cookie object": ("Cookie(version=0, name='sessionid', value='{}', port=None)", "port=None"),
    "item of yaml": ("env:\n- name: DB_PASSWORD\n  value: {}\n- name: A\n", "- name: A"),
    "cells": ("<tr><td>password</td><td>{}</td><td>3</td></tr>", "<td>3</td>"),
    "markdown": ("**password**: {} and so on", "and so on"),
    "comparison": ("if headers.get('X-Token') == '{}': pass", "headers.get('X-Token')"),
    "odbc": ("Driver={{ODBC 18}};UID=sa;PWD={{{}}};Encrypt=yes", "Encrypt=yes"),
    "validation": (
        "1 error for Login\npassword\n  Too long [type=long, input_value='{}', input_type=str]",
        "input_type=str",
    ),
    "database error": ("DETAIL:  Key (token)=({}) already exists.", "already exists."),
    "duplicate entry": ("Duplicate entry '{}' for key 'users.api_key'", "users.api_key"),
    "set password": ("SET PASSWORD FOR 'a'@'h' = PASSWORD('{}')", "FOR 'a'@'h'"),
    "function of sql": ("SELECT pgp_sym_decrypt(note, '{}') FROM t", "FROM t"),
    "docker": ("docker login -u ann -p {} registry.example", "registry.example"),
    "command in a list": ("args=['curl', '-u', 'ann:{}', 'https://h']", "'https://h'"),
    "redis auth": ("AUTH default {}", "AUTH default"),
    "redis config": ("CONFIG SET requirepass {}", "CONFIG SET requirepass"),
    "redis hash": ("HMSET u:1 name ann password {} age 7", "age 7"),
    "redis with a time": ("SETEX 'reset_token' 3600 '{}'", "3600"),
    "redis acl": ("ACL SETUSER ann on >{} ~*", "~*"),
    "redis hello": ("HELLO 3 AUTH default {}", "HELLO 3 AUTH default"),
    "redis migrate": ("MIGRATE h 6379 k 0 5000 AUTH2 ann {}", "AUTH2 ann"),
    "smtp": ("AUTH PLAIN {}", "AUTH PLAIN"),
    "imap": ("a1 LOGIN ann {}", "a1 LOGIN ann"),
    "oracle": ("jdbc:oracle:thin:scott/{}@//h:1521/x", "scott/"),
    "parsed url": ("ParseResult(scheme='amqp', netloc='app:{}@mq', path='/')", "scheme='amqp'"),
    "reset link": ("https://shop.example/reset-password/{}/", "/reset-password/"),
}
#: What has the form of a name and a value, and says nothing secret.
HARMLESS = [
    "SELECT 1 FROM t WHERE session_key IN (%s, %s)",
    "UPDATE t SET secret = DEFAULT",
    "secret: [REDACTED]",
    "client(api_key=settings.API_KEY, password=password)",
    "authenticate(request, username=u, password=p)",
    "{'password': ['This field is required.']}",
    "{'token': [ErrorDetail(string='This field may not be blank.', code='blank')]}",
    "Authorization: Bearer <token>",
    "<Token: Token object (3)>",
    "next token: COMMA",
    "Unexpected token '<', ... is not valid JSON",
    "pass=12 fail=3",
    "eos_token=end pad_token=pad n_tokens=4096",
    "task app.refresh_tokens[f76aaf18-7324-4d70-a5ee-367813b8577d] received",
    "token rotation took 12ms2",
    "your PIN was changed 3 times",
    "AUTH failed for 2 users",
    "a1 SELECT 3 LOGIN",
    "-p 8080:80 docker login",
    "slice[::2] and a::b and ff::ee",
    "linux 5.15.0.91",
    "/confirm/maple-harbor-quartz-copper/",
    "68656c6c6f20776f726c642c2068656c6c6f21",
]


@pytest.mark.parametrize("form", FORMS)
def test_the_secret_goes_and_the_rest_stays(form: str) -> None:
    text, rest = FORMS[form]
    left = SCRUBBER.scrub(
        {"message": text.replace("{}", SECRET).replace("{{", "{").replace("}}", "}")}
    )
    assert SECRET not in left["message"]
    assert FILTERED in left["message"]
    assert rest in left["message"]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_says_nothing_secret_stays(text: str) -> None:
    assert SCRUBBER.scrub({"message": text}) == {"message": text}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("PIN {} was sent", "PIN [Filtered] was sent"),
        ("Your one-time code is {}.", "Your one-time code is [Filtered]."),
        ("{} is your login code", "[Filtered] is your login code"),
    ],
)
def test_a_code_of_digits_goes_after_its_name(text: str, left: str) -> None:
    assert SCRUBBER.scrub({"message": text.format("4831")}) == {
        "message": left,
    }


@pytest.mark.parametrize(
    "line",
    [
        "r = requests.get(url, auth=('ann', '{}'))",
        "os.environ.setdefault('API_SECRET', '{}')",
        "parser.add_argument('--password', default='{}')",
        '<a href="/x?token={}&page=2">y</a>',
    ],
)
def test_a_line_of_source_loses_its_literals(line: str) -> None:
    frame = {"context_line": line.replace("{}", SECRET), "function": "f"}
    left = SCRUBBER.scrub({"exception": {"values": [{"stacktrace": {"frames": [frame]}}]}})
    context = left["exception"]["values"][0]["stacktrace"]["frames"][0]["context_line"]
    assert context == line.replace("{}", FILTERED)


@pytest.mark.parametrize(
    "line", ["url = base + '?token=' + token", "choices = [('TOKEN', 'Token 2')]"]
)
def test_a_line_of_source_without_literals_stays(line: str) -> None:
    frame = {"context_line": line, "function": "f"}
    event = {"exception": {"values": [{"stacktrace": {"frames": [frame]}}]}}
    assert SCRUBBER.scrub(event) == event


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
        lambda text: text.encode().hex(),
        lambda text: quote(text, safe=""),
    ],
    ids=["base64", "base64 in a URL", "hexadecimal", "percent"],
)
def test_an_encoded_text_is_looked_into(encode) -> None:
    text = encode(f'{{"user": "ann", "password": "{SECRET}"}}')
    assert text not in str(SCRUBBER.scrub({"message": f"got {text} from the queue"}))


def test_sixteen_characters_in_hexadecimal_are_no_id() -> None:
    text = f"pin={secrets.randbelow(10**6):06}&a=bcd".encode().hex()
    assert len(text) == 32
    assert text not in str(SCRUBBER.scrub({"message": f"got {text} from the queue"}))


def test_what_was_found_under_a_name_goes_wherever_it_shows_up_again() -> None:
    left = SCRUBBER.scrub({"password": SECRET, "url": f"/reset/{SECRET}/", "note": "ann"})
    assert left == {"password": FILTERED, "url": f"/reset/{FILTERED}/", "note": "ann"}


@pytest.mark.parametrize(
    "encode",
    [
        lambda secret: base64.b64encode(f"ann:{secret}".encode()).decode().rstrip("="),
        lambda secret: secret.encode().hex(),
    ],
    ids=["base64", "hexadecimal"],
)
def test_an_encoded_echo_is_heard_every_time(encode) -> None:
    scrubber = Scrubber(defaults.SCRUB_FIELDS)
    event = {"note": f"got {encode(SECRET)} back", "password": SECRET}
    assert scrubber.scrub({"note": event["note"]}) == {"note": event["note"]}
    for _ in range(2):
        assert scrubber.scrub(event)["note"] == f"got {FILTERED} back"


def test_the_repr_of_a_secret_echoes_what_it_says() -> None:
    secret = f"a\"b'{SECRET}"
    left = SCRUBBER.scrub({"password": repr(secret), "note": f"bad {secret}"})
    assert left["note"] == f"bad {FILTERED}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('Digest username="ann", uri="/", response="{}"', "response"),
        ("AWS4-HMAC-SHA256 Credential=x/eu/s3, SignedHeaders=host, Signature={}", "Signature"),
    ],
)
def test_a_signature_of_a_request_goes(text: str, name: str) -> None:
    digits = secrets.token_hex(32)
    left = SCRUBBER.scrub({"note": text.replace("{}", digits)})["note"]
    assert digits not in left
    assert name in left


@pytest.mark.parametrize("key", ["Passwordnew", "tokenhash", "Cardcvc", "mnemonic_phrase"])
def test_what_says_nothing_may_end_a_compound(key: str) -> None:
    assert SCRUBBER.scrub({key: SECRET}) == {key: FILTERED}


def test_in_a_container_its_names_say_what_may_be_echoed() -> None:
    event = {
        "session": {"cart": "cart-12345", "csrf_token": SECRET},
        "credentials": {"live": ["Xq12-fed"]},
        "note": f"cart-12345, {SECRET}, Xq12-fed",
    }
    assert SCRUBBER.scrub(event)["note"] == f"cart-12345, {FILTERED}, {FILTERED}"


def test_what_is_random_is_echoed_whatever_its_name() -> None:
    token = "Ab1" + secrets.token_hex(10)
    assert SCRUBBER.scrub({"session": {"other": token}, "note": token})["note"] == FILTERED


def test_a_key_of_bytes_is_read() -> None:
    assert SCRUBBER.scrub({b"password": SECRET, b"author": "ann"}) == {
        b"password": FILTERED,
        b"author": "ann",
    }


def test_a_secret_is_heard_where_it_is_a_key() -> None:
    left = SCRUBBER.scrub({"password": SECRET, "seen": {SECRET: 1, "x": 2}})
    assert left["seen"] == {FILTERED: 1, "x": 2}


@pytest.mark.parametrize("template", ["login pin=%s ok", "login pin: '%s'", "new pin %d", "pin {}"])
def test_a_parameter_is_named_by_what_stands_before_its_place(template: str) -> None:
    line = template.replace("%s", "4831").replace("%d", "4831").replace("{}", "4831")
    entry = {"message": template, "params": ["4831"], "formatted": line}
    left = SCRUBBER.scrub({"logentry": entry})
    assert left == {
        "logentry": {
            "message": template,
            "params": [FILTERED],
            "formatted": line.replace("4831", FILTERED),
        }
    }
    attributes = {
        "sentry.message.template": {"value": template, "type": "string"},
        "sentry.message.parameter.0": {"value": "4831", "type": "string"},
    }
    log = SCRUBBER.scrub({"items": [{"body": line, "attributes": attributes}]})["items"][0]
    assert log["body"] == line.replace("4831", FILTERED)
    assert log["attributes"]["sentry.message.parameter.0"]["value"] == FILTERED


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
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db",
        "git clone git@git.shop.example:team/tool.git",
        "released 2.10.4.17 (build 7)",
    ],
)
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert SCRUBBER.scrub({"message": text}) == {"message": text}
