"""What sampling does to the statistics: ``python -m benchmarks.simulation [--plot FILE]``.

A heavy-tailed mix of transactions is sampled twice, by the head alone and with the tail, by the
functions that the plug-in uses. From what is kept, weighted by 1 / sample rate as Sentry does, the
number of transactions, the error rate and the percentiles of the duration are estimated, with 95 %
confidence intervals, and compared with the truth.
"""

import argparse
import math
import random
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sentry_app.sampling import Head, final_rate, is_slow_or_failed

RATE, SLOW_MS = 0.1, 1000.0
METRICS = ("count", "error rate", "p50", "p95", "p99")


class Transaction(NamedTuple):
    """One of the mix: how long it took, and its status."""

    duration_ms: float
    status: str


class Kept(NamedTuple):
    """A transaction that was kept, and the rate that it carries."""

    transaction: Transaction
    rate: float


class Estimate(NamedTuple):
    """A value with its confidence interval."""

    value: float
    low: float
    high: float

    def holds(self, truth: float) -> bool:
        """Whether ``truth`` lies in the interval."""
        return self.low <= truth <= self.high


def traffic(count: int, seed: int) -> list[Transaction]:
    """Lognormal durations of pages (median 80 ms) and exports (median 600 ms); 1 % fail."""
    draw = random.Random(seed)
    return [
        Transaction(
            draw.lognormvariate(math.log(600 if draw.random() < 0.03 else 80), 1.0),
            "internal_error" if draw.random() < 0.01 else "ok",
        )
        for _ in range(count)
    ]


def sampled(mix: Iterable[Transaction], seed: int, *, tail: bool) -> list[Kept]:
    """What is kept of ``mix``, with the random numbers of this seed."""
    draw = random.Random(seed)
    kept = []
    for transaction in mix:
        number = draw.random()
        slow_or_failed = is_slow_or_failed(transaction.duration_ms, transaction.status, SLOW_MS)
        head = Head(number < RATE, RATE, number)
        rate = final_rate(head, "", {}, by_tail=tail and slow_or_failed)
        if rate is not None:
            kept.append(Kept(transaction, rate))
    return kept


def truth(mix: Sequence[Transaction]) -> dict[str, float]:
    """The statistics of all transactions."""
    return {name: one.value for name, one in estimates([Kept(each, 1.0) for each in mix]).items()}


def estimates(kept: Sequence[Kept], z: float = 1.96) -> dict[str, Estimate]:
    """The statistics of what was kept, each weighted by 1 / rate (Horvitz and Thompson, 1952)."""
    total = sum(1 / one.rate for one in kept)
    error = z * math.sqrt(sum((1 - one.rate) / one.rate**2 for one in kept))
    ordered = sorted(kept, key=lambda one: one.transaction.duration_ms)
    return {
        "count": Estimate(total, total - error, total + error),
        "error rate": _share(kept, total, z),
        **{f"p{q}": _percentile(ordered, total, q / 100, z) for q in (50, 95, 99)},
    }


def _share(kept: Sequence[Kept], total: float, z: float) -> Estimate:
    """The share of failed ones: a ratio of two estimates, by Taylor linearisation."""
    share = sum(1 / one.rate for one in kept if one.transaction.status != "ok") / total
    error = z * _deviation(kept, total, lambda one: (one.transaction.status != "ok") - share)
    return Estimate(share, share - error, share + error)


def _percentile(ordered: Sequence[Kept], total: float, q: float, z: float) -> Estimate:
    """A percentile; its interval is that of the share below it, turned around (Woodruff, 1952)."""
    value = _at(ordered, total * q)
    error = z * _deviation(ordered, total, lambda one: (one.transaction.duration_ms <= value) - q)
    return Estimate(value, _at(ordered, total * (q - error)), _at(ordered, total * (q + error)))


def _deviation(kept: Sequence[Kept], total: float, residual: object) -> float:
    assert callable(residual)
    return math.sqrt(sum((1 - k.rate) * (residual(k) / k.rate) ** 2 for k in kept)) / total


def _at(ordered: Sequence[Kept], weight: float) -> float:
    """The duration up to which the weights add up to ``weight``."""
    added = 0.0
    for one in ordered:
        added += 1 / one.rate
        if added >= weight:
            return one.transaction.duration_ms
    return ordered[-1].transaction.duration_ms


def root_mean_square(
    mix: Sequence[Transaction], seeds: Iterable[int], *, tail: bool
) -> dict[str, float]:
    """The relative error of each statistic over several samples of the same mix."""
    actual = truth(mix)
    squares: dict[str, list[float]] = {name: [] for name in METRICS}
    for seed in seeds:
        for name, one in estimates(sampled(mix, seed, tail=tail)).items():
            squares[name].append((one.value / actual[name] - 1) ** 2)
    return {name: math.sqrt(sum(found) / len(found)) for name, found in squares.items()}


def main() -> None:
    """Print the table; with ``--plot`` draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw the errors, for example to an .svg")
    parser.add_argument("--count", type=int, default=200_000, help="transactions (200,000)")
    parser.add_argument("--seeds", type=int, default=20, help="samples of them (20)")
    arguments = parser.parse_args()
    mix = traffic(arguments.count, seed=1)
    seeds = range(arguments.seeds)
    errors = {tail: root_mean_square(mix, seeds, tail=tail) for tail in (False, True)}
    kept = {tail: len(sampled(mix, 0, tail=tail)) / len(mix) for tail in (False, True)}
    _print(truth(mix), errors, kept)
    if arguments.plot:
        _plot(errors, arguments.plot)


def _print(
    actual: dict[str, float], errors: dict[bool, dict[str, float]], kept: dict[bool, float]
) -> None:
    out = sys.stdout.write
    out(f"kept: {kept[False]:.1%} by the head alone, {kept[True]:.1%} with the tail\n")
    out(f"{'':12}{'truth':>10}{'head alone':>14}{'with the tail':>16}{'ratio':>8}\n")
    for name in METRICS:
        head, tail = errors[False][name], errors[True][name]
        out(f"{name:12}{actual[name]:>10.4g}{head:>13.2%} {tail:>15.2%}{head / tail:>9.1f}\n")


def _plot(errors: dict[bool, dict[str, float]], path: str) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.2))
    for place, (tail, label) in enumerate(((False, "head alone"), (True, "with the tail"))):
        at = [index + 0.4 * place for index in range(len(METRICS))]
        axes.bar(at, [100 * errors[tail][name] for name in METRICS], 0.38, label=label)
    axes.set_xticks([index + 0.2 for index in range(len(METRICS))], METRICS)
    axes.set_ylabel("root mean square error, %")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)


if __name__ == "__main__":
    main()
