"""The pages in docs/ name what there is."""

import re
from pathlib import Path

import pytest

from sentry_app.conf import SETTINGS

DOCS = sorted((Path(__file__).parents[1] / "docs").glob("*.rst"))

#: In capitals, but no settings.
OTHERS = {
    "AWS_SECRET_ACCESS_KEY",
    "BASE_DIR",
    "GIT_SHA",
    "INSERT",
    "INSTALLED_APPS",
    "MEDIA_ROOT",
    "MIDDLEWARE",
    "SECRET_KEY",
    "SIGKILL",
    "STATIC_ROOT",
}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_the_settings_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"``(?:SENTRY_)?([A-Z][A-Z_]{3,})``", text)) - OTHERS
    assert {name for name in named if name not in SETTINGS and name != "SENTRY"} == set()


def test_the_table_names_every_toggle_of_spans() -> None:
    [page] = [page for page in DOCS if page.name == "what-you-will-see.rst"]
    toggles = {name for name in SETTINGS if name.endswith("_SPANS")}
    assert toggles
    assert {name for name in toggles if f"``{name}``" not in page.read_text()} == set()
