"""A real browser without a window: the page as it is after its scripts have run."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import tempfile

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",  # which does not work for root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # Nothing but this machine is to be reached.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    # Milliseconds of the page's own clock; loading counts, waiting is skipped.
    "--virtual-time-budget=10000",
]


def program() -> str:
    """The browser; skips the test where none is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on PATH (Debian's package is called chromium)")
    return found


def page(url: str) -> str:
    """The document at ``url`` after its scripts have run, as HTML."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program(), *FLAGS, f"--user-data-dir={profile}", "--dump-dom", url]
        ran = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def attributes(document: str, element: str) -> dict[str, str]:
    """The attributes of the first such element; empty if there is none."""
    found = re.search(rf"<{element}\b([^>]*)>", document)
    pairs = re.findall(r'([\w-]+)="([^"]*)"', found[1]) if found else []
    return {name: html.unescape(value) for name, value in pairs}
