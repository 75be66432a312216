"""The one place that prints."""

import os
import re
import shutil
import sys
from collections.abc import Iterable
from io import TextIOWrapper

_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_COLUMNS = re.compile(r"SELECT \S+, .*? FROM")


class Terminal:
    """Prints lines; in colour on a terminal, unless NO_COLOR is set."""

    def __init__(self) -> None:
        # Not every terminal can show the lines of the trees.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        self.is_coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        # Some terminals say that they have no columns.
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
        self.width = max(80, min(columns, 140))

    def paint(self, colour: str, text: str) -> str:
        """``text`` in a colour, or as it is."""
        return f"\033[{_COLOURS[colour]}m{text}\033[0m" if self.is_coloured and text else text

    def say(self, line: str = "") -> None:
        """Print a line at once."""
        print(line, flush=True)

    def show(self, lines: Iterable[str]) -> None:
        """Print some lines."""
        for line in lines:
            self.say(line)

    def heading(self, text: str) -> None:
        """Print a heading, after an empty line."""
        self.show(["", self.paint("bold", text), self.paint("bold", "=" * len(text))])


def shortened(text: str, width: int) -> str:
    """``text`` on one line of at most ``width`` characters, and queries without their columns."""
    text = _COLUMNS.sub("SELECT … FROM", text.replace("\n", " "))
    return text if len(text) <= width else text[: width - 1] + "…"


def has_user() -> bool:
    """Whether a person sits there: input and output are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
