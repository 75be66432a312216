"""Which view answers a request: the tags of its events."""

from typing import Any

from django.apps import apps


def route_tags(request: Any) -> dict[str, str]:
    """``view`` (dotted path), ``url_name`` (with its namespaces) and ``app`` (its label).

    Empty before the URL is resolved, and for a URL that leads nowhere.
    """
    match = getattr(request, "resolver_match", None)
    if match is None:
        return {}
    tags = {"view": match._func_path, "app": _app(match)}
    if match.url_name:
        tags["url_name"] = match.view_name
    return {name: value for name, value in tags.items() if value}


def _app(match: Any) -> str:
    """The label of the app whose code the view is, else the app's name in the URLconf."""
    config = apps.get_containing_app_config(match._func_path)
    return config.label if config else (match.app_name or "")
