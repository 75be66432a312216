"""Which keys hold a secret: decided by the words that a key is made of, never by substrings.

A key is secret if, after words without meaning are taken off its end, it ends in the words of one
of the fields: ``userPassword``, ``X-Api-Key``, ``db_password_1`` do; ``token_count``,
``primary_key``, ``secretary`` do not. Lower-case compounds (``dbpassword``, ``csrftoken``) are
recognised by the few fields that end no other word.
"""

# ruff: noqa: SIM905 (a text of words is easier to read than a list)
import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+|[0-9]+")
#: What a key belongs to: ``user:1:``.
_OUTER = re.compile(r".*[.:](?=[^\W\d])", re.S)
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+")

#: A key that ends in one of these still holds what the words before it say.
_WITHOUT_MEANING = frozenset(
    "again b64 base64 bytes confirm confirmation confirmed current data decoded digest enc encoded "
    "encrypted fallback fallbacks hash hashed hex json new old original pem phrase plain plaintext "
    "prev previous primary raw repeat repeated salt secondary str string text tmp v val value "
    "values".split()
)

#: Where a secret is used: it follows the name of a secret too (``api_key_live``).
_PLACES = frozenset(
    "backup default dev legacy live local prod production root sandbox stage staging".split()
)
#: But not these, which have other meanings (``session_local``, ``auth_default``).
_WITHOUT_PLACE = frozenset("auth cookie cookies csrf dsn pin salt session".split())

#: A key that begins with one of these is a flag.
_FLAGS = frozenset(
    "allow can disable enable forgot has hide is must need needs require requires should show use "
    "uses".split()
)

#: Fields that no English word ends in: they are recognised within a word without any mark.
_COMPOUNDS = (
    "password passwd pwd passphrase passcode secret token apikey authkey secretkey privatekey "
    "accesskey signingkey encryptionkey creditcard cardnumber authorization credentials jwt "
    "sessionid sessionkey setcookie cvc cvv"
).split()

#: ``pass`` ends many words, but after these it is a password.
_BEFORE_PASS = frozenset(
    "admin api app auth db email ftp http key ldap login mail mongo my mysql new old pg postgres "
    "proxy rabbit redis root smtp sql ssh store sudo user vpn web wifi".split()
)

#: Secret as a whole key only: ``sid``, but not ``account_sid``.
_ALONE = frozenset({"sid"})
#: What Twilio calls ``sid``: the kind of a resource, and its number.
_RESOURCE = re.compile(r"[A-Z]{2}[0-9a-f]{32}")

#: ``pin`` ends some words, but after these it is a number.
_BEFORE_PIN = frozenset("atm card customer debit login new old sim unlock user".split())

#: ``tokens`` is a list of tokens, but these count the tokens of a language model.
_COUNTED = frozenset(
    "audio average avg billable bonus cache cached completion eval expected generated image input "
    "max maximum min n new num number of output prompt reasoning remaining sampled spent stop text "
    "thinking total used visible".split()
)

#: Tokens of a text, a design or a list of results, and no secrets.
_NO_SECRET_TOKEN = frozenset(
    "bos cancellation cls continuation design eos first mask next pad page sep stop unexpected unk"
    "".split()
)

#: ``pass`` is a password, but not in these.
_NO_PASSWORD = frozenset(
    "band boarding bus by by fast first high low mountain multi one pre season second single ski "
    "test train two".split()
)


def words(key: str) -> tuple[str, ...]:
    """The words of ``key``, in lower case, from camel, kebab, snake or upper case.

    >>> words("userPassword"), words("X-Api-Key"), words("db_password_1")
    (('user', 'password'), ('x', 'api', 'key'), ('db', 'password', '1'))
    """
    if not key.isascii():
        key = unicodedata.normalize("NFKC", key)
    elif key.islower() and key.isalpha():
        return (key,)
    found = []
    for word in _WORD.findall(key):
        found += [word] if word.islower() or word.isupper() else _CAMEL.findall(word)
    return tuple(word.casefold() for word in found)


