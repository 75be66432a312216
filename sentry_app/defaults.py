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
    "pin_code",
    # other spellings of a password
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pw",
    "pass",
    "passw",
    "userpass",
    "dbpass",
    "psw",
    "passkey",
    "passwort",
    "kennwort",
    "contraseña",
    "contrasena",
    "mot_de_passe",
    "senha",
    "wachtwoord",
    "пароль",
    "密码",
    "otp",
    "totp",
    "mfa_code",
    "otp_code",
    "verification_code",
    "security_code",
    "security_answer",
    "backup_code",
    "recovery_code",
    "recovery_key",
    "recovery_phrase",
    "seed_phrase",
    "mnemonic",
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
    "phpsessid",
    "connect_sid",
    "symfony",
    # keys and connection strings
    "apikey",
    "access_key",
    "secret_key",
    "signing_key",
    "signing_secret",
    "encryption_key",
    "decryption_key",
    "ssh_key",
    "pgp_key",
    "gpg_key",
    "rsa_key",
    "master_key",
    "account_key",
    "storage_key",
    "shared_key",
    "shared_access_key",
    "shared_access_signature",
    "service_key",
    "license_key",
    "webhook_key",
    "hmac_key",
    "hmac",
    "auth_key",
    "auth_header",
    "symmetric_key",
    "crypto_key",
    "unlock_code",
    "auth_code",
    "authorization_code",
    "access_code",
    "client_key",
    "app_key",
    "application_key",
    "consumer_key",
    "admin_key",
    "deploy_key",
    "vault_key",
    "root_key",
    "fernet_key",
    "aes_key",
    "des_key",
    "jwt_key",
    "session_data",
    "secret_key_base",
    "secret_id",
    "code_verifier",
    "sig",
    "amz_signature",
    "amz_credential",
    "goog_signature",
    "goog_credential",
    "creds",
    "cred",
    "credential",
    "credentials",
    "dsn",
    "connection_string",
    "conn_str",
    "salt",
    # payment and identity
    "card_number",
    "card_no",
    "cc_num",
    "pin_number",
    "ssn_number",
    "bank_account",
    "drivers_license",
    "driver_license",
    "cc_number",
    "ccnum",
    "creditcard",
    "debit_card",
    "cvc",
    "cvn",
    "csc",
    "iban",
    "account_number",
    "routing_number",
    "social_security",
    "social_security_number",
    "tax_id",
    "national_id",
    "passport_number",
    "passport_no",
)

#: Keys that hold a client's address: scrubbed while SEND_DEFAULT_PII is off.
PII_FIELDS: tuple[str, ...] = (
    "ip_address",
    "remote_addr",
    "forwarded",
    "forwarded_for",
    "real_ip",
    "client_ip",
    "connecting_ip",
    "cluster_client_ip",
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
