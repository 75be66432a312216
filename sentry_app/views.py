"""``handler500 = "sentry_app.views.server_error"``: an error page that knows its event."""

import logging

from django.http import HttpRequest, HttpResponseServerError
from django.template import TemplateDoesNotExist, loader
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.csrf import requires_csrf_token

from sentry_app import sdk

logger = logging.getLogger("sentry_app")

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <title>Server Error (500)</title>
</head>
<body>
  <h1>Server Error (500)</h1>{}
</body>
</html>
"""


@requires_csrf_token
def server_error(request: HttpRequest, template_name: str = "500.html") -> HttpResponseServerError:
    """The project's template, else a page that shows the event's id.

    The template's context is ``sentry_event_id``, empty if nothing was sent, and ``request``; like
    Django's own view this one runs no context processors, which may be what failed.
    """
    context = {"sentry_event_id": _event_id(), "request": request}
    try:
        return HttpResponseServerError(loader.get_template(template_name).render(context))
    except TemplateDoesNotExist:
        return HttpResponseServerError(_page(context["sentry_event_id"]))
    except Exception:
        logger.warning("%s cannot be rendered", template_name, exc_info=True)
        return HttpResponseServerError(_page(context["sentry_event_id"]))


def _event_id() -> str:
    if not sdk.is_configured():
        return ""
    from sentry_app import feedback

    return feedback.event_id()


def _page(event_id: object) -> str:
    shown = format_html("\n  <p>Event: <code>{}</code></p>", event_id) if event_id else SafeString()
    return format_html(_PAGE, shown)
