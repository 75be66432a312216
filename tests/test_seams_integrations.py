"""sentry_app.seams.integrations: only what can be enabled is imported, and nothing else is lost."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from sentry_sdk import integrations as sdk_integrations
from sentry_sdk.integrations import DidNotEnable

from sentry_app.seams import integrations
from tests.support.project import Project

NAMES = [path.split(".")[2] for path in integrations._all]


def test_the_sdk_has_the_list_that_is_used() -> None:
    assert "sentry_sdk.integrations.django.DjangoIntegration" in integrations._all
    assert sdk_integrations._AUTO_ENABLING_INTEGRATIONS is integrations._paths


@pytest.mark.parametrize("path", integrations._all)
def test_what_is_left_out_could_not_be_enabled(path: str) -> None:
    integrations.skip_missing()
    if path not in integrations._paths:
        with pytest.raises(ImportError):
            import_module(integrations._PACKAGES[path.split(".")[2]])


@pytest.mark.parametrize("path", integrations._all)
def test_what_needs_no_package_is_not_left_out(path: str) -> None:
    integrations.skip_missing()
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name, None)
    except (DidNotEnable, SyntaxError):
        found = None
    # Redis is missed only when the SDK starts.
    assert found is None or path in integrations._paths or name == "RedisIntegration"


def test_what_is_not_known_is_left_to_the_sdk() -> None:
    assert integrations._may_be_installed("sentry_sdk.integrations.new_thing.NewIntegration")


def test_nothing_of_a_package_that_is_missing_is_imported(tmp_path: Path) -> None:
    ran = Project(tmp_path).run(
        """
        import sys, django
        django.setup()
        import sentry_sdk
        names = {name.split(".")[2] for name in sys.modules if name.startswith("sentry_sdk.integ")
                 and name.count(".") > 1}
        print(sorted({"langchain", "pyramid", "sanic", "django"} & names))
        """,
        SENTRY_TRANSPORT="locmem",
    )
    assert ran.stdout == "['django']\n", ran.stderr
