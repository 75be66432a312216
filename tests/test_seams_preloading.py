"""sentry_app.seams.preloading: what the SDK has to be, and what if not."""

from __future__ import annotations

from importlib import import_module

import pytest
from sentry_sdk import utils

from sentry_app.seams import preloading


def test_the_sdk_keeps_the_list_of_what_is_installed() -> None:
    found = utils._get_installed_modules()
    assert found["django"]
    assert utils._get_installed_modules() is found


@pytest.mark.parametrize("name", preloading._OWN)
def test_what_is_imported_is_there(name: str) -> None:
    assert import_module(f"sentry_app.{name}")


def test_without_that_list_the_rest_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    monkeypatch.delattr(utils, "_get_installed_modules")
    monkeypatch.setattr(preloading, "import_module", imported.append)
    preloading.preload.__wrapped__()
    assert {"sentry_app.scrubbing", "encodings.idna"} <= set(imported)
