"""Which share of the transactions is kept."""

from collections.abc import Mapping
from fnmatch import fnmatchcase


def head_rate(
    name: str, path: str, rates: Mapping[str, float], default: float, parent: float | None
) -> float:
    """The sample rate of a transaction that starts.

    ``parent`` is the decision of the trace it continues (1.0 kept, 0.0 not, None if it starts
    one) and wins, so that traces stay whole. Then the first glob of ``rates`` that matches the
    name or the path, then ``default``.
    """
    if parent is not None:
        return parent
    for pattern, rate in rates.items():
        if fnmatchcase(name, pattern) or (path and fnmatchcase(path, pattern)):
            return rate
    return default
