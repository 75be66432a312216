"""Template tags for what Sentry needs in a page: the trace, and the crash-report dialog."""

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sentry_app import sdk

register = template.Library()


@register.simple_tag
def sentry_trace_meta() -> SafeString:
    """Two ``meta`` elements, by which the browser's part of the trace continues this one.

    Belongs into ``head``. Nothing while the SDK is off.
    """
    if not sdk.is_configured():
        return SafeString()
    from sentry_app import propagation

    tags = {"sentry-trace": propagation.traceparent(), "baggage": propagation.baggage()}
    return format_html_join(
        "", '<meta name="{}" content="{}">', [(name, tags[name]) for name in tags if tags[name]]
    )


@register.simple_tag(takes_context=True)
def sentry_feedback(context: Any, **options: Any) -> SafeString:
    """The crash-report dialog for the event that this page answers, for a 500 page.

    ``options`` are those of ``showReportDialog``: ``title``, ``lang``, ``successMessage``, ...
    Nothing while the SDK is off, without a DSN, or if the event was not sent. The ``script``
    element has the nonce of Django's Content Security Policy, or of django-csp.
    """
    config = sdk.running()
    if config is None or config.DSN is None:
        return SafeString()
    from sentry_app import feedback

    event_id = context.get("sentry_event_id") or feedback.event_id()
    if not event_id:
        return SafeString()
    url = feedback.script_url(config.DSN, event_id, options)
    nonce = _nonce(context)
    return format_html('<script src="{}"{} async></script>', url, nonce)


def _nonce(context: Any) -> SafeString:
    """The attribute, or nothing without a policy. Both kinds of nonce are made when asked for."""
    request = context.get("request")
    found = context.get("csp_nonce")
    for name in ("csp_nonce", "_csp_nonce"):
        found = getattr(request, name, None) if found is None else found
    return SafeString() if found is None else format_html(' nonce="{}"', str(found))
