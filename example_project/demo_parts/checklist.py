"""What the visits must have caused: one line and one test for each."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from demo_parts.inbox import Arrived, Json
from demo_parts.shop import ENVIRONMENT, RELEASE
from demo_parts.visits import CARD_NUMBER, VOUCHER
from demo_parts.wire import duration, error_value, local_variables, spans_of, trace_of

FILTERED = "[Filtered]"
ADA = "1"


@dataclass(frozen=True)
class Expectation:
    """One thing that the demo shows; ``is_met`` looks at what arrived."""

    label: str
    is_met: Callable[[Arrived], bool]


def expectations(secrets: Iterable[str]) -> list[Expectation]:
    """All that has to arrive, and what must not; ``secrets`` are texts that stay at home."""
    hidden = (*secrets, CARD_NUMBER, CARD_NUMBER.replace(" ", "+"), VOUCHER)
    return [
        *(Expectation(label, is_met) for label, is_met in _EXPECTED.items()),
        Expectation(
            "neither the card's number nor the voucher nor a password is anywhere",
            lambda arrived: not any(secret in _text_of(arrived) for secret in hidden),
        ),
    ]


def _checkout_error(arrived: Arrived) -> bool:
    event = _event(arrived, "the bank declined the card that ends in 4444")
    return _user_id(event) == ADA and event.get("transaction") == "/checkout/"


def _trail(arrived: Arrived) -> bool:
    event = _event(arrived, "the bank declined the card that ends in 4444")
    crumbs = (event.get("breadcrumbs") or {}).get("values") or []
    return {"request", "user_action", "query"} <= {crumb.get("category") for crumb in crumbs}


def _scrubbed(arrived: Arrived) -> bool:
    event = _event(arrived, "the bank declined the card that ends in 4444")
    form = (event.get("request") or {}).get("data") or {}
    local = local_variables(event).get("card_number")
    return local == FILTERED and {form.get("card_number"), form.get("voucher")} == {FILTERED}


def _account_error(arrived: Arrived) -> bool:
    return _user_id(_event(arrived, "customer 1 has no address")) == ADA


def _message(arrived: Arrived) -> bool:
    levels = [event.get("level") for event in arrived.events if not event.get("exception")]
    return levels == ["warning"]


def _task_error(arrived: Arrived) -> bool:
    return "celery-job" in (_event(arrived, "the bank does not answer").get("extra") or {})


def _command_error(arrived: Arrived) -> bool:
    return bool(_event(arrived, "Test error for Sentry"))


def _release(arrived: Arrived) -> bool:
    told = {
        (item.get("release"), item.get("environment"))
        for item in arrived.events + arrived.transactions
    }
    return told == {(RELEASE, ENVIRONMENT)}


def _fast_page(arrived: Arrived) -> bool:
    return {"db", "template.render"} <= _operations(arrived, "/")


def _slow_page(arrived: Arrived) -> bool:
    return any(duration(page) > 1.0 for page in _transactions(arrived, "/report/"))


def _redis_page(arrived: Arrived) -> bool:
    return {"db.redis", "cache.get"} <= _operations(arrived, "/basket/")


def _tasks(arrived: Arrived) -> bool:
    tasks = ("send_receipt", "collect_payment", "update_stock")
    found = [_transactions(arrived, f"core.tasks.{task}") for task in tasks]
    traces = {trace_of(task) for runs in found for task in runs}
    pages = {trace_of(page) for page in _transactions(arrived, "/order/")}
    return all(found) and traces == pages


def _retry(arrived: Arrived) -> bool:
    runs = _transactions(arrived, "core.tasks.update_stock")
    return len(runs) == 2 and not _event(arrived, "the warehouse does not answer")


def _health(arrived: Arrived) -> bool:
    dropped = _has_dropped(arrived, "transaction", "ignored_url")
    return dropped and not _transactions(arrived, "/health/")


def _ignored_error(arrived: Arrived) -> bool:
    return _has_dropped(arrived, "error", "ignored_error") and not _event(arrived, "sold out")


def _test_user(arrived: Arrived) -> bool:
    dropped = [_has_dropped(arrived, kind, "test_user") for kind in ("error", "transaction")]
    return all(dropped) and not _event(arrived, "customer 2 has no address")


def _not_found(arrived: Arrived) -> bool:
    pages = _transactions(arrived, "/products/")
    return bool(pages) and not _event(arrived, "No Product matches")


_EXPECTED: dict[str, Callable[[Arrived], bool]] = {
    "the error of the checkout, with its user": _checkout_error,
    "its trail: the request, the click, the queries": _trail,
    "the card's number and the voucher as [Filtered]": _scrubbed,
    "the error of the account, with its user": _account_error,
    "the message of the slow report": _message,
    "the error of a Celery task": _task_error,
    "the error of a management command": _command_error,
    "release and environment on everything": _release,
    "a page with its queries and its template": _fast_page,
    "the slow page": _slow_page,
    "Redis commands and cache accesses": _redis_page,
    "three tasks, in the trace of the page that sent them": _tasks,
    "the task that was tried again: two runs, no error": _retry,
    "dropped: the health page": _health,
    "dropped: an error that IGNORED_ERRORS names": _ignored_error,
    "dropped: what the test user did": _test_user,
    "a page that does not exist is no error": _not_found,
}


def _event(arrived: Arrived, text: str) -> Json:
    """The first error that says ``text``, or an empty dict."""
    return next((event for event in arrived.events if text in error_value(event)), {})


def _user_id(event: Json) -> str:
    return str((event.get("user") or {}).get("id"))


def _transactions(arrived: Arrived, name: str) -> list[Json]:
    """The transactions of this name; one that ends in a slash may go on with a parameter."""
    return [
        transaction
        for transaction in arrived.transactions
        if transaction["transaction"] in (name, f"{name}{{slug}}/")
    ]


def _operations(arrived: Arrived, name: str) -> set[str]:
    return {span["op"] for page in _transactions(arrived, name) for span in spans_of(page)}


def _has_dropped(arrived: Arrived, category: str, reason: str) -> bool:
    return any((drop.category, drop.reason) == (category, reason) for drop in arrived.drops)


def _text_of(arrived: Arrived) -> str:
    return json.dumps([arrived.events, arrived.transactions], ensure_ascii=False)
