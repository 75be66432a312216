"""All that this project says about Sentry; copy it.

DSN, environment and release differ from one deployment to the next, so they stand in its
environment: SENTRY_DSN, SENTRY_ENVIRONMENT, and SENTRY_RELEASE or GIT_SHA.
"""

from sentry_app import (
    defaults,
    sentry_add_breadcrumb,
    sentry_capture_exception,
    sentry_capture_message,
    sentry_set_user_context,
    sentry_start_span,
    sentry_start_transaction,
)

# Lets the project write `from settings.components.sentry import sentry_capture_exception`.
__all__ = [
    "SENTRY",
    "sentry_add_breadcrumb",
    "sentry_capture_exception",
    "sentry_capture_message",
    "sentry_set_user_context",
    "sentry_start_span",
    "sentry_start_transaction",
]

# What is not said here keeps its default.
SENTRY = {
    # One page in ten is enough to see what is slow, but we want to know about every purchase.
    "TRACES_SAMPLE_RATE": 0.1,
    "TRACES_SAMPLE_RATES": {"/checkout/": 1.0},
    # Nobody has to look at these: the customer was told.
    "IGNORED_ERRORS": [*defaults.IGNORED_ERRORS, "core.errors.OutOfStock"],
    # Secret here, beside passwords, tokens, card numbers, ... (sentry_app.defaults.SCRUB_FIELDS).
    "SCRUB_FIELDS": ["voucher"],
}
