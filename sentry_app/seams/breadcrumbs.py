"""The breadcrumbs that a scope holds already.

The private part that is used, and what it has to be:

``Scope._breadcrumbs``
    a deque of dicts, the latest last, to which ``add_breadcrumb`` appends what the hook
    ``before_breadcrumb`` returns. Older SDKs append Redis commands to the current scope, newer
    ones to the isolation scope.

Where it is missing, nothing is folded.
"""

from collections.abc import Callable
from typing import Any

import sentry_sdk

from sentry_app import folding
from sentry_app.interrupts import let_through

Hook = Callable[[Any, dict[str, Any]], Any]


def folding_hook(before_breadcrumb: Hook) -> Hook:
    """``before_breadcrumb``, and then equal breadcrumbs in a row become one with a count."""

    def step(crumb: Any, hint: dict[str, Any]) -> Any:
        kept = before_breadcrumb(crumb, hint)
        if kept is None or kept.get("category") != folding.CATEGORY:
            return kept
        try:
            return _folded(kept)
        except Exception as error:  # another thread has taken the last one, or the SDK has changed
            let_through(error)
            return kept

    return step


def _folded(crumb: Any) -> Any:
    """``crumb``, in the place of the last breadcrumb if that says the same."""
    trail = _trail()
    folded = folding.folded(trail[-1], crumb) if trail else None
    if folded is None:
        return crumb
    trail.pop()  # not changed: the scopes that were forked since hold it, too
    return folded


def _trail() -> Any:
    """The breadcrumbs of the scope that has the latest one."""
    latest = getattr(sentry_sdk.get_isolation_scope(), "_breadcrumbs", None)
    others = getattr(sentry_sdk.get_current_scope(), "_breadcrumbs", None)
    if latest and others and others[-1]["timestamp"] < latest[-1]["timestamp"]:
        return latest
    return others or latest
