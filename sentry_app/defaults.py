"""The default lists, public so that a project can extend them.

Example::

    from sentry_app import defaults

    SENTRY = {"IGNORED_ERRORS": [*defaults.IGNORED_ERRORS, "shop.errors.OutOfStock"]}
"""

#: Exception classes by dotted path (subclasses count), or names of loggers.
IGNORED_ERRORS: tuple[str, ...] = (
    "django.security.DisallowedHost",
    "django.core.exceptions.PermissionDenied",
    "django.http.Http404",
    "rest_framework.exceptions.NotFound",
    "rest_framework.exceptions.PermissionDenied",
    "rest_framework.exceptions.NotAuthenticated",
)

#: Path prefixes, or globs if they contain ``*``, ``?`` or ``[``.
IGNORED_URLS: tuple[str, ...] = (
    "/health/",
    "/healthcheck/",
    "/metrics/",
    "/readiness/",
    "/liveness/",
)

#: Globs of e-mail addresses.
TEST_USER_EMAILS: tuple[str, ...] = ("*@test.com",)

#: Loggers whose records become neither events nor breadcrumbs.
IGNORED_LOGGERS: tuple[str, ...] = ("django.server", "django.request", "sentry_app")

#: Words of a key that make its value a secret; SCRUB_FIELDS adds to these.
#: An entry of several words matches a key that ends in just these words.
SCRUB_FIELDS: tuple[str, ...] = (
    # the fields that every project starts with
    "password",
    "secret",
    "token",
    "api_key",
    "access_token",
    "refresh_token",
    "private_key",
    "ssn",
    "credit_card",
    "cvv",
    "pin",
    # other spellings of a password
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pw",
    "otp",
    # headers and cookies
    "authorization",
    "auth",
    "bearer",
    "cookie",
    "cookies",
    "set_cookie",
    "csrf",
    "csrf_token",
    "csrftoken",
    "csrfmiddlewaretoken",
    "xsrf",
    "jwt",
    "session",
    "sessionid",
    "session_id",
    "session_key",
    # keys and connection strings
    "apikey",
    "access_key",
    "secret_key",
    "signing_key",
    "encryption_key",
    "ssh_key",
    "credential",
    "credentials",
    "dsn",
    "connection_string",
    # payment
    "card_number",
    "cvc",
    "iban",
)

#: Keys that hold a client's address: scrubbed while SEND_DEFAULT_PII is off.
PII_FIELDS: tuple[str, ...] = (
    "ip_address",
    "remote_addr",
    "x_forwarded_for",
    "x_real_ip",
)

#: What is said about a user; while SEND_DEFAULT_PII is off only the id.
USER_FIELDS: tuple[str, ...] = ("id", "username", "email", "ip_address")

#: Commands that are no transactions.
EXCLUDED_COMMANDS: tuple[str, ...] = (
    "check",
    "collectstatic",
    "dbshell",
    "makemigrations",
    "migrate",
    "runserver",
    "shell",
    "test",
)
