"""The public leak corpus: what it holds, and whether something of it leaked.

The corpus stays packed: text that looks like a secret would stop a contributor's push.
"""

import base64
import html
import json
import tarfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

ARCHIVE = Path(__file__).parents[1] / "data" / "leaks-public.tar.gz"

Scrub = Callable[[Any], Any]


@lru_cache(maxsize=1)
def corpus() -> dict[str, Any]:
    """``items``, ``pairs``, ``texts`` and ``canaries``."""
    with tarfile.open(ARCHIVE) as archive:
        texts = {
            Path(member.name).name: file.read().decode()
            for member in archive
            if (file := archive.extractfile(member)) is not None
        }
    return {
        "items": [json.loads(line) for line in texts["items.jsonl"].splitlines()],
        **{name: json.loads(texts[f"{name}.json"]) for name in ("pairs", "texts", "canaries")},
    }


def known_secrets() -> list[str]:
    """What Django's settings held when the items were captured."""
    return [
        entry["value"] for entry in corpus()["canaries"] if entry["category"].startswith("known:")
    ]


@lru_cache(maxsize=4096)
def spellings(secret: str) -> frozenset[str]:
    """How ``secret`` may be written in an envelope."""
    raw = secret.encode()
    found = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    found |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    found |= {repr(secret)[1:-1], html.escape(secret), raw.hex()}
    found |= {
        base64.b64encode(raw[i:]).decode().rstrip("=")[2:-2] for i in range(3) if raw[i + 9 :]
    }
    digits = "".join(filter(str.isdigit, secret))
    if len(digits) > 8 and len(digits) > len(secret) * 0.7:
        found.add(digits)
    if len(secret) >= 16:
        most = -(-len(secret) * 6 // 10)
        found |= {secret[:most], secret[-most:]}
    return frozenset(found)


def leaks(secret: str, data: Any) -> bool:
    """Whether ``secret`` can be read somewhere in ``data``, keys included."""
    text = data if isinstance(data, str) else "\n".join(_strings(data))
    return any(spelling in text for spelling in spellings(secret))


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield str(key)
            yield from _strings(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _strings(value)
    else:
        yield str(data)


def check_items(scrub: Scrub) -> tuple[list[str], list[str], int, int]:
    """Names of leaks and of lost survivors, and how many there were to check of each."""
    bad, lost, secrets, survivors = [], [], 0, 0
    for item in corpus()["items"]:
        after = scrub(item["payload"])
        for entry in item["must_not_contain"]:
            secrets += 1
            if leaks(entry["value"], after):
                bad.append(f"item {item['record']} {entry['canary']} {entry['found_at']}")
        before_text, text = "\n".join(_strings(item["payload"])), "\n".join(_strings(after))
        for entry in item["must_survive"]:
            if entry["strength"] != "must" or str(entry["value"]) not in before_text:
                continue
            survivors += 1
            if str(entry["value"]) not in text:
                lost.append(f"item {item['record']} {entry['benign']} {entry.get('key')}")
    return bad, lost, secrets, survivors


def check_entries(
    name: str, as_data: Callable[[dict[str, Any]], Any], scrub: Scrub
) -> tuple[list[str], list[str], int, int]:
    """The same for pairs or texts; ``as_data`` makes the data that is scrubbed."""
    bad, lost, secrets, survivors = [], [], 0, 0
    for entry in corpus()[name]:
        if entry.get("category") == "text:cli" and entry["text"] == entry["must_not_contain"]:
            continue  # the value of an option, without the option: nothing says what it is
        data = as_data(entry)
        after = scrub(data)
        if entry["expect"] == "scrubbed":
            secrets += 1
            if leaks(entry["must_not_contain"], after):
                bad.append(entry["id"])
        elif entry["strength"] == "must":
            survivors += 1
            if after != data:
                lost.append(entry["id"])
    return bad, lost, secrets, survivors
