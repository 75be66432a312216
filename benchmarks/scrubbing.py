"""What scrubbing costs, side by side: ``python -m benchmarks.scrubbing``.

Each figure is a multiple of one ``json.dumps`` of the same item: processor time of the thread, the
least of many runs. "new" are items with other values than any before, as a site sends them; "same"
is one item again and again; "first" the very first item of a process. Fillmore is compared if it
is installed.
"""

import copy
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from sentry_sdk.scrubber import EventScrubber

from benchmarks.items import MAKERS, variants
from sentry_app import defaults
from sentry_app.scrubbing import Scrubber

Scrub = Callable[[Any], Any]
ROUNDS = 15


def gate() -> Scrub:
    """The gate's scrubber, with every rule on."""
    secrets = ["k7#" + "Qz8vLw2Xp0" * 3, "db-" + "9fK3mPq7Ws1", "cache" + "-Zx4Vb6Nm8"]
    return Scrubber(defaults.SCRUB_FIELDS, ip_addresses=True, pii=False, secrets=secrets).scrub


def sdk() -> Scrub:
    return EventScrubber(recursive=True, send_default_pii=False).scrub_event


def fillmore() -> Scrub:
    from fillmore.scrubber import SCRUB_RULES_DEFAULT, Rule
    from fillmore.scrubber import Scrubber as Fillmore

    rule = Rule(
        path="exception.values.[].stacktrace.frames.[].vars",
        keys=["password", "token", "secret", "api_key"],
        scrub="scrub",
    )
    scrub = Fillmore(rules=[*SCRUB_RULES_DEFAULT, rule])
    return lambda event: scrub(event, {})


def least(call: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Seconds of processor time, the least of ``rounds``."""
    best = float("inf")
    for _ in range(rounds):
        start = time.thread_time()
        call()
        best = min(best, time.thread_time() - start)
    return best


def over(items: list[Any], scrub: Scrub) -> float:
    """The mean over ``items``, each copied before, because some scrubbers change what they get."""
    total = 0.0
    for item in items:
        mine = copy.deepcopy(item)
        start = time.thread_time()
        scrub(mine)
        total += time.thread_time() - start
    return total / len(items)


def cost(make: Callable[[], Scrub], items: list[Any]) -> dict[str, float]:
    """Seconds for the first item, for new ones, and for the same again."""
    half = len(items) // 2
    first = min(over(items[:1], make()) for _ in range(5))
    new = min(_warm(make(), items[:half], items[half:]) for _ in range(5))
    scrub = make()
    scrub(copy.deepcopy(items[-1]))
    same = min(over([items[-1]], scrub) for _ in range(ROUNDS))
    return {"first": first, "new": new, "same": same}


def _warm(scrub: Scrub, before: list[Any], items: list[Any]) -> float:
    for item in before:
        scrub(copy.deepcopy(item))
    return over(items, scrub)


def memory(make: Callable[[], Scrub], item: Any) -> float:
    """The peak of what ``make()`` takes beside ``item``, as a multiple of the item itself."""
    tracemalloc.start()
    mine = json.loads(json.dumps(item))
    size = tracemalloc.get_traced_memory()[0]
    scrub = make()
    scrub(json.loads(json.dumps(item)))
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    scrub(mine)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - before) / size


def main() -> None:
    """Print the table."""
    out = sys.stdout.write
    out(f"{'':22}{'json.dumps':>12}{'first':>8}{'new':>8}{'same':>8}{'memory':>8}\n")
    for name in MAKERS:
        items = variants(name, 40)
        dumps = min(least(lambda item=item: json.dumps(item)) for item in items[:5])  # type: ignore[misc]
        out(f"{name + f', {len(json.dumps(items[0])) / 1000:.1f} kB':22}{dumps * 1e6:>9.0f} us\n")
        for label, make in (("this gate", gate), ("SDK, recursive", sdk), ("Fillmore", fillmore)):
            try:
                make()
            except ImportError:
                out(f"  {label:20} not installed\n")
                continue
            found = cost(make, items)
            row = "".join(f"{found[kind] / dumps:>8.2f}" for kind in ("first", "new", "same"))
            out(f"  {label:20}{'':12}{row}{memory(make, items[-1]):>8.2f}\n")


if __name__ == "__main__":
    main()
