"""What stands behind the site in the tests of propagation: the SDK as it is, and nothing of ours.

It would send every transaction, so what it sends was decided by the traces that came to it.
"""

import os

import sentry_sdk
from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware

sentry_sdk.init(os.environ["DOWNSTREAM_DSN"], traces_sample_rate=1.0)


def _answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


application = SentryWsgiMiddleware(_answer)
