"""What monitoring costs the start of a site: ``python -m benchmarks.startup [--count]``.

Each figure is what ``django.setup()`` and the WSGI application take in a new process, above the
same site without Sentry: processor time, the least of several runs in turn, or with ``--count``
instructions by valgrind. "init" leaves out what importing ``sentry_sdk`` alone takes, which no
plug-in can change.
"""

import argparse
import sys
import time
from typing import NamedTuple

from benchmarks.processes import instructions, output

RUNS = 15
VARIANTS = ("none", "import sentry_sdk", "SDK", "this project", "this project, no DSN")

Case = tuple[str, str]


class Goal(NamedTuple):
    """A start that is compared with the SDK's own, and the ratio that is to be reached."""

    label: str
    variant: str
    packages: str
    at_most: float


GOALS = (
    Goal("without Celery and Redis", "this project", "without", 0.35),
    Goal("with Celery and Redis", "this project", "with", 0.80),
    Goal("without a DSN", "this project, no DSN", "with", 0.02),
)


def worker(variant: str, packages: str) -> None:
    """Start the site and print the seconds of processor time."""
    if packages == "without":
        # An import of them fails, as if they were not installed.
        for package in ("celery", "kombu", "redis"):
            sys.modules[package] = None  # type: ignore[assignment]
    before = time.process_time()
    from benchmarks import start_site

    start_site.start(variant)
    sys.stdout.write(f"{time.process_time() - before}\n")


def timed(cases: list[Case]) -> dict[Case, float]:
    """Milliseconds of processor time."""
    least = dict.fromkeys(cases, float("inf"))
    for _ in range(RUNS):
        for case in cases:
            least[case] = min(least[case], float(output("benchmarks.startup", *case)) * 1e3)
    return least


def counted(cases: list[Case]) -> dict[Case, float]:
    """Millions of instructions; once before, so that every module is compiled."""
    for case in cases:
        output("benchmarks.startup", *case)
    return {case: instructions("benchmarks.startup", *case) / 1e6 for case in cases}


def main() -> None:
    """Print the table, or work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", action="store_true", help="instructions, by valgrind")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return worker(*arguments.worker)
    cases = [(variant, packages) for packages in ("without", "with") for variant in VARIANTS]
    found = counted(cases) if arguments.count else timed(cases)
    return _print(found, "M instructions" if arguments.count else "ms")


def _print(found: dict[Case, float], unit: str) -> None:
    out = sys.stdout.write
    for (variant, packages), figure in found.items():
        above = figure - found["none", packages]
        out(f"{packages:8}{variant:24}{figure:>9.1f}{above:>9.1f} {unit}\n")
    for goal in GOALS:
        _judge(found, goal, "none", goal.label)
        if goal.variant == "this project":
            _judge(found, goal, "import sentry_sdk", f"{goal.label}, init")


def _judge(found: dict[Case, float], goal: Goal, base: str, label: str) -> None:
    before, ours, theirs = (found[who, goal.packages] for who in (base, goal.variant, "SDK"))
    ratio = (ours - before) / (theirs - before)
    verdict = "reached" if ratio <= goal.at_most else "missed"
    sys.stdout.write(f"{label:32}{ratio:>6.2f} of the SDK, at most {goal.at_most:.2f}: {verdict}\n")


if __name__ == "__main__":
    main()
