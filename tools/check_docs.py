"""Render every document of a directory; a warning is an error: ``check_docs.py docs OUTPUT``."""

import subprocess
import sys
from pathlib import Path


def main(source: str, output: str) -> int:
    """The worst exit code of docutils."""
    codes = [0]
    for document in sorted(Path(source).glob("*.rst")):
        target = Path(output) / f"{document.stem}.html"
        command = [sys.executable, "-m", "docutils", "--halt=warning", str(document), str(target)]
        codes.append(subprocess.run(command, check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
