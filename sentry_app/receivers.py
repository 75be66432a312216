"""What listens to Django's signals: login, logout, failed login, changed settings."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.signals import setting_changed

from sentry_app import conf, sdk

logger = logging.getLogger("sentry_app")

Receiver = Callable[..., None]

#: So many names of failed logins are remembered for one request.
_MOST_NAMES = 100


def connect() -> None:
    """Connect every receiver; calling it again changes nothing."""
    user_logged_in.connect(on_login, dispatch_uid="sentry_app.on_login")
    user_logged_out.connect(on_logout, dispatch_uid="sentry_app.on_logout")
    user_login_failed.connect(on_failed_login, dispatch_uid="sentry_app.on_failed_login")
    setting_changed.connect(on_setting_changed, dispatch_uid="sentry_app.on_setting_changed")
    if (config := sdk.running()) is not None:
        from sentry_app import integrations

        integrations.connect(config)


def _never_raising(receive: Receiver) -> Receiver:
    """``receive``, which would otherwise keep people from logging in."""

    @wraps(receive)
    def received(**kwargs: Any) -> None:
        try:
            receive(**kwargs)
        except Exception as error:  # a user model of the project's own
            # Imported here: without a DSN next to nothing can fail.
            from sentry_app import outcomes
            from sentry_app.interrupts import let_through

            let_through(error)
            outcomes.record_failure(receive.__name__)
            logger.warning("%s failed", receive.__name__, exc_info=True)

    return received


@_never_raising
def on_login(sender: Any, user: Any, **kwargs: Any) -> None:
    """A breadcrumb, and the user of the rest of the request."""
    _change_user(user, "User logged in")


@_never_raising
def on_logout(sender: Any, user: Any, **kwargs: Any) -> None:
    """A breadcrumb, and nobody from here on."""
    _change_user(None, "User logged out")


@_never_raising
def on_failed_login(sender: Any, credentials: Any = None, **kwargs: Any) -> None:
    """A breadcrumb; never with the credentials, which may be right but for one letter.

    Without SEND_DEFAULT_PII the name that was typed goes from the rest of the request's events too.
    """
    config = sdk.running()
    if config is not None and not config.SEND_DEFAULT_PII:
        _forget(credentials or {}, config)
    _add_breadcrumb("Login failed", level="warning")


def on_setting_changed(setting: str, **kwargs: Any) -> None:
    """Start with the changed SENTRY dict, so that ``override_settings`` works in tests."""
    if setting == "SENTRY":
        sdk.start(conf.load())


def _forget(credentials: Any, config: conf.Config) -> None:
    from sentry_app import context
    from sentry_app.typed_names import typed_names
    from sentry_app.user_fields import user_fields

    actor = context.current_actor(user_fields(config), send_pii=config.SEND_DEFAULT_PII)
    if len(actor.typed) < _MOST_NAMES:
        actor.typed |= typed_names(credentials)


def _change_user(user: Any, message: str) -> None:
    if not sdk.is_configured():
        return
    from sentry_app import api

    api.sentry_set_user_context(user)
    _add_breadcrumb(message)


def _add_breadcrumb(message: str, level: str = "info") -> None:
    if not sdk.is_configured():
        return
    from sentry_app import api

    api.sentry_add_breadcrumb(message, category="auth", level=level)
