"""The test project under a Content Security Policy: django-csp's, or Django's own."""

import os

import django

from tests.settings import *  # noqa: F403
from tests.settings import MIDDLEWARE

ROOT_URLCONF = "tests.browser_urls"

if os.environ.get("CSP") == "django-csp":
    from csp.constants import NONCE, SELF

    MIDDLEWARE = ["csp.middleware.CSPMiddleware", *MIDDLEWARE]
    CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": [SELF], "script-src": [NONCE]}}
elif django.VERSION >= (6,):
    from django.utils.csp import CSP

    MIDDLEWARE = ["django.middleware.csp.ContentSecurityPolicyMiddleware", *MIDDLEWARE]
    SECURE_CSP = {"default-src": [CSP.SELF], "script-src": [CSP.NONCE]}
