"""What monitoring costs a request, side by side: ``python -m benchmarks.requests [--count]``.

Each figure is the overhead above the same request without Sentry, and in the second table the
ratio that is to be reached. Every variant runs in processes of its own: processor time, the least
of several rounds; with ``--count`` the number of instructions, by valgrind, which repeats within
half a percent where times do not.
"""

import argparse
import sys
import time
from typing import NamedTuple

from benchmarks.processes import instructions, output
from benchmarks.site import PAGES, VARIANTS, serve

MODULE = "benchmarks.requests"
#: Requests before it counts: what is imported and compiled when it is first needed.
WARM_UP = 30
ROUNDS, REQUESTS = 15, 100
#: Under valgrind, a request costs a second: one run with so many more than the other.
COUNTED = 20


class Goal(NamedTuple):
    """A ratio of two overheads on a page, and what it should be at most."""

    what: str
    page: str
    ours: str
    theirs: str
    at_most: float


GOALS = (
    Goal("at 10 %, the page", "page", "this project", "SDK, 0.1", 0.90),
    Goal("at 10 %, the small view", "json", "this project", "SDK, 0.1", 0.75),
    Goal(
        "a dropped transaction",
        "page",
        "this project, all dropped",
        "SDK, before_send drops all",
        0.27,
    ),
    Goal("an ignored URL", "health", "this project", "SDK, traces_sampler", 0.55),
    Goal("an ignored error", "error", "this project, ignored", "SDK, ignore_errors", 0.10),
)
#: What the first table shows beside the goals.
ALSO = (
    ("page", "SDK, errors only"),
    ("page", "SDK, 1.0"),
    ("page", "SDK, before_send drops 9 of 10"),
    ("page", "this project, errors only"),
    ("json", "SDK, errors only"),
    ("json", "SDK, 1.0"),
    ("error", "SDK, errors only"),
    ("error", "this project, errors only"),
)

Case = tuple[str, str]


def cases() -> list[Case]:
    """The pages and variants that are needed, with each page without Sentry."""
    wanted = {(goal.page, who) for goal in GOALS for who in (goal.ours, goal.theirs)} | set(ALSO)
    wanted |= {(page, "none") for page, _ in wanted}
    order = list(PAGES), VARIANTS
    return sorted(wanted, key=lambda case: (order[0].index(case[0]), order[1].index(case[1])))


def timed(page: str, variant: str) -> float:
    """Microseconds of processor time for a request."""
    return float(output(MODULE, page, variant, str(ROUNDS)))


def counted(page: str, variant: str) -> float:
    """Millions of instructions for a request: the difference of two runs, by their difference.

    Once before without valgrind, so that every module is compiled.
    """
    output(MODULE, page, variant, "-1")
    few, many = (instructions(MODULE, page, variant, f"-{n + 1}") for n in (0, COUNTED))
    return (many - few) / COUNTED / 1e6


def worker(page: str, variant: str, rounds: int) -> None:
    """Visit the page and print the microseconds; with 0 rounds only what comes before."""
    visit = serve(variant)
    for number in range(WARM_UP):
        visit(page, number)
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for number in range(REQUESTS):
            visit(page, number)
        best = min(best, time.process_time() - start)
    sys.stdout.write(f"{best / REQUESTS * 1e6}\n")


def visits(page: str, variant: str, number: int) -> None:
    """Visit the page so often, after the warm-up, for valgrind."""
    visit = serve(variant)
    for count in range(WARM_UP + number):
        visit(page, count)


def main() -> None:
    """Print the tables, or work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", action="store_true", help="instructions, by valgrind")
    parser.add_argument("--page", choices=PAGES, help="this page only")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        page, variant, number = arguments.worker
        rounds = int(number)
        return visits(page, variant, -rounds - 1) if rounds < 0 else worker(page, variant, rounds)
    return _report(counted if arguments.count else timed, arguments.page, arguments.count)


def _report(measure: object, only: str | None, is_count: bool) -> None:
    assert callable(measure)
    out, unit = sys.stdout, "M instructions" if is_count else "us"
    found: dict[Case, float] = {}
    for case in cases():
        if only in (None, case[0]):
            found[case] = measure(*case)
            above = found[case] - found[case[0], "none"]
            out.write(f"{case[0]:8}{case[1]:34}{found[case]:>10.2f}{above:>10.2f} {unit}\n")
            out.flush()
    out.write("\n")
    for goal in GOALS:
        if only in (None, goal.page):
            none = found[goal.page, "none"]
            ratio = (found[goal.page, goal.ours] - none) / (found[goal.page, goal.theirs] - none)
            verdict = "reached" if ratio <= goal.at_most else "missed"
            out.write(f"{goal.what:28}{ratio:>8.2f} of {goal.theirs}, at most {goal.at_most:.2f}")
            out.write(f": {verdict}\n")


if __name__ == "__main__":
    main()
