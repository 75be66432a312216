"""What looks like a secret and is none stays; what looks like none and is one goes."""

import json
import secrets

import pytest

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber

SECRET = "q7" + secrets.token_hex(4)
SCRUBBER = Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False)


@pytest.mark.parametrize(
    "text",
    [
        "/accounts/reset/<uidb64>/<token>/ is slow",
        "tried: ['reset/(?P<uidb64>[^/]+)/(?P<token>[^/]+)/\\Z', 'x/(?P<token>.+)']",
        'path("api/<str:token>/", views.x)',
        "usage: login <user> <password> [--force]",
        "expected <token> but got <eof>",
        "'<Token: Token object (1)>'",
        "<token>{value}</token>",
        "{'token': ['Invalid or expired token.']}",
        "{'password2': [\"The two password fields didn't match.\"]}",
        "errors['password'] = 'This field is required.'",
        "EXPIRE 'session:1' 300",
        "GET / 200 51 1234 ms",
        "HSET 'creds:7' 'shippingAddress' 'juniper'",
        "run --token --some-option-with-2-numbers-1",
        "requirepass is not set",
        "started\napi_key: undefined in settings\n",
        "SET 'user:2:has_password' 'Yes'",
        "user:1234:cart:items:ab12cd",
        "db.internal:5432:shop:ann",
        'entry { name: "author" value: "ab12" }',
        json.dumps({"автор": "ab12cd"}),
        "GET /a?image=logo%402x.png&b=icon%40home.svg",
    ],
)
def test_a_lookalike_stays(text: str) -> None:
    assert SCRUBBER.scrub({"message": text}) == {"message": text}


@pytest.mark.parametrize(
    "text",
    [
        "<login><password>{}",
        "<USERID>ann<USERPASS>{}<FI>",
        "<password><![CDATA[{}]]></password>",
        "<password>  {}\n</password>",
        "CONFIG SET requirepass {}",
        "db.internal:5432:shop:ann:{}{}",
        "*:*:*:ann:{}{}",
        'fields { key: "password" value { string_value: "{}" } }',
        'entry { name: "api_key" value: "{}" }',
        json.dumps({"n": 1, "пароль": "{}"}),
        '{"p\\u0061ssword": "{}", "n": 1}',
        "port 6379\nrequirepass {}\n",
        "twine upload -u __token__ -p {} dist/a.whl",
        '[{"html": "<param name=\\"pin\\" value=\\"{}\\">"}]',
        "'env:\\n- name: PIN\\n  value: {}\\n'",
        "{'password': 'Pa5s {} is it.'}",
    ],
)
def test_a_secret_in_few_marks_goes(text: str) -> None:
    left = SCRUBBER.scrub({"message": text.replace("{}", SECRET)})["message"]
    assert SECRET not in left
    assert FILTERED in left


@pytest.mark.parametrize("text", ["552 44 {}", "'552 44 {}'"])
def test_a_social_security_number_alone_may_have_blanks(text: str) -> None:
    left = SCRUBBER.scrub({"extra": {"line": text.replace("{}", "2924")}})["extra"]["line"]
    assert left == text.replace("552 44 {}", FILTERED)


@pytest.mark.parametrize(
    "line",
    [
        "user.set_password('{}')",
        "conn = connect('host=db password={} port=1')",
        "log.info('token={}')",
        "key = config('API_KEY', default='{}')",
        '<input type="password" value="{}">',
        '<input type="hidden" name="token" value="{}">',
        '<input value="{}" type="password">',
    ],
)
def test_a_line_of_source_loses_what_its_literals_hold(line: str) -> None:
    assert scrubbed_line(line.replace("{}", SECRET)) == line.replace("{}", FILTERED)


@pytest.mark.parametrize(
    "line",
    [
        "user.set_password(password1)",
        "path('reset/<uidb64>/<token>/', views.reset, name='reset')",
        "login(username='ann', password=password1)",
        "log.info('token=%s', token)",
        "kind = config('TOKEN_KIND', default='jwt')",
        '<input type="password" value="">',
    ],
)
def test_a_line_of_source_that_only_names_secrets_stays(line: str) -> None:
    assert scrubbed_line(line) == line


@pytest.mark.parametrize(
    "text",
    [
        "{'token': 'Invalid token'}",
        "{'token': 'token is expired'}",
        '{"password": "too short"}',
        "{'pin': 'PIN is wrong'}",
        "if (token === null) { throw new Error('no token'); }",
        "Connection String\n=================\n",
        "Unknown column 'pin' in 'field list'",
        "usage: login [--password PASSWORD] [--token TOKEN]",
        "  -p, --password TEXT  Password for the user.",
        "can be given by the --username and --password options",
        "token=<your-token>",
        "DEL session:42",
        "<%s token: %r>",
        "local token = redis.call('get', KEYS[1])",
        "password = config('PASSWORD')",
        "section 10.2.3.4 of the manual",
        "10.15.7.1 build",
        "OID 2.5.29.17 missing",
        "PATCH / 200 51 1234",
        "order 552 44 2924 shipped",
        "set auth to oauth2",
        "<Secret: blue-garden>",
        "sid=CA" + "0a" * 16,
        'integrity="sha512-' + "Zq7" * 28 + 'Zq=="',
    ],
)
def test_a_lookalike_of_another_tongue_stays(text: str) -> None:
    assert SCRUBBER.scrub({"message": text}) == {"message": text}


