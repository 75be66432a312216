"""The configuration and the state of the SDK as JSON data, for ``sentry_config``."""

from collections.abc import Iterable, Mapping
from typing import Any

import sentry_sdk

from sentry_app import options, releases, sdk
from sentry_app.conf import SETTINGS, Config
from sentry_app.management.configuration import obstacle
from sentry_app.management.drops import name_of
from sentry_app.seams.transport import target_of
from sentry_app.setting import Problem, masked_dsn


def document(config: Config, names: Iterable[str]) -> dict[str, Any]:
    """``{NAME: {value, source, default, variable, help}}``, and ``problems`` and ``sdk``."""
    names = list(names)
    everything = len(names) == len(SETTINGS)
    found = [*config.problems, *options.problems(config)]
    return {
        **{name: _setting(config, name) for name in names},
        "problems": [_problem(each) for each in found if everything or each.key in names],
        "sdk": _sdk(config),
    }


def _setting(config: Config, name: str) -> dict[str, Any]:
    setting = SETTINGS[name]
    value, source = getattr(config, name), config.sources[name]
    if name == "RELEASE":
        value, source = releases.release(config)
    return {
        "value": _shown(config, name, value),
        "source": str(source),
        "default": _shown(config, name, setting.default),
        "variable": setting.variable,
        "help": setting.help,
    }


def _shown(config: Config, name: str, value: Any) -> Any:
    if SETTINGS[name].secret and value is not None:
        return masked_dsn(value)
    return options.scrubber(config)(_plain(value)) if name == "OPTIONS" else _plain(value)


def _plain(value: Any) -> Any:
    """``value`` as JSON data; an object is named, because its repr may tell a secret."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(entry) for entry in value]
    return name_of(value)


def _problem(problem: Problem) -> dict[str, str]:
    return problem._asdict()


def _sdk(config: Config) -> dict[str, Any]:
    state: dict[str, Any] = {"version": sentry_sdk.VERSION, "runs": sdk.is_configured()}
    if not sdk.is_configured():
        reason = obstacle(config)
        return {**state, "why_not": reason.detail if reason else "it was not started here"}
    client: Any = sentry_sdk.get_global_scope().client
    return {
        **state,
        "transport": name_of(type(target_of(client.transport))),
        "integrations": sorted(client.integrations),
    }
