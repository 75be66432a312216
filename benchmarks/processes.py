"""A benchmark in a process of its own: what it prints, or the instructions that it takes."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def output(module: str, *arguments: str, before: tuple[str, ...] = ()) -> str:
    """What ``python -m module --worker arguments`` prints."""
    command = [*before, sys.executable, "-m", module, "--worker", *arguments]
    # As on a site, whose modules were compiled when they were installed or first used.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def instructions(module: str, *arguments: str) -> int:
    """How many instructions that takes, by valgrind."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "counts"
        valgrind = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "-q")
        output(module, *arguments, before=valgrind)
        found = re.search(r"^summary: (\d+)", out.read_text(), re.M)
        if not found:
            raise RuntimeError("valgrind counted nothing")
        return int(found[1])