def is_name_of_resource(key: str, value: str) -> bool:
    """Whether ``value`` is no secret, though ``key`` may be the name of a session's."""
    return key.lower() == "sid" and _RESOURCE.fullmatch(value) is not None


class SecretKeys:
    """Decides for each key, and remembers the verdict.

    A key is never secret if it is one of ``allow``.
    """

    #: Verdicts kept; a site has some thousand keys, hostile input any number.
    MAX_VERDICTS = 10_000

    def __init__(self, fields: Iterable[str], allow: Iterable[str] = ()) -> None:
        self._fields = {words(field) for field in fields} - {()}
        self.fields = frozenset(self._fields)
        self._allow = {words(field) for field in allow}
        self._longest = max(map(len, self._fields), default=0)
        known = {"".join(field) for field in self._fields}
        self._compounds = tuple(word for word in _COMPOUNDS if word in known)
        self._compound = re.compile(
            f"(?:{'|'.join(self._compounds)})(?:{'|'.join(_WITHOUT_MEANING)})?\\Z"
        )
        self._verdicts: dict[str, bool] = {}

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = not _is_flag(key[-100:]) and self._is_secret(words(key[-100:]))
            if len(self._verdicts) < self.MAX_VERDICTS and len(key) <= 100:
                self._verdicts[key] = verdict
        return verdict

    def _is_secret(self, key: tuple[str, ...]) -> bool:
        if self._is_allowed(key):
            return False
        while len(key) > 1 and (key[-1].isdecimal() or key[-1] in _WITHOUT_MEANING):
            if self._ends_in_field(key):
                return True
            key = key[:-1]
        return self._ends_in_field(key) or self._is_followed_by_place(key)

    def _is_followed_by_place(self, key: tuple[str, ...]) -> bool:
        return (
            len(key) > 1
            and key[-1] in _PLACES
            and key[-2] not in _WITHOUT_PLACE
            and self._ends_in_field(key[:-1])
        )

    def _is_allowed(self, key: tuple[str, ...]) -> bool:
        return bool(self._allow) and (key in self._allow or ("".join(key),) in self._allow)

    def _ends_in_field(self, key: tuple[str, ...]) -> bool:
        if not key or _is_harmless(key):
            return False
        if key[-1] in _ALONE and len(key) > 1 and key[-2:] not in self._fields:
            return False
        if any(key[-n:] in self._fields for n in range(1, min(len(key), self._longest) + 1)):
            return True
        last = key[-1]
        return (
            self._is_compound(last)
            or (last.endswith("pass") and last[:-4] in _BEFORE_PASS)
            or (last.endswith("pw") and last[:-2] in _BEFORE_PASS)
            or (last.endswith("pin") and last[:-3] in _BEFORE_PIN)
            or (last.endswith("s") and last != "pins" and self._is_plural(key))
        )

    def _is_compound(self, word: str) -> bool:
        return bool(self._compounds) and self._compound.search(word) is not None

    def _is_plural(self, key: tuple[str, ...]) -> bool:
        singular = key[-1][:-1]
        return (*key[:-1], singular) != key and (
            any((*key[-n:-1], singular) in self._fields for n in range(1, self._longest + 1))
            or self._is_compound(singular)
        )


def _is_flag(key: str) -> bool:
    """Whether ``key`` says yes or no: ``has_password``, ``user.has_password``."""
    return any(
        len(name) > 1 and name[0] in _FLAGS for name in (words(key), words(_OUTER.sub("", key)))
    )


def _is_harmless(key: tuple[str, ...]) -> bool:
    if key[-1] == "tokens":
        return not _COUNTED.isdisjoint(key[:-1])
    if key[-1] == "pass":
        return not _NO_PASSWORD.isdisjoint(key[:-1])
    if key[-1] == "token":
        return len(key) > 1 and key[-2] in _NO_SECRET_TOKEN
    return key[-1] == "sessions"
