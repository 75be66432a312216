"""What looks like a secret and is none stays; what looks like none and is one goes."""

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


def scrubbed_line(line: str) -> str:
    frame = {"context_line": line, "function": "f"}
    left = SCRUBBER.scrub({"exception": {"values": [{"stacktrace": {"frames": [frame]}}]}})
    return left["exception"]["values"][0]["stacktrace"]["frames"][0]["context_line"]
