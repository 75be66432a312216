"""The README says what the code does: its tables are derived from it and its examples run."""

import configparser
import re
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from sentry_app import conf
from tests.support.readme import DOCUMENTS, README, updated

TEXT = README.read_text()
BLOCKS = [
    textwrap.dedent(block)
    for block in re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", TEXT)
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_tables_are_those_of_the_code(document: Path) -> None:
    text = document.read_text()
    assert updated(text) == text, "run: python -m tests.support.readme"


def test_the_lowest_sdk_is_the_same_everywhere() -> None:
    tox = configparser.ConfigParser()
    tox.read(README.with_name("tox.ini"))
    lowest = tox["lowest"]["sentry_sdk"]
    assert f"sentry-sdk>={lowest},<3" in README.with_name("setup.cfg").read_text()
    assert f"sentry-sdk {lowest.removesuffix('.0')} and later" in TEXT


def test_there_are_examples() -> None:
    assert len(BLOCKS) == 5


@pytest.mark.parametrize("block", [block for block in BLOCKS if "SENTRY = " in block])
def test_the_settings_are_valid(block: str) -> None:
    names: dict = {}
    exec(block, names)
    assert conf.load(names["SENTRY"], environ={}).problems == ()


@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0)
def test_the_functions_and_the_test_run(sentry_events, django_user_model) -> None:
    (functions,) = (block for block in BLOCKS if "def place_order" in block)
    (test,) = (block for block in BLOCKS if "def test_" in block)
    names: dict = {}
    exec(functions + test, names)
    names["test_a_failing_payment_is_reported"](sentry_events)
    sentry_events.clear()

    names["place_order"](FailingOrder(), django_user_model(pk=7))

    error, message = sentry_events.events
    assert error["tags"]["shop"] == "books"
    assert error["breadcrumbs"]["values"][-1]["message"] == "checkout"
    assert message["user"] == {"id": "7"}
    assert sentry_events.transactions[0]["transaction"] == "place_order"


class FailingOrder(SimpleNamespace):
    """An order that cannot be paid."""

    total = 12
    shop = "books"

    def pay(self) -> None:
        raise ValueError("no money")
