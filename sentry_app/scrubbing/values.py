"""Secrets that are recognised by their form, whatever they are called.

Each form has a cheap test (texts of which one has to occur) before its regular expression.
Sources: RFC 3986 (userinfo), RFC 7235, 6750 and 7617 (Authorization), RFC 7519 (JWT), RFC 7468 and
the OpenSSH key format (PEM), Django's ``PBKDF2PasswordHasher.encode`` and its siblings, crypt(5),
Django's ``PasswordResetTokenGenerator``, ``TimestampSigner`` and session cache keys.
"""

import re
from typing import NamedTuple

from sentry_app.scrubbing.findings import Findings


class Form(NamedTuple):
    """``pattern`` is tried if one of ``needles`` occurs; its group ``secret`` goes."""

    rule: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]


_B64 = r"[A-Za-z0-9+/=_\-.~]"
#: What stands for a password in a template or a manual.
_NO_FIELD = r"(?!(?:\[?PASSWORD\]?|\[?password\]+|\{[\w.]{0,40}\}|\*+)@)"
_KEY_NAME = r"(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?"

FORMS = (
    Form(
        "pem",
        ("PRIVATE KEY",),
        re.compile(
            # A block that was cut off loses what is left of it.
            rf"-----BEGIN {_KEY_NAME}-----(?P<secret>.*?)(?=-----END {_KEY_NAME}|\Z)",
            re.S,
        ),
    ),
    Form(
        "pem",
        ("PRIVATE KEY",),
        re.compile(
            rf"(?P<secret>(?:[A-Za-z0-9+/=]{{16,}}(?:\s|\\r|\\n)*)+)(?=-----END {_KEY_NAME})"
        ),
    ),
    Form("pem", ("AGE-SECRET-KEY-",), re.compile(r"AGE-SECRET-KEY-(?P<secret>[A-Z0-9]{20,})")),
    Form(
        "userinfo",
        (":x-oauth-basic@",),
        re.compile(  # GitHub takes a token for the user
            r"://(?P<secret>[^\s/?#:@\"'<>]{1,400}):x-oauth-basic@"
        ),
    ),
    Form(
        "userinfo",
        ("://",),
        re.compile(
            rf"[A-Za-z][A-Za-z0-9+.\-]{{0,30}}://[^\s/?#:@\"'<>]{{0,200}}:{_NO_FIELD}(?P<secret>[^\s/?#\"'<>]{{1,400}})@"
        ),
    ),
    Form(
        "userinfo",
        ("://",),
        re.compile(  # a slash, a hash or a quote that should be escaped
            r"[A-Za-z][A-Za-z0-9+.\-]{0,30}://[^\s/?#:@\"'<>]{1,100}:(?!\d{1,5}[/?#])"
            r"(?P<secret>[^\s@]{1,200})@(?=[A-Za-z0-9.\-]+(?::\d+)?(?:[/?#\s\"']|$))"
        ),
    ),
    Form(
        "userinfo",
        ("://",),
        re.compile(
            r"[A-Za-z][A-Za-z0-9+.\-]{0,30}://(?P<secret>(?=[A-Za-z]{0,60}[^A-Za-z])[^\s/?#:@\"'<>]{16,400})@"
        ),
    ),
    Form(
        "userinfo",
        ("netloc=",),
        re.compile(r"\bnetloc=['\"][^\s'\"@:]{0,200}:(?P<secret>[^\s'\"@]{1,400})@"),
    ),
    Form(
        "userinfo",
        ("@//",),
        re.compile(  # Oracle's easy connect
            r"(?<![\w/@:.\-])[A-Za-z]\w{0,40}/(?P<secret>[^\s/@\"']{1,100})@//[\w.\-]+(?::\d+)?/"
        ),
    ),
    Form(
        "userinfo",
        ("jdbc:oracle",),
        re.compile(r"jdbc:oracle:\w{1,10}:[^/\s@]{1,100}/(?P<secret>[^\s@]{1,200})@"),
    ),
    Form(
        "userinfo",
        (":5432:", ":5433:", ":6432:", ":*:"),
        re.compile(  # a line of PostgreSQL's .pgpass
            r"(?<![^\s\"'])[\w.\-*]{1,100}:(?:543[23]|6432|\*):[\w.\-*]{1,63}:[\w.\-*]{1,63}:"
            r"(?P<secret>(?=[^\s\"':]{0,60}\d)(?=[^\s\"':]{0,60}[A-Za-z])[^\s\"':]{4,200})(?![^\s\"'])"
        ),
    ),
    Form(
        "authorization",
        ("earer", "asic", "EARER", "ASIC", "egotiate", "igest", "piKey", "Bot "),
        re.compile(
            r"\b(?:[Bb]earer|BEARER|[Bb]asic|BASIC|[Nn]egotiate|ApiKey|Bot)\s{1,4}"
            rf"(?P<secret>(?=[A-Za-z+/_\-.~]*[0-9=]|[A-Za-z]*[a-z][A-Z]){_B64}{{8,}})"
        ),
    ),
    Form(
        "authorization",
        ("oken ", "WT "),
        re.compile(rf"\b(?:[Tt]oken|JWT)\s(?!--)(?P<secret>(?=[A-Za-z+/_\-.~]*\d){_B64}{{16,}})"),
    ),
    Form(
        "authorization",
        ("igest username=",),
        re.compile(r"igest username=[^\n]{0,400}?\bresponse=\\{0,2}\"(?P<secret>[0-9a-f]{32,128})"),
    ),
    Form(
        "authorization",
        ("AWS4-HMAC-",),
        re.compile(r"AWS4-HMAC-SHA256[^\n]{0,400}?\bSignature=(?P<secret>[0-9a-f]{64})"),
    ),
    Form(
        "authorization",
        ("SSWS ", "GenieKey ", "Splunk ", "DPoP "),
        re.compile(
            rf"\b(?:SSWS|GenieKey|Splunk|DPoP)\s(?P<secret>(?=[^\s\d]{{0,60}}\d){_B64}{{16,}})"
        ),
    ),
    Form(
        "jwt",
        ("eyJ", "ewog"),
        re.compile(
            r"(?<![A-Za-z0-9_-])(?P<secret>e[wy][A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*(?:\.[A-Za-z0-9_\-]*){0,3})"
            r"(?<=[A-Za-z0-9_\-.]{20})"
        ),
    ),
    Form(
        "password hash",
        ("$",),
        re.compile(
            r"\b(?:pbkdf2_sha(?:1|256|512)|argon2|bcrypt(?:_sha256)?|scrypt|(?:unsalted_)?md5|"
            r"(?:unsalted_)?sha1|crypt)\$(?P<secret>[^\s\"'<>;)\]}]{8,})"
        ),
    ),
    Form(
        "password hash",
        ("$",),
        re.compile(
            r"(?<!\w)\$(?:2[abxy]|argon2(?:id|i|d)|scrypt|[156y]|sha1|pbkdf2(?:-sha\d+)?|apr1|bcrypt-sha256)"
            r"\$(?P<secret>[^\s\"'<>;)\]}]{8,})"
        ),
    ),
    Form(
        "password hash",
        ("scrypt:", "pbkdf2:"),
        re.compile(
            r"\b(?:scrypt|pbkdf2:\w{1,10})(?::\d{1,8}){1,3}\$(?P<secret>[\w./+=]{4,64}\$[0-9a-f]{40,})"
        ),
    ),
    Form(
        "password hash",
        ("SHA", "MD5"),
        re.compile(
            r"\{(?:SSHA|SHA|SMD5|MD5|SSHA256|SSHA512|CRYPT)\}(?P<secret>[A-Za-z0-9+/=]{16,})"
        ),
    ),
    Form(
        "reset token",
        ("-",),
        re.compile(
            r"(?<![A-Za-z0-9_-])(?P<secret>[0-9a-z]{5,8}-(?:[0-9a-f]{32}|[0-9a-f]{20}))(?![A-Za-z0-9-])"
        ),
    ),
    Form(
        "reset token",
        ("/",),
        re.compile(
            r"/(?:(?:password|passwd)[_-]?re(?:set|covery)|re(?:set|cover)(?:[_-]?password)?|"
            r"activat(?:e|ion)|verif(?:y|ication)(?:[_-]?email)?|(?:email[_-])?confirm(?:[_-]?email)?|"
            r"invit(?:e|ation)s?|magic(?:[_-]?(?:link|login))?|login[_-]link|tokens?|unsubscribe)/"
            r"(?P<secret>(?=[A-Za-z_\-]*\d)(?=[\d_\-]*[A-Za-z])(?![0-9a-f]{8}-)[A-Za-z0-9_\-]{20,})"
        ),
    ),
    Form(
        "signed value",
        (":",),
        re.compile(
            r"(?P<secret>[^\s:\"'=&;/]{1,200}:[0-9A-Za-z]{6}:[A-Za-z0-9_\-]{43})(?![A-Za-z0-9_-])"
        ),
    ),
    Form(
        "session key",
        ("contrib.sessions.ca",),
        re.compile(r"contrib\.sessions\.cache(?:d_db)?(?P<secret>[a-z0-9]{32})"),
    ),
    Form(
        "vendor token",
        ("telegram.org/",),
        re.compile(r"telegram\.org/(?:file/)?bot(?P<secret>[\w:\-]{20,})"),
    ),
    Form(
        "webhook",
        ("/services/", "/webhook", "webhook.office", "hooks.", "hook.", "/with/key/"),
        re.compile(
            r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|"
            r"(?:webhook|outlook)\.office(?:365)?\.com/webhook(?:b2)?/|hooks\.zapier\.com/hooks/|"
            r"hook\.\w{2,4}\d?\.make\.com/|maker\.ifttt\.com/trigger/[^/\s]{1,100}/with/key/)"
            r"(?P<secret>[\w\-/@]{8,})"
        ),
    ),
)


def scrub(text: str, found: Findings) -> str:
    """``text`` without the secrets that have a known form."""
    for rule, needles, pattern in FORMS:
        for needle in needles:
            if needle in text:
                text = found.replace(rule, pattern, text)
                break
    return text
