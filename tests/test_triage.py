"""The triage lets no text pass that a rule would change."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sentry_app import defaults
from sentry_app.scrubbing.findings import Findings
from sentry_app.scrubbing.keys import SecretKeys
from sentry_app.scrubbing.rules import Rules
from sentry_app.scrubbing.triage import SEPARATOR, Triage
from tests.support import leaks

KEYS = SecretKeys(defaults.SCRUB_FIELDS)
RULES = Rules(KEYS, (), ip_addresses=True, emails=True)
VALUE = "zQ7" + "wRt2"


def missed(texts: list[str]) -> list[str]:
    triage = Triage(KEYS, ip_addresses=True)
    suspects = triage.suspects(texts, SEPARATOR.join(texts))
    return [
        text for text in texts if text not in suspects and RULES.scrub(text, Findings()) != text
    ]


def strings(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value)
    elif isinstance(data, str):
        yield data


@pytest.mark.parametrize(
    "spelling",
    [str.lower, str.upper, str.title, lambda field: field.replace("_", "-"),
     lambda field: field.title().replace("_", ""), lambda field: field.replace("_", "")],
)  # fmt: skip
def test_every_field_in_every_spelling(spelling: Any) -> None:
    names = [spelling(field) for field in defaults.SCRUB_FIELDS]
    texts = [f"{name}={VALUE}" for name in names] + [f"user_{name}s: '{VALUE}'" for name in names]
    assert missed(texts) == []


def test_every_text_of_the_corpus() -> None:
    corpus = leaks.corpus()
    texts = [*strings(corpus["items"]), *(entry["text"] for entry in corpus["texts"])]
    assert missed(list(dict.fromkeys([*texts, *map(json.dumps, texts)]))) == []
