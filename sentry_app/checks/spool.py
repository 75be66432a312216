"""Can the spool be used, and by nobody else?"""

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR

from django.conf import settings

from sentry_app import check_ids
from sentry_app.conf import Config
from sentry_app.setting import Problem


def spool(config: Config) -> Iterator[Problem]:
    """SPOOL_DIR is a directory that we can write to, nobody else can read, and that is used."""
    if config.SPOOL_DIR is None:
        return
    found = (_unusable(config), _served(config), _open_to_others(config), _unused(config))
    yield from (problem for problem in found if problem is not None)


def _unusable(config: Config) -> Problem | None:
    from sentry_app import spooling  # and with it the SDK

    directory = spooling.directory(config)
    existing = _existing(directory.path if directory else Path(str(config.SPOOL_DIR)))
    is_directory = os.path.isdir(existing)  # noqa: PTH112 (it never raises)
    if is_directory and os.access(existing, os.W_OK | os.X_OK):
        return None
    why = "cannot be written to" if is_directory else "is no directory"
    return Problem(
        check_ids.SPOOL_UNUSABLE,
        "SPOOL_DIR",
        f"{_said(config)}, but {str(existing)!r} {why}: envelopes wait in memory only.",
        "Create the directory, and let the user own it that the site runs as.",
    )


def _served(config: Config) -> Problem | None:
    spool_dir = _absolute(config.SPOOL_DIR)
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        root = getattr(settings, name, None)
        if root and spool_dir.is_relative_to(_absolute(root)):
            return Problem(
                check_ids.SPOOL_EXPOSED,
                "SPOOL_DIR",
                f"{_said(config)}, which is inside {name}: visitors could download what waits.",
                "Use a directory that no web server serves.",
            )
    return None


def _open_to_others(config: Config) -> Problem | None:
    try:
        mode = Path(str(config.SPOOL_DIR)).stat().st_mode
    except OSError:
        return None
    if os.name == "nt" or not S_ISDIR(mode) or not mode & 0o077:
        return None
    return Problem(
        check_ids.SPOOL_EXPOSED,
        "SPOOL_DIR",
        f"{_said(config)}, which other users of this machine can look into.",
        f"chmod 700 {config.SPOOL_DIR}",
    )


def _unused(config: Config) -> Problem | None:
    if config.TRANSPORT == "http":
        return None
    return Problem(
        check_ids.SPOOL_UNUSED,
        "SPOOL_DIR",
        f"{_said(config)}, but has no effect: TRANSPORT is {config.TRANSPORT!r} "
        f"({config.sources['TRANSPORT']}).",
        "Remove one of the two.",
    )


def _said(config: Config) -> str:
    return f"{config.sources['SPOOL_DIR']} is {config.SPOOL_DIR!r}"


def _existing(path: Path) -> Path:
    """``path``, or the nearest directory above it that exists."""
    return next(each for each in (path, *path.absolute().parents) if os.path.lexists(each))


def _absolute(path: object) -> Path:
    return Path(os.path.abspath(str(path)))  # noqa: PTH100 (resolve() would follow links)
