"""What an error storm costs, side by side: ``python -m benchmarks.storm [--count]``.

20,000 equal errors, captured in a process or raised by a view, with the SDK as it is and with this
project, each in a process of its own. Each figure is what one error takes beyond the budget of its
minute, above the same work without Sentry: processor time, or with ``--count`` instructions by
valgrind. The last lines are what the process's memory has grown by once the storm is over.
"""

import argparse
import gc
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import instructions, output
from benchmarks.site import OutOfStock, _reserve, serve

MODULE = "benchmarks.storm"
ERRORS = 20_000
#: The budget of a minute, which is 5 here, is used up by then.
WARM_UP = 10
#: So many are timed: the SDK would take minutes for all of them.
TIMED = {"none": 2000, "SDK": 200, "this project": 2000}
#: Under valgrind it takes a second for one: the difference of two runs with so many between them.
COUNTED = {"none": 50, "SDK": 10, "this project": 50}

#: The variants of the site, by the names that they have here.
VARIANTS = {
    "none": "none",
    "SDK": "SDK, errors only",
    "this project": "this project, storm",
}
PLACES = ("process", "log", "view")


class Goal(NamedTuple):
    """What a held-back error may cost at most, as a share of the SDK's event."""

    what: str
    place: str
    at_most: float


GOALS = (
    Goal("in a process", "process", 0.002),
    Goal("through a view", "view", 0.05),
)
#: Bytes that the memory may grow by.
GROWTH = 2 * 2**20


def storm(place: str, variant: str) -> Callable[[int], None]:
    """A function that makes the n-th error."""
    visit = serve(VARIANTS[variant])
    if variant == "this project":
        _stop_the_clock()
    if place == "view":
        return lambda number: visit("error", number)
    return _captured(variant) if place == "process" else _logged()


def _stop_the_clock() -> None:
    """Under valgrind minutes pass, and each would have a budget of its own."""
    import sentry_sdk

    before_send = sentry_sdk.get_client().options["before_send"]
    before_send._storms._events._monotonic = itertools.repeat(1.0).__next__


def _captured(variant: str) -> Callable[[int], None]:
    import sentry_sdk

    def fail(number: int) -> None:
        try:
            _reserve([{"article": f"book-{n}", "price": n * 1.25} for n in range(20)], depth=5)
        except OutOfStock as error:
            if variant != "none":
                sentry_sdk.capture_exception(error)

    return fail


def _logged() -> Callable[[int], None]:
    import logging

    logger = logging.getLogger("benchmarks.shop")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False

    def fail(number: int) -> None:
        try:
            _reserve([{"article": f"book-{n}", "price": n * 1.25} for n in range(20)], depth=5)
        except OutOfStock:
            logger.exception("order %d cannot be filled", number)

    return fail


def timed(place: str, variant: str) -> float:
    """Microseconds of processor time for an error."""
    return min(float(output(MODULE, "time", place, variant, "0")) for _ in range(3))


def counted(place: str, variant: str) -> float:
    """Thousands of instructions for an error: the difference of two runs, by their difference."""
    output(MODULE, "run", place, variant, "1")  # once before, so that every module is compiled
    between = COUNTED[variant]
    few, many = (instructions(MODULE, "run", place, variant, str(n)) for n in (1, 1 + between))
    return (many - few) / between / 1e3


def time_errors(place: str, variant: str) -> None:
    """Print the microseconds of an error."""
    fail = storm(place, variant)
    for number in range(WARM_UP):
        fail(number)
    start = time.process_time()
    for number in range(TIMED[variant]):
        fail(number)
    sys.stdout.write(f"{(time.process_time() - start) / TIMED[variant] * 1e6}\n")


def run_errors(place: str, variant: str, number: int) -> None:
    """Make so many errors after the warm-up, for valgrind."""
    fail = storm(place, variant)
    gc.disable()  # one collection of everything would outweigh all that is counted
    for count in range(WARM_UP + number):
        fail(count)


def memory(place: str) -> None:
    """Print the bytes that a storm leaves behind."""
    fail = storm(place, "this project")
    for number in range(WARM_UP):
        fail(number)
    before = _resident()
    for number in range(ERRORS):
        fail(number)
    sys.stdout.write(f"{_resident() - before}\n")


def _resident() -> int:
    """The memory that this process has, in bytes."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


def main() -> None:
    """Print the tables, or work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", action="store_true", help="instructions, by valgrind")
    parser.add_argument("--place", choices=PLACES, help="errors in this place only")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.worker:
        places = [arguments.place] if arguments.place else list(PLACES)
        return _report(places, counted if arguments.count else timed, arguments.count)
    what, place, variant, number = arguments.worker
    if what == "memory":
        return memory(place)
    return (
        time_errors(place, variant) if what == "time" else run_errors(place, variant, int(number))
    )


def _report(places: list[str], measure: Callable[[str, str], float], is_count: bool) -> None:
    out, unit = sys.stdout, "k instructions" if is_count else "us"
    found = {}
    for place in places:
        for variant in VARIANTS:
            found[place, variant] = measure(place, variant)
            above = found[place, variant] - found[place, "none"]
            out.write(f"{place:9}{variant:14}{found[place, variant]:>11.1f}{above:>11.1f} {unit}\n")
            out.flush()
    out.write("\n")
    for goal in [goal for goal in GOALS if goal.place in places]:
        none = found[goal.place, "none"]
        share = (found[goal.place, "this project"] - none) / (found[goal.place, "SDK"] - none)
        verdict = "reached" if share <= goal.at_most else "missed"
        out.write(f"{goal.what:26}{share:>8.4f} of the SDK, at most {goal.at_most}: {verdict}\n")
    for place in places:
        grown = int(output(MODULE, "memory", place, "this project", "0"))
        verdict = "reached" if grown <= GROWTH else "missed"
        out.write(f"memory, {place:9}{grown / 2**20:>8.2f} MB after {ERRORS:,} errors: {verdict}\n")


if __name__ == "__main__":
    main()
