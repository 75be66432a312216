"""Of the SDK's integrations only those are imported whose package is installed.

The private parts that are used, and what they have to be:

``sentry_sdk.integrations._AUTO_ENABLING_INTEGRATIONS``
    a list of dotted paths, ``sentry_sdk.integrations.<name>.<Class>``, read at each start; the SDK
    imports each of the forty modules to see whether it finds its package.

Where that is not so, the SDK imports all of them.
"""

# ruff: noqa: SIM905 (a text of words is easier to read than a list)
import os
import sys
from contextlib import suppress
from importlib.machinery import BuiltinImporter, FileFinder, FrozenImporter, PathFinder
from importlib.util import find_spec
from pkgutil import get_importer
from typing import Any

from sentry_sdk import integrations

#: The integrations whose package has their own name.
_SAME_NAME = (
    "aiohttp anthropic ariadne arq asyncpg bottle celery chalice clickhouse_driver cohere django "
    "falcon fastapi flask gql graphene httpx httpx2 huey huggingface_hub langgraph litestar loguru "
    "mcp openai pydantic_ai pymongo pyramid quart redis rq sanic sqlalchemy starlette starlite "
    "strawberry tornado"
).split()
_PACKAGES = {
    **{name: name for name in _SAME_NAME},
    "boto3": "botocore",
    "google_genai": "google.genai",
    "langchain": "langchain_core",
    "openai_agents": "agents",
}

#: What Python finds modules with, if nothing adds to it.
_FINDERS = frozenset({BuiltinImporter, FrozenImporter, PathFinder})

_paths: Any = getattr(integrations, "_AUTO_ENABLING_INTEGRATIONS", None)
#: All of them, as the SDK has it.
_all: list[str] = list(_paths) if isinstance(_paths, list) else []


def skip_missing() -> None:
    """Leave out what cannot be enabled; to be called before each start.

    What is not in the table above is left to the SDK, which knows its package.
    """
    if _all:
        names = _names()
        _paths[:] = [path for path in _all if _may_be_installed(path, names)]


def _may_be_installed(path: str, names: set[str] | None = None) -> bool:
    """Whether the package of an integration is found; ``names`` are those of :func:`_names`."""
    package = _PACKAGES.get(path.split(".")[2])
    if package is None:
        return True
    if names is not None and package.partition(".")[0] not in names:
        return False
    try:
        return find_spec(package) is not None
    except ImportError:  # the package above it is missing
        return False


def _names() -> set[str] | None:
    """The names in the directories of ``sys.path``, without suffixes.

    None if modules may come from elsewhere. To look up forty packages that are missing takes five
    times as long.
    """
    if not _FINDERS.issuperset(sys.meta_path):
        return None
    found: set[str] = set()
    for entry in sys.path:
        importer = get_importer(entry)
        if isinstance(importer, FileFinder):
            with suppress(OSError):
                listed = os.listdir(entry or ".")  # noqa: PTH208 (Path makes an object of each)
                found.update(name.partition(".")[0] for name in listed)
        elif importer is not None:  # an archive
            return None
    return found
