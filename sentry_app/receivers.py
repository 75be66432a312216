"""What listens to Django's signals: login, logout, failed login, changed settings."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.signals import setting_changed

from sentry_app import conf, sdk


def connect() -> None:
    """Connect every receiver; calling it again changes nothing."""
    user_logged_in.connect(on_login, dispatch_uid="sentry_app.on_login")
    user_logged_out.connect(on_logout, dispatch_uid="sentry_app.on_logout")
    user_login_failed.connect(on_failed_login, dispatch_uid="sentry_app.on_failed_login")
    setting_changed.connect(on_setting_changed, dispatch_uid="sentry_app.on_setting_changed")
    if (config := sdk.running()) is not None:
        from sentry_app import integrations

        integrations.connect(config)


def on_login(sender: Any, user: Any, **kwargs: Any) -> None:
    """A breadcrumb, and the user of the rest of the request."""
    _change_user(user, "User logged in")


def on_logout(sender: Any, user: Any, **kwargs: Any) -> None:
    """A breadcrumb, and nobody from here on."""
    _change_user(None, "User logged out")


def on_failed_login(sender: Any, **kwargs: Any) -> None:
    """A breadcrumb; never with the credentials, which may be right but for one letter."""
    _add_breadcrumb("Login failed", level="warning")


def on_setting_changed(setting: str, **kwargs: Any) -> None:
    """Start with the changed SENTRY dict, so that ``override_settings`` works in tests."""
    if setting == "SENTRY":
        sdk.start(conf.load())


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
