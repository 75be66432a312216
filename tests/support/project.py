"""A Django project in a directory of its own, for what only a new process can show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from tests.support.processes import clean_environment

ROOT = Path(__file__).parents[2]
SETTINGS = "from tests.settings import *\n"


class Project:
    """Modules in ``directory``; ``settings.py`` starts with the settings of the tests."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write("settings.py", "")

    def write(self, name: str, code: str) -> None:
        """Write the module or package file ``name``."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        prefix = SETTINGS if name == "settings.py" else ""
        path.write_text(prefix + dedent(code))

    def run(self, code: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run ``code`` in a new process, in this directory; its output and exit code."""
        environment = clean_environment(
            DJANGO_SETTINGS_MODULE="settings", PYTHONPATH=str(ROOT), **env
        )
        return subprocess.run(
            [sys.executable, "-c", dedent(code)],
            cwd=self.directory,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
