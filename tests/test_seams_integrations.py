"""sentry_app.seams.integrations: only what can be enabled is imported, and nothing else is lost."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any
from zipfile import ZipFile

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


def test_a_package_is_found_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "huey.py").write_text("")
    path = "sentry_sdk.integrations.huey.HueyIntegration"
    integrations.skip_missing()
    assert path not in integrations._paths
    monkeypatch.syspath_prepend(tmp_path)
    integrations.skip_missing()
    assert path in integrations._paths


def test_an_archive_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ZipFile(tmp_path / "packages.zip", "w") as archive:
        archive.writestr("huey.py", "")
    monkeypatch.syspath_prepend(tmp_path / "packages.zip")
    assert integrations._names() is None
    integrations.skip_missing()
    assert "sentry_sdk.integrations.huey.HueyIntegration" in integrations._paths


def test_what_else_finds_modules_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
            return ModuleSpec(name, None) if name == "huey" else None

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    integrations.skip_missing()
    assert "sentry_sdk.integrations.huey.HueyIntegration" in integrations._paths


def test_what_only_an_event_needs_is_imported_with_the_first(tmp_path: Path) -> None:
    ran = Project(tmp_path).run(
        """
        import sys, django
        django.setup()
        import sentry_sdk
        LATE = {"showing.walk", "seams.shown", "transports.fitting", "scrubbing.scrubber"}
        def imported():
            return sorted(name for name in LATE if f"sentry_app.{name}" in sys.modules)
        print(imported())
        try:
            1 / 0
        except ZeroDivisionError:
            sentry_sdk.capture_exception()
        print(len(imported()))
        """,
        SENTRY_TRANSPORT="locmem",
    )
    assert ran.stdout == "[]\n4\n", ran.stderr
