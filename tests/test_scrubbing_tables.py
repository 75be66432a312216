"""Secrets in tables: what stands below a secret name goes."""

import secrets

import pytest

from sentry_app import defaults
from sentry_app.scrubbing import FILTERED, Scrubber

SECRET = "Zq7" + secrets.token_hex(9)
SCRUBBER = Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False)


@pytest.mark.parametrize(
    "text",
    [
        "name,password\nann,{}\nbob,{}\n",
        "'id;api_key;note\\n1;{};x\\n2;{};y'",
        '"user"\t"pin"\r\n"ann"\t"{}"\r\n',
        " id | token | n \n----+-------+---\n 1 | {} | 3\n(1 row)",
        "+----+-------+\n| id | token |\n+----+-------+\n| 1 | {} |\n+----+-------+\n",
        "export failed:\nuser,secret\nann,{}\nat line 2: a,B2",
    ],
)
def test_a_value_below_its_name_goes(text: str) -> None:
    left = SCRUBBER.scrub({"message": text.replace("{}", SECRET)})["message"]
    assert left == text.replace("{}", FILTERED)


@pytest.mark.parametrize(
    "text",
    [
        "author,pinned,token_count\nann,Z1,4711\n",
        "password,token\nname,secret\n",
        "missing: password,token\nfield,Value1\n",
        "token,count\nThe,12\nBearer,3\n",
        "name,password\nann,\nThat was all, Ann2.\n",
    ],
)
def test_other_lines_stay(text: str) -> None:
    assert SCRUBBER.scrub({"message": text}) == {"message": text}
