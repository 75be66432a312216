"""What an answer, an error or a loss means: from what was observed to a verdict."""

import json
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sentry_app.management.reasons import Verdict, verdict
from sentry_app.seams.transport import Exchange

#: Names of exception classes, the reason that they give, and how to say it; the first one counts.
#: Names, because urllib3, httpcore and PySocks each have classes of their own.
_ERRORS: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"ProxyError", "ProxyConnectionError", "GeneralProxyError", "SOCKS5AuthError"}),
        "proxy",
        "the proxy cannot be used: {cause}",
    ),
    (frozenset({"gaierror"}), "unresolved", "the name of {host} has no address: {cause}"),
    (frozenset({"SSLError"}), "tls", "no secure connection to {host}: {cause}"),
    (frozenset({"ConnectionRefusedError"}), "refused", "{host} refuses the connection"),
    (
        frozenset({"TimeoutError", "ConnectTimeoutError", "ReadTimeoutError"}),
        "timeout",
        "{host} did not answer in time",
    ),
    (frozenset({"ResponseError"}), "redirect", "{host} sends the request round in circles"),
    (
        frozenset({"ConnectionError", "ProtocolError"}),
        "disconnected",
        "{host} closed the connection without an answer",
    ),
    (frozenset({"OSError"}), "unreachable", "{host} cannot be reached: {cause}"),
    (frozenset({"Exception"}), "request_failed", "the request to {host} failed: {cause}"),
)

_STATUSES: Mapping[int, tuple[str, str]] = {
    400: ("unexpected_status", "the server refuses the request"),
    401: ("denied", "the server does not accept the key"),
    403: ("denied", "the server does not accept the key for this project"),
    404: ("not_found", "the server knows no such address or project"),
    407: ("proxy", "the proxy wants a user name and a password"),
    413: ("too_large", "the event is larger than the server allows"),
}


class Expected(NamedTuple):
    """What an answer is measured by.

    ``category`` is Sentry's word for the item, ``has_id`` whether Sentry's answer names it, and
    ``source`` where the DSN came from.
    """

    category: str
    has_id: bool
    source: object


def of_exchange(exchange: Exchange, expected: Expected) -> Verdict:
    """The verdict on one request."""
    if exchange.error is not None:
        return of_error(exchange.error, expected.source)
    if exchange.redirects or 300 <= (exchange.status or 0) < 400:
        return _of_redirected(exchange, expected)
    return _of_answer(exchange, expected)


def of_error(error: BaseException, source: object) -> Verdict:
    """The verdict on a request that was not answered, from the chain of its causes."""
    chain = list(_chain(error))
    # Base classes of the root only: urllib3's NewConnectionError is a TimeoutError, refused or not.
    names = {type(cause).__name__ for cause in chain}
    names.update(cls.__name__ for cls in type(chain[-1]).__mro__)
    reason, detail = next((reason, text) for wanted, reason, text in _ERRORS if names & wanted)
    detail = detail.format(host=_host(chain), cause=_said_by(chain[-1]))
    return verdict(reason, detail, source=source)


def limit(header: str, category: str) -> int | None:
    """How many seconds a header X-Sentry-Rate-Limits keeps ``category`` away, or None.

    >>> limit("60:error;transaction:organization, 7:log_item:key", "error")
    60
    >>> limit("30::project", "monitor"), limit("60:error:key", "monitor")
    (30, None)
    """
    found = [
        int(seconds) for seconds, categories in _limits(header) if _names(categories, category)
    ]
    return max(found, default=None)


def limited_for(exchange: Exchange, category: str) -> int | None:
    """How many seconds an answer keeps ``category`` away, by either header, or None."""
    seconds = limit(exchange.headers.get("x-sentry-rate-limits", ""), category)
    after = exchange.headers.get("retry-after", "")
    if seconds is None and exchange.status == 429 and after.isdecimal():
        return int(after)
    return seconds


