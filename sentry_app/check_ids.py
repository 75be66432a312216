"""The ids of everything that ``manage.py check`` can report.

An id never changes its meaning: projects silence checks by id.
"""

NOT_A_DICT = "sentry_app.E001"
UNKNOWN_KEY = "sentry_app.E002"
BAD_VALUE = "sentry_app.E003"
BAD_DSN = "sentry_app.E004"
BAD_DOTTED_PATH = "sentry_app.E005"
BAD_RELEASE = "sentry_app.E006"
BAD_ENVIRONMENT = "sentry_app.E007"
UNKNOWN_OPTION = "sentry_app.E008"
OPTION_HAS_KEY = "sentry_app.E009"
MIDDLEWARE_ORDER = "sentry_app.E010"
EXTRA_MISSING = "sentry_app.E011"
START_FAILED = "sentry_app.E012"

NOT_YET = "sentry_app.W001"
SECOND_INIT = "sentry_app.W002"
MIDDLEWARE_MISSING = "sentry_app.W003"
NOT_FIRST = "sentry_app.W004"

DEPLOY_NO_DSN = "sentry_app.W010"
DEPLOY_DEBUG = "sentry_app.W011"
DEPLOY_LOCALS = "sentry_app.W012"
DEPLOY_SAMPLE_RATE = "sentry_app.W013"
DEPLOY_PLAIN_HTTP = "sentry_app.W014"
DEPLOY_RELEASE = "sentry_app.W015"
