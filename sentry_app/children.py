"""What a forked process has to forget, wherever it is kept."""

import os
from collections.abc import Callable

_renewals: list[Callable[[], None]] = []


def renewed(renewal: Callable[[], None]) -> Callable[[], None]:
    """Call ``renewal`` first in each process that is forked; to be used as a decorator."""
    _renewals.append(renewal)
    return renewal


def renew() -> None:
    """Call all of them; by itself only where a server forks without Python's knowledge."""
    for renewal in _renewals:
        renewal()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=renew)