def _of_redirected(exchange: Exchange, expected: Expected) -> Verdict:
    location = exchange.redirects[-1] if exchange.redirects else exchange.headers.get("location")
    target = urlsplit(location or "")
    place = f" to {target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else ""
    last = _of_answer(exchange, expected)
    if last.reason == "accepted":
        advice = f"{last.detail}, after a redirect{place}: put that into {expected.source}"
        return last._replace(detail=advice)
    detail = f"the server redirects{place}, where Sentry does not answer"
    return verdict("redirect", detail, source=expected.source, status=exchange.status)


def _of_answer(exchange: Exchange, expected: Expected) -> Verdict:
    status = exchange.status or 0
    if 200 <= status < 300:
        return _of_success(exchange, status, expected)
    if status == 429:
        return _of_limited(exchange, expected)
    reason, detail = _STATUSES.get(status, ("unexpected_status", "no answer that Sentry gives"))
    if status >= 500:
        reason, detail = "server_error", "the server, or a proxy before it, has failed"
    detail = f"HTTP {status}: {detail}{_said(exchange)}"
    return verdict(reason, detail, source=expected.source, status=status)


def _of_limited(exchange: Exchange, expected: Expected) -> Verdict:
    seconds = limited_for(exchange, expected.category)
    span = f"for {seconds} s" if seconds is not None else "for a time that it does not say"
    detail = f"HTTP 429: the server takes nothing {span}{_said(exchange)}"
    return verdict("too_many_requests", detail, status=429, seconds=seconds)


def _of_success(exchange: Exchange, status: int, expected: Expected) -> Verdict:
    reason, detail = _proof(exchange, expected)
    if reason != "accepted":
        return verdict(reason, f"HTTP {status} {detail}", source=expected.source, status=status)
    seconds = limited_for(exchange, expected.category)
    if seconds is not None:
        limited = f"HTTP {status}, but {expected.category} is rate limited for {seconds} s"
        return verdict("rate_limited", limited, status=status, seconds=seconds)
    return verdict("accepted", f"HTTP {status} {detail}", status=status)


def _proof(exchange: Exchange, expected: Expected) -> tuple[str, str]:
    """The reason that a 2xx gives by its body, and how to say it."""
    answer = _json(exchange.body)
    if answer is None:
        return "not_sentry", f"with {_kind_of(exchange)}"
    named = str(answer.get("id") or "").replace("-", "").lower()
    if named:
        ours = named == exchange.envelope.headers.get("event_id")
        return (
            ("accepted", "with this event's id")
            if ours
            else ("other_id", "with another event's id")
        )
    if expected.has_id:
        return "no_id", "without the event's id"
    return "accepted", "and a JSON object, as Sentry answers"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """``error`` and what caused it, the innermost last."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        reason = getattr(error, "reason", None)
        inner = reason if isinstance(reason, BaseException) else None
        error = inner or error.__cause__ or error.__context__


def _host(chain: list[BaseException]) -> str:
    """Host and port that were tried last, which a redirect may have named."""
    # Not getattr: where it is a property, urllib3 deprecates it.
    pool = vars(chain[0]).get("pool")
    return "the server" if pool is None else f"{pool.host}:{pool.port}"


def _said_by(cause: BaseException) -> str:
    """What the innermost cause says, without the address of any object."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    if isinstance(cause, OSError):
        return cause.strerror or str(cause) or type(cause).__name__
    return type(cause).__name__


def _limits(header: str) -> Iterator[tuple[str, str]]:
    for entry in header.split(","):
        seconds, _, rest = entry.strip().partition(":")
        if seconds.isdecimal():
            yield seconds, rest.partition(":")[0]


def _names(categories: str, category: str) -> bool:
    return not categories or category in categories.split(";")


def _json(body: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _kind_of(exchange: Exchange) -> str:
    if not exchange.body.strip():
        return "an empty body"
    kind = exchange.headers.get("content-type", "").partition(";")[0].strip()
    return "a page (HTML)" if "html" in kind else "a body that is no JSON object"


def _said(exchange: Exchange) -> str:
    """The server's own explanation: Relay's header, or what an API answers as ``detail``."""
    said = exchange.headers.get("x-sentry-error") or (_json(exchange.body) or {}).get("detail")
    text = " ".join(said.split()) if isinstance(said, str) else ""
    return f" ({text[:200]})" if text else ""
