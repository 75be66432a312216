"""What type each argument of ``sentry_sdk.init`` wants, told by the SDK itself.

Newer SDKs annotate the constructor of ``sentry_sdk.consts.ClientConstructor``, older ones have type
comments there; where neither can be read, the type of the default says it. Names that only a type
checker knows (``EventProcessor``) say nothing, but that those of functions are callable.
"""

import ast
import inspect
import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from os import PathLike
from typing import Any

from sentry_sdk.consts import DEFAULT_OPTIONS, ClientConstructor

#: A name of the SDK's own for a function.
_FUNCTION = re.compile(r"Processor$|Sampler$|^Callable$")
_SCALARS = {
    "str": str,
    "int": int,
    "bool": bool,
    "type": type,
    "PathLike": PathLike,
    "Pattern": re.Pattern,
}
_LISTS = frozenset({"Sequence", "List", "list"})
_SETS = frozenset({"AbstractSet", "Set", "set"})
_DICTS = frozenset({"Dict", "dict", "Mapping"})
#: A line of older SDKs: ``name=default,  # type: Optional[int]``.
_COMMENT = re.compile(r"^\s*(\w+)\s*=.*?#\s*type:\s*([^#\n]+)", re.M)

#: What the SDK takes, where it says less: the paths of files, for one, go to ``ssl`` as they are.
_WIDER = {
    **dict.fromkeys(("ca_certs", "cert_file", "key_file"), "Optional[Union[str, PathLike]]"),
    "disabled_integrations": "Optional[Sequence[Union[Integration, Type]]]",
    "trace_propagation_targets": "Optional[Sequence[Union[str, Pattern]]]",
}

#: Dotted paths are allowed here as well, which this project resolves.
DOTTED_TOO = frozenset({"traces_sampler"})


def expected(name: str, value: Any) -> str:
    """The type that the argument ``name`` wants and ``value`` is not of; empty if all is well."""
    if name in DOTTED_TOO and isinstance(value, str):
        return ""
    wanted = _WIDER.get(name) or _types().get(name)
    default = DEFAULT_OPTIONS.get(name)
    if wanted is None or _is_unknown(_parsed(wanted)):
        is_right = default is None or callable(default) or _is_like(value, default)
        return "" if is_right else type(default).__name__
    if (value is None and default is None) or _fits(value, _parsed(wanted)):
        return ""
    return wanted


@cache
def _types() -> Mapping[str, str]:
    """The arguments and their types as they are written."""
    found = inspect.get_annotations(ClientConstructor.__init__)
    found.pop("return", None)
    if found:
        return {name: getattr(kind, "__name__", str(kind)) for name, kind in found.items()}
    try:
        source = inspect.getsource(ClientConstructor.__init__)
    except (OSError, TypeError):  # only compiled files are there
        return {}
    return {name: text.strip() for name, text in _COMMENT.findall(source)}


@cache
def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip("'\""), mode="eval").body
    except SyntaxError:
        return ast.Constant(None)


def _fits(value: Any, wanted: ast.expr) -> bool:
    """Whether ``value`` is of the type; also if nothing is known of that."""
    if isinstance(wanted, ast.Constant):
        return wanted.value is not None or value is None
    if isinstance(wanted, ast.BinOp):
        return _fits(value, wanted.left) or _fits(value, wanted.right)
    if isinstance(wanted, ast.Subscript):
        return _fits_generic(value, _name(wanted.value), _arguments(wanted))
    return _fits_name(value, _name(wanted))


def _fits_generic(value: Any, name: str, arguments: list[ast.expr]) -> bool:
    if name == "Optional":
        return value is None or _fits(value, arguments[0])
    if name == "Union":
        return any(_fits(value, argument) for argument in arguments)
    if name == "Literal":
        return any(isinstance(a, ast.Constant) and a.value == value for a in arguments)
    if name in _LISTS | _SETS:
        kinds = (Set, list, tuple) if name in _SETS else (Sequence, Set)
        is_list = isinstance(value, kinds) and not isinstance(value, (str, bytes))
        return is_list and all(_fits(entry, arguments[0]) for entry in value)
    if name == "Tuple":
        return isinstance(value, (tuple, list))
    if name in _DICTS:
        return isinstance(value, Mapping)
    return _fits_name(value, name)


def _fits_name(value: Any, name: str) -> bool:
    if name == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if name in _SCALARS:
        return isinstance(value, _SCALARS[name])
    if name == "Type":
        return isinstance(value, type)
    if name == "Integration":
        from sentry_sdk.integrations import Integration

        return isinstance(value, Integration)
    return callable(value) if _FUNCTION.search(name) else True


def _is_unknown(wanted: ast.expr) -> bool:
    """Whether it is a name that says nothing."""
    known = {"float", "Type", "Integration", *_SCALARS}
    name = _name(wanted)
    return isinstance(wanted, ast.Name) and name not in known and not _FUNCTION.search(name)


def _name(node: ast.expr) -> str:
    """``Integration`` of ``sentry_sdk.integrations.Integration``."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _arguments(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _is_like(value: Any, default: Any) -> bool:
    """Whether ``value`` is of the type of ``default``, or one that does as well."""
    kind: Any = type(default)
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in (list, tuple, set, frozenset):
        return isinstance(value, (Sequence, Set)) and not isinstance(value, (str, bytes))
    return isinstance(value, kind) and isinstance(value, bool) == isinstance(default, bool)
