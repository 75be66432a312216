"""Whether rendering a template is a span, and what that span tells of the template's context.

The SDK tells all of it: its type checks evaluate lazy objects, a ``repr`` may query, and most of
what a transaction costs is to serialise it. Here the span tells the names only; for an error the
frames' variables have the values.

The private part that is used, and what it has to be:

``sentry_sdk.integrations.django.templates.sentry_sdk``
    the SDK itself, whose ``start_span(op="template.render", ...)`` is called there for each
    template; the span is entered, and given the template's whole context by ``set_data``.

Where it is missing, TEMPLATE_SPANS has no effect and the span tells the whole context.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.consts import OP
from sentry_sdk.tracing import NoOpSpan, Span

from sentry_app.seams.transport import is_ours


def install(*, spans: bool) -> None:
    """Have each template be a span, or none of them; calling it again changes that."""
    from sentry_sdk.integrations.django import templates

    part: Any = templates
    if callable(getattr(getattr(part, "sentry_sdk", None), "start_span", None)):
        part.sentry_sdk = _Sdk(spans)


class _Sdk:
    """The SDK as ``templates`` sees it."""

    def __init__(self, spans: bool) -> None:
        self.spans = spans

    def __getattr__(self, name: str) -> Any:
        return getattr(sentry_sdk, name)

    def start_span(self, **arguments: Any) -> Any:
        """The SDK's own span; for a template one that tells less, or none."""
        if arguments.get("op") != OP.TEMPLATE_RENDER or not is_ours():
            return sentry_sdk.start_span(**arguments)
        return _TemplateSpan(sentry_sdk.start_span(**arguments)) if self.spans else NoOpSpan()


class _TemplateSpan:
    """The span of one template."""

    def __init__(self, span: Span) -> None:
        self.span = span

    def __enter__(self) -> "_TemplateSpan":
        self.span.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.span.__exit__(*error)

    def set_data(self, key: str, value: Any) -> None:
        """Note the names in ``value``, which is the context, or None for an empty one."""
        self.span.set_data(key, _names(value))


def _names(context: Any) -> list[str]:
    dicts = getattr(context, "dicts", None) or [context or {}]
    return sorted({str(name) for names in dicts for name in names})
