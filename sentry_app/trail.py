"""The first breadcrumb of a request's trail: what was asked for.

Made for an event and not when the request starts, since most requests have no event.
"""

from datetime import datetime, timezone
from typing import Any

import sentry_sdk


def begin_with_request(event: Any, request: Any, start: float) -> None:
    """Add a breadcrumb for ``request`` to ``event``, by its time ``start``, in seconds since 1970.

    As if it had been left then: MAX_BREADCRUMBS pushes it out first, BEFORE_BREADCRUMB is asked.
    """
    values = (event.get("breadcrumbs") or {}).get("values")
    options: Any = sentry_sdk.get_client().options
    if not isinstance(values, list) or len(values) >= options["max_breadcrumbs"]:
        return
    crumb = {
        "type": "default",
        "category": "request",
        "level": "info",
        "message": f"{request.method} {request.path}",
        "timestamp": datetime.fromtimestamp(start, timezone.utc),
    }
    before = options.get("before_breadcrumb")
    kept = crumb if before is None else before(crumb, {})
    if kept is not None:
        later = (at for at, other in enumerate(values) if _is_later(other, kept))
        values.insert(next(later, len(values)), kept)


def _is_later(one: Any, other: Any) -> bool:
    try:
        return bool(one["timestamp"] > other["timestamp"])
    except (KeyError, TypeError):  # a breadcrumb that a hook of the project has made
        return False
