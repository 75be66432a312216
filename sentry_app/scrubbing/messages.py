"""What is wrong with a secret is none: ``{'token': 'Invalid token'}``, as forms and APIs say it.

A message is words only, without a digit, and complains: in a sentence (``The token has expired.``)
or with its first word (``Invalid token``). The words are those of the messages of Django, of
Django REST framework and its packages for tokens.
"""

import re

#: Letters and digits mixed, in one word.
RANDOM = re.compile(r"(?<!\w)(?=[A-Za-z_\-]*\d)(?=[\d_\-]*[A-Za-z])[\w\-.~]{6,}(?!\w)")

_SENTENCE = re.compile(
    r"(?=.*\b(?:are|be|can|cannot|didn.t|does|doesn.t|expired|has|have|incorrect|invalid|is|may|must"
    r"|not|required|valid)\b|Invalid|Incorrect|Expired)[A-Z][a-z].*\."
)
_WORDS = re.compile(r"[A-Za-z'\u2019]{1,30}(?:[ ,;:\-]{1,2}[A-Za-z'\u2019]{1,30}){1,15}[.!]?")
#: What a message begins with, or ends with after a verb.
_COMPLAINT = re.compile(
    r"(?:bad|empty|expired|incorrect|invalid|malformed|missing|no|revoked|unknown|unsupported|wrong)\s"
    r"(?:\S+\s){0,4}(?:auth|code|cookie|credential|csrf|format|hash|header|id|input|key|length|login|otp"
    r"|passphrase|password|pin|secret|session|signature|string|token|type|user|value)s?\b"
    r"|too (?:common|long|short|similar|weak)[.!]?\Z"
    r"|.*\b(?:are|be|been|can|cannot|could|do|does|has|have|is|may|must|should|was|were)(?:n['\u2019]t)?\s"
    r"(?:.*\s)?(?:allowed|blacklisted|blank|common|correct|denied|disabled|empty|entered|exist|expired"
    r"|found|given|incorrect|invalid|known|locked|long|match|missing|null|provided|required|revoked"
    r"|set|short|similar|supported|unique|unknown|used|valid|weak|wrong)\b"
    r"|(?:.*\s)?(?:not (?:found|given|provided|set|valid)|expired|mismatch|missing|required)"
    r"[.!]?\Z",
    re.I,
)
#: A literal of mixed letters within it: ``Invalid value: 'xYzzABcdE'``.
_MIXED = re.compile(r"['\"](?=\w*[A-Z]{2})[a-z]*(?:[A-Z]+[a-z]+){3,}[A-Z]*['\"]")
_LITERAL = re.compile(r"'[^'\"\n]*'|\"[^\"\n]*\"")
_CODE = re.compile(r"[a-z]{1,12}")
_LONGEST = 2_000


def is_complaint(text: str) -> bool:
    """Whether ``text`` says what is wrong with a value, and is not the value itself."""
    text = text[:_LONGEST]
    if _MIXED.search(text):
        return False
    if _SENTENCE.fullmatch(text):
        return not RANDOM.search(text)
    return len(text) <= 200 and _WORDS.fullmatch(text) is not None and bool(_COMPLAINT.match(text))


def are_complaints(text: str) -> bool:
    """Whether ``text`` is a list, and all that stands in it says what is wrong."""
    text = text[:_LONGEST]
    literals = [literal[1:-1] for literal in _LITERAL.findall(text)]
    rest = _LITERAL.sub("", text).replace("ErrorDetail(string=", "").replace("code=", "")
    return (
        not rest.strip("[](), ")
        and any(map(is_complaint, literals))
        and all(is_complaint(one) or _CODE.fullmatch(one) for one in literals)
        and not RANDOM.search(text)
    )
