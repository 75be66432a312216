"""How feature flags were evaluated: for any package whose flags are objects with a name."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from sentry_app import outcomes
from sentry_app.interrupts import let_through


def watch(cls: type, method: str) -> None:
    """Have events tell what ``method`` of a flag's class answered; twice does no harm."""
    original: Callable[..., Any] = getattr(cls, method)
    if hasattr(original, "_sentry_app_original"):
        return

    @wraps(original)
    def evaluate(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        try:
            _note(str(self.name), bool(result))
        except Exception as error:  # a flag of the project's own class
            let_through(error)
            outcomes.record_failure("feature flag")
        return result

    evaluate._sentry_app_original = original  # type: ignore[attr-defined]
    setattr(cls, method, evaluate)


def _note(name: str, result: bool) -> None:
    import sentry_sdk
    from sentry_sdk.feature_flags import add_feature_flag

    if sentry_sdk.get_client().is_active():
        add_feature_flag(name, result)