@pytest.mark.parametrize(
    "text",
    [
        "set password to {}",
        "changed the password to {} for ann",
        "Field 'password' expected a number but got '{}'.",
        "SELECT '{}' AS password FROM t",
        "SET session:abc '{}'",
        "openssl enc -k {} -in a",
        "INSERT INTO t (a, token) VALUES (%s, %s) - PARAMS = (1, '{}')",
        "q=WITH+PASSWORD+%3D+%27{}%27",
        "{'password': 'this {} is wrong'}",
        "{'password': 'no more {}'}",
        "<Secret: {}>",
        "sid={}",
    ],
)
def test_a_secret_in_another_tongue_goes(text: str) -> None:
    left = SCRUBBER.scrub({"message": text.replace("{}", SECRET)})["message"]
    assert SECRET not in left
    assert FILTERED in left


@pytest.mark.parametrize("break_", ["\\n", "\\t", "\\r\\n"])
@pytest.mark.parametrize(
    "value",
    ["123-45-" + "6789", "4111 1111 1111 " + "1111", "81.54.77.24", "gh" + "p_" + "a1" * 18],
)
def test_a_line_break_of_a_repr_is_no_part_of_what_follows(break_: str, value: str) -> None:
    assert value not in SCRUBBER.scrub({"extra": {"x": f"'a{break_}{value}'"}})["extra"]["x"]


@pytest.mark.parametrize("value", ["This field is required.", "'Invalid token'", "is too short"])
def test_what_is_wrong_with_a_secret_is_none(value: str) -> None:
    item = {"extra": {"errors": {"password": [value], "token": value}}}
    assert SCRUBBER.scrub(item) == item


@pytest.mark.parametrize("key", ["sid", "SID", "connect.sid", "sessid", "authorizationHeader"])
def test_a_session_may_be_called_sid(key: str) -> None:
    assert SCRUBBER.scrub({"extra": {key: SECRET}}) == {"extra": {key: FILTERED}}


@pytest.mark.parametrize("key", ["account_sid", "side", "messageSid"])
def test_the_number_of_a_resource_is_no_session(key: str) -> None:
    assert SCRUBBER.scrub({"extra": {key: SECRET}}) == {"extra": {key: SECRET}}


@pytest.mark.parametrize(
    "line",
    [
        'if token == "COLLATE":',
        '    dsn: "Optional[str]" = None,',
        '    salt="django.core.signing",',
        '        ("auth", "0001_initial"),',
        '@sensitive_variables("password1", "password2")',
        'cookie = "; ".join(parts)',
        "sid = 's%s_x%d' % (tid, number)",
        "credential = f'{policy}:{sas_key}'",
        "worker(sig='SIGTERM')",
    ],
)
def test_a_plain_word_of_source_stays(line: str) -> None:
    assert scrubbed_line(line) == line


def scrubbed_line(line: str) -> str:
    frame = {"context_line": line, "function": "f"}
    left = SCRUBBER.scrub({"exception": {"values": [{"stacktrace": {"frames": [frame]}}]}})
    return left["exception"]["values"][0]["stacktrace"]["frames"][0]["context_line"]


def test_the_password_of_a_machine_may_be_of_letters() -> None:
    text = "machine shop.example login ann password {}"
    assert SCRUBBER.scrub({"message": text.format("HorseBattery")}) == {
        "message": text.format(FILTERED)
    }


def test_a_password_of_a_program_may_look_like_an_id() -> None:
    secret = secrets.token_hex(16)
    text = "ldapsearch -w {} -x"
    assert SCRUBBER.scrub({"message": text.format(secret)})["message"] == text.format(FILTERED)


@pytest.mark.parametrize("key", ["user.has_password", "user:7:use_session", "require.password"])
def test_a_flag_may_belong_to_something(key: str) -> None:
    assert SCRUBBER.scrub({"extra": {key: "Yes9"}}) == {"extra": {key: "Yes9"}}


@pytest.mark.parametrize("key", ["user:7:password", "shop.db_password", "user:7:pin:1"])
def test_what_belongs_to_something_may_be_a_secret(key: str) -> None:
    assert SCRUBBER.scrub({"extra": {key: "Yes9"}}) == {"extra": {key: FILTERED}}


def test_a_message_may_quote_the_secret() -> None:
    text = "{'pin': [\"Invalid value: '%s'\"]}"
    assert (
        "HorseBATTery" not in SCRUBBER.scrub({"message": text % "aHorseBATTeryStaple"})["message"]
    )
    message = {"message": text % "HorseBatteryStaple"}
    assert SCRUBBER.scrub(message) == message


def test_a_path_is_no_name() -> None:
    event = {"extra": {"celery-job": {"args": ["/api/v1/tokens/174/", 2]}}}
    assert SCRUBBER.scrub(event) == event
