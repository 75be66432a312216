"""Whether an optional package is there."""

from importlib.util import find_spec


def is_installed(package: str) -> bool:
    """Whether ``package`` can be imported; a plain directory of that name is no package."""
    spec = find_spec(package)
    # A namespace has no origin: a directory "redis" beside manage.py looks like one.
    return spec is not None and spec.origin is not None
