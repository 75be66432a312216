"""How a setting gets its value: environment over ``settings.SENTRY`` over default."""

from collections.abc import Iterator, Mapping
from typing import Any

from sentry_app.setting import Problem, Setting, Source, as_repr, one_line, shown


def resolved(
    setting: Setting,
    given: Mapping[str, Any],
    environ: Mapping[str, str],
    problems: list[Problem],
) -> tuple[Any, Source]:
    """The checked value of ``setting`` and where it came from; what cannot be used is added to
    ``problems``. Never raises.
    """
    for source, raw in _candidates(setting, given, environ):
        try:
            value = setting.kind.read(raw, is_text=source.kind == "environment")
        except Exception as error:  # a lazy value may raise anything
            problems.append(_bad_value(setting, source, raw, error))
            return setting.replacement(raw), Source("default", f"(bad {source})")
        return value, source
    return setting.default, Source("default")


def _candidates(
    setting: Setting, given: Mapping[str, Any], environ: Mapping[str, str]
) -> Iterator[tuple[Source, Any]]:
    """What was set, the strongest first. An empty variable counts as not set, but for the DSN."""
    raw = environ.get(setting.variable)
    if raw is not None and (raw.strip() or setting.name == "DSN"):
        yield Source("environment", setting.variable), raw
    is_none = given.get(setting.name) is None and setting.default in (None, (), {})
    if setting.name in given and not is_none:
        yield Source("settings", f'SENTRY["{setting.name}"]'), given[setting.name]
    for variable in setting.fallbacks:
        if environ.get(variable, "").strip():
            yield Source("environment", variable), environ[variable]


def _bad_value(setting: Setting, source: Source, raw: Any, error: Exception) -> Problem:
    reason = f" ({one_line(str(error))})" if str(error) and type(error) is ValueError else ""
    used = setting.replacement(raw)
    instead = "it counts as not set" if used is None else f"{as_repr(used)} is used"
    if setting.name == "DSN":
        instead = "nothing is sent"
    return Problem(
        setting.check_id,
        setting.name,
        f"{source} is {shown(setting, raw)}{reason}, but must be {setting.kind.expected}.",
        f"Change {source} or remove it; until then {instead}.",
    )
