"""Which keys hold a secret: decided by the words that a key is made of."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

#: A key that ends in one of these still holds what the word before it says.
_WITHOUT_MEANING = frozenset(
    {"confirm", "confirmation", "current", "new", "old", "raw", "repeat", "value"}
)


def words(key: str) -> tuple[str, ...]:
    """The words of ``key``, in lower case, from camel, kebab, snake or upper case.

    >>> words("userPassword"), words("X-Api-Key"), words("db_password_1")
    (('user', 'password'), ('x', 'api', 'key'), ('db', 'password', '1'))
    """
    return tuple(word.lower() for word in _WORD.findall(key))


class SecretKeys:
    """Decides for each key, and remembers the verdict.

    A key is secret if it ends in the words of one of ``fields``, so that ``userPassword`` is and
    ``token_count`` is not; never if it is one of ``allow``.
    """

    #: Verdicts kept; a site has some thousand keys, hostile input any number.
    MAX_VERDICTS = 10_000

    def __init__(self, fields: Iterable[str], allow: Iterable[str] = ()) -> None:
        self._fields = {words(field) for field in fields} - {()}
        self._allow = {words(field) for field in allow}
        self._longest = max(map(len, self._fields), default=0)
        self._verdicts: dict[str, bool] = {}

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._is_secret(words(key[-100:]))
            if len(self._verdicts) < self.MAX_VERDICTS:
                self._verdicts[key] = verdict
        return verdict

    def _is_secret(self, key_words: tuple[str, ...]) -> bool:
        if key_words in self._allow:
            return False
        while key_words and (key_words[-1].isdecimal() or key_words[-1] in _WITHOUT_MEANING):
            key_words = key_words[:-1]
        lengths = range(1, min(len(key_words), self._longest) + 1)
        return any(key_words[-length:] in self._fields for length in lengths)
