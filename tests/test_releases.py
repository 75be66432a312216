"""sentry_app.releases: which version runs, and which source said so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from sentry_app import conf, releases

PACKAGE = "pytest-django"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project of its own, without git."""
    monkeypatch.setattr(releases, "get_default_release", lambda: None)
    with override_settings(BASE_DIR=tmp_path):
        yield


def release(given: dict[str, Any] | None = None, **environ: str) -> tuple[str, str]:
    found, source = releases.release(conf.load(given or {}, environ), environ)
    return found, str(source)


def test_nothing_says_it() -> None:
    assert release() == ("unknown", "default")


@pytest.mark.parametrize("variable", releases.PLATFORM_VARIABLES)
def test_the_variable_of_a_platform(variable: str) -> None:
    assert release(**{variable: "c0ffee"}) == ("c0ffee", f"detected ${variable}")


def test_the_image_of_fly_is_its_last_part() -> None:
    found, _ = release(FLY_IMAGE_REF="registry.fly.io/shop:deployment-01HX")
    assert found == "shop:deployment-01HX"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"version": "1.2", "commit": "c0ffee"}', "1.2"),
        ('{"version": "", "commit": "c0ffee"}', "c0ffee"),
        ('{"build": "7"}', "unknown"),
        ("[]", "unknown"),
        ("{", "unknown"),
    ],
)
def test_the_version_object_beside_the_code(content: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text(content)
    assert release()[0] == expected


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "RELEASE").write_text("\n  shop@1.2\nbuilt at night\n")
    assert release({"RELEASE_FILE": "RELEASE"}) == ("shop@1.2", "detected RELEASE_FILE RELEASE")
    assert release({"RELEASE_FILE": str(tmp_path / "RELEASE")})[0] == "shop@1.2"


def test_a_package() -> None:
    found, source = release({"RELEASE_PACKAGE": PACKAGE})
    assert found.startswith(f"{PACKAGE}@4.")
    assert source == f"detected RELEASE_PACKAGE {PACKAGE}"


def test_the_first_that_there_is_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "version.json").write_text('{"version": "object"}')
    (tmp_path / "RELEASE").write_text("file")
    monkeypatch.setattr(releases, "get_default_release", lambda: "git")
    given: dict[str, Any] = {
        "RELEASE": "said",
        "RELEASE_FILE": "RELEASE",
        "RELEASE_PACKAGE": PACKAGE,
    }
    environ = {"RENDER_GIT_COMMIT": "platform", "CI_COMMIT_SHA": "build"}
    won = [release(given, **environ)[0]]
    for key in list(given):
        del given[key]
        won.append(release(given, **environ)[0].partition("@")[0])
    for variable in list(environ):
        del environ[variable]
        won.append(release(given, **environ)[0])
    (tmp_path / "version.json").unlink()
    won.append(release()[0])
    assert won == ["said", "file", PACKAGE, "platform", "build", "object", "git"]


def test_what_sentry_refuses_is_passed_over() -> None:
    assert release(SOURCE_VERSION="latest", RENDER_GIT_COMMIT="c0ffee")[0] == "c0ffee"


def test_without_base_dir_the_working_directory_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "version.json").write_text('{"version": "1.2"}')
    monkeypatch.chdir(tmp_path)
    with override_settings():
        from django.conf import settings

        del settings.BASE_DIR
        assert release()[0] == "1.2"
