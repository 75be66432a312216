"""The ids of everything that ``manage.py check`` can report.

An id never changes its meaning: projects silence checks by id.
"""

from collections.abc import Mapping

NOT_A_DICT = "sentry_app.E001"
UNKNOWN_KEY = "sentry_app.E002"
BAD_VALUE = "sentry_app.E003"
BAD_DSN = "sentry_app.E004"
BAD_DOTTED_PATH = "sentry_app.E005"
BAD_RELEASE = "sentry_app.E006"
BAD_ENVIRONMENT = "sentry_app.E007"
UNKNOWN_OPTION = "sentry_app.E008"
OPTION_HAS_KEY = "sentry_app.E009"
EXTRA_MISSING = "sentry_app.E010"
START_FAILED = "sentry_app.E011"
SPOOL_UNUSABLE = "sentry_app.E012"
BAD_OPTION = "sentry_app.E013"
STORM_CACHE_UNKNOWN = "sentry_app.E014"

SECOND_INIT = "sentry_app.W002"
MIDDLEWARE_MISSING = "sentry_app.W003"
MIDDLEWARE_ORDER = "sentry_app.W004"
NOT_FIRST = "sentry_app.W005"
SCRUB_ALLOW_OPENS = "sentry_app.W006"
SCRUB_FIELD_USELESS = "sentry_app.W007"
TAIL_SAMPLING_OFF = "sentry_app.W008"
SEAM_MISSING = "sentry_app.W009"

DEPLOY_NO_DSN = "sentry_app.W010"
DEPLOY_DEBUG = "sentry_app.W011"
DEPLOY_LOCALS = "sentry_app.W012"
DEPLOY_SAMPLE_RATE = "sentry_app.W013"
DEPLOY_PLAIN_HTTP = "sentry_app.W014"
DEPLOY_RELEASE = "sentry_app.W015"
DEPLOY_SWITCHED_OFF = "sentry_app.W016"
DEPLOY_TRANSPORT = "sentry_app.W017"

RELEASE_UNREADABLE = "sentry_app.W018"
SPOOL_EXPOSED = "sentry_app.W019"
SPOOL_UNUSED = "sentry_app.W020"
STORM_CACHE_UNFIT = "sentry_app.W021"

#: What each id reports, for the documentation.
TITLES: Mapping[str, str] = {
    NOT_A_DICT: "SENTRY is not a dict",
    UNKNOWN_KEY: "a key of SENTRY that is not a setting",
    BAD_VALUE: "a value of the wrong type, or out of range",
    BAD_DSN: "a malformed DSN",
    BAD_DOTTED_PATH: "a hook or transport that cannot be imported or used",
    BAD_RELEASE: "a release that Sentry refuses",
    BAD_ENVIRONMENT: "an environment that Sentry refuses",
    UNKNOWN_OPTION: "an entry of OPTIONS that sentry_sdk.init does not know",
    OPTION_HAS_KEY: "an entry of OPTIONS that has a setting of its own",
    EXTRA_MISSING: "a setting for Celery or Redis without the package",
    START_FAILED: "the SDK does not start with OPTIONS",
    SPOOL_UNUSABLE: "SPOOL_DIR is no directory that can be written to",
    BAD_OPTION: "an entry of OPTIONS of the wrong type",
    STORM_CACHE_UNKNOWN: "STORM_CACHE names no cache",
    SECOND_INIT: "the project calls sentry_sdk.init itself",
    MIDDLEWARE_MISSING: "SentryContextMiddleware is not in MIDDLEWARE",
    MIDDLEWARE_ORDER: "SentryContextMiddleware stands before AuthenticationMiddleware",
    NOT_FIRST: "sentry_app is not the first of INSTALLED_APPS",
    SCRUB_ALLOW_OPENS: "SCRUB_ALLOW lets a field of the built-in set through",
    SCRUB_FIELD_USELESS: "an entry of SCRUB_FIELDS that matches no key",
    TAIL_SAMPLING_OFF: "TAIL_SAMPLING has no effect: spans are sent in batches",
    SEAM_MISSING: "the SDK is built differently, and a feature falls back",
    DEPLOY_NO_DSN: "with --deploy: there is no DSN",
    DEPLOY_DEBUG: "with --deploy: DEBUG is on",
    DEPLOY_LOCALS: "with --deploy: local variables are sent although SEND_DEFAULT_PII is off",
    DEPLOY_SAMPLE_RATE: "with --deploy: every transaction is sent",
    DEPLOY_PLAIN_HTTP: "with --deploy: the DSN is plain http",
    DEPLOY_RELEASE: "with --deploy: the release is unknown",
    DEPLOY_SWITCHED_OFF: "with --deploy: FORCE_DISABLE or TEST_MODE is on",
    DEPLOY_TRANSPORT: "with --deploy: events are printed or kept in memory, not sent",
    RELEASE_UNREADABLE: "RELEASE_FILE or RELEASE_PACKAGE without a release",
    SPOOL_EXPOSED: "SPOOL_DIR is inside MEDIA_ROOT or STATIC_ROOT, or open to other users",
    SPOOL_UNUSED: "SPOOL_DIR has no effect with this TRANSPORT",
    STORM_CACHE_UNFIT: "STORM_CACHE names a cache that does not count for all processes",
}
