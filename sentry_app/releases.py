"""Which version of the project runs, where RELEASE does not say it."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.conf import settings
from sentry_sdk.utils import get_default_release

from sentry_app.conf import SETTINGS, Config
from sentry_app.setting import Source

#: What the usual platforms say about the commit or revision that they have deployed; then what
#: builds say, for where the same variables reach the site.
PLATFORM_VARIABLES = (
    "HEROKU_BUILD_COMMIT",
    "HEROKU_SLUG_COMMIT",
    "SOURCE_VERSION",  # Heroku's and Scalingo's builds
    "RENDER_GIT_COMMIT",
    "RAILWAY_GIT_COMMIT_SHA",
    "VERCEL_GIT_COMMIT_SHA",
    "KOYEB_GIT_SHA",
    "CC_COMMIT_ID",  # Clever Cloud
    "PLATFORM_TREE_ID",  # Upsun
    "FLY_IMAGE_REF",
    "K_REVISION",  # Cloud Run
    "GAE_VERSION",  # App Engine
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",  # GitLab
    "BITBUCKET_COMMIT",
    "CIRCLE_SHA1",
    "BUILD_SOURCEVERSION",  # Azure Pipelines
)

#: The version object of Dockerflow, as it lies beside the code
#: (https://github.com/mozilla-services/Dockerflow/blob/main/docs/version_object.md).
VERSION_FILE = "version.json"


def release(config: Config, environ: Mapping[str, str] | None = None) -> tuple[str, Source]:
    """The release that events carry, and where it came from.

    The first that there is, and that Sentry accepts: RELEASE, RELEASE_FILE, RELEASE_PACKAGE, a
    platform's variable, version.json, what the SDK finds (git), and at last "unknown".
    """
    if config.RELEASE is not None:
        return config.RELEASE, config.sources.get("RELEASE", Source("default"))
    for found, source in candidates(config, os.environ if environ is None else environ):
        try:
            return SETTINGS["RELEASE"].kind.convert(found), source
        except ValueError:
            continue
    return "unknown", Source("default")


def candidates(config: Config, environ: Mapping[str, str]) -> Iterator[tuple[str | None, Source]]:
    """What may be the release, the strongest first."""
    if config.RELEASE_FILE:
        yield from_file(config.RELEASE_FILE), _detected(f"RELEASE_FILE {config.RELEASE_FILE}")
    if config.RELEASE_PACKAGE:
        found = from_package(config.RELEASE_PACKAGE)
        yield found, _detected(f"RELEASE_PACKAGE {config.RELEASE_PACKAGE}")
    for variable in PLATFORM_VARIABLES:
        # Fly's is the address of an image: what counts stands at its end.
        yield environ.get(variable, "").rpartition("/")[2], _detected(f"${variable}")
    yield from_file(VERSION_FILE), _detected(VERSION_FILE)
    yield get_default_release(), _detected("by the SDK")


def from_file(name: str) -> str | None:
    """The first line of a file, or what its version object says, or None.

    A relative ``name`` counts from BASE_DIR, or without that from the working directory.
    """
    try:
        text = Path(str(getattr(settings, "BASE_DIR", "")), name).read_text(encoding="utf-8")
        return _from_json(text) if name.endswith(".json") else text.strip().partition("\n")[0]
    except Exception:  # no such file, or no such content
        return None


def from_package(name: str) -> str | None:
    """The version of an installed package, as Sentry wants it (``shop@1.2``), or None."""
    try:
        return f"{name}@{version(name)}"
    except (PackageNotFoundError, ValueError):
        return None


def _from_json(text: str) -> str | None:
    document: Mapping[str, Any] = json.loads(text)
    found = document.get("version") or document.get("commit")
    return found if isinstance(found, str) else None


def _detected(where: str) -> Source:
    return Source("detected", where)


#: The settings from which a release can be read, and how.
READERS: Mapping[str, Callable[[str], str | None]] = {
    "RELEASE_FILE": from_file,
    "RELEASE_PACKAGE": from_package,
}
