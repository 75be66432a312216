"""What a dotted path names: the hooks and samplers of the project."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.utils.module_loading import import_string


def resolve(named: Any) -> Callable[..., Any]:
    """``named`` itself if it is callable, else what the dotted path names.

    Imported when it is first needed, because models may not be loaded when the SDK starts. Raises
    ``ImportError``.
    """
    return named if callable(named) else _imported(named)


@lru_cache(maxsize=256)
def _imported(dotted_path: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_string(dotted_path)
    if not callable(found):
        raise ImportError(f"{dotted_path!r} is not callable")
    return found
