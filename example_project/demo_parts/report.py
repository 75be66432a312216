"""What arrived, as lines for a person."""

from collections import Counter
from collections.abc import Iterable, Iterator

from demo_parts.inbox import Arrived, Drop, Json
from demo_parts.terminal import Terminal, shortened
from demo_parts.tree import Tree
from demo_parts.wire import (
    error_of,
    error_value,
    innermost_frame,
    local_variables,
    trace_of,
)

SHOWN_CRUMBS = 8
LABEL_WIDTH = 13

REASONS = {
    "ignored_url": "the address is one of IGNORED_URLS",
    "ignored_error": "the error is one of IGNORED_ERRORS",
    "ignored_logger": "the logger is one of IGNORED_LOGGERS",
    "ignored_transaction": "the name is one of IGNORED_TRANSACTIONS",
    "test_user": "the user's e-mail address is one of TEST_USER_EMAILS",
    "repeated": "it was met again while Django answered for it",
    "sampled_out": "the sample rate decided so",
    "hook": "a hook of the project decided so",
}


def report(arrived: Arrived, terminal: Terminal) -> None:
    """Print everything."""
    terminal.heading(f"Errors and messages: {len(arrived.events)}")
    terminal.show(errors(arrived.events, terminal))
    terminal.heading(f"Transactions with their spans: {len(arrived.transactions)}")
    terminal.show(Tree(arrived.transactions, terminal).lines())
    terminal.heading("Dropped, and why")
    terminal.show(drops(arrived.drops, terminal))
    if arrived.others:
        counted = ", ".join(f"{count} x {kind}" for kind, count in arrived.others.items())
        terminal.show(["", f"Other items that arrived: {counted}"])


def errors(events: Iterable[Json], terminal: Terminal) -> Iterator[str]:
    """A block of lines for each event."""
    for event in events:
        kind = error_of(event).get("type") or f"Message ({event.get('level')})"
        yield f"\n{terminal.paint('red', str(kind))}: {error_value(event)}"
        for label, text in _facts(event):
            shown = shortened(text, terminal.width - LABEL_WIDTH - 2)
            yield f"  {terminal.paint('dim', label.ljust(LABEL_WIDTH))}{shown}"


def drops(dropped: Iterable[Drop], terminal: Terminal) -> Iterator[str]:
    """A line for each category, name and reason, with how often it occurred.

    Spans are left out, because they go with their transaction.
    """
    for drop, count in Counter(drop for drop in dropped if drop.category != "span").items():
        why = REASONS.get(drop.reason, "the SDK decided so")
        what = f"{count} x {drop.category} {drop.what}"
        yield f"  {what:<28} {terminal.paint('yellow', f'{drop.reason:<16}')} {why}"


def _facts(event: Json) -> Iterator[tuple[str, str]]:
    """What a person wants to know about an event, as labels and texts."""
    frame = innermost_frame(event)
    if frame:
        yield "where", f"{frame.get('module')}.{frame.get('function')}, line {frame.get('lineno')}"
    if event.get("transaction"):
        yield "transaction", str(event["transaction"])
    if request := event.get("request"):
        yield "request", f"{request.get('method')} {request.get('url')}"
        if request.get("data"):
            yield "form", _pairs(request["data"])
    yield "user", _pairs(event.get("user") or {}) or "nobody"
    yield "release", f"{event.get('release')}, environment {event.get('environment')}"
    if variables := local_variables(event):
        yield "variables", _pairs(variables)
    yield "trace", trace_of(event)[:8]
    for number, crumb in enumerate(_crumbs(event)):
        yield "" if number else "breadcrumbs", crumb


def _crumbs(event: Json) -> list[str]:
    crumbs = (event.get("breadcrumbs") or {}).get("values") or []
    return [
        f"{crumb.get('category', ''):<12} {crumb.get('message', '')} "
        f"{_pairs(crumb.get('data') or {})}".rstrip()
        for crumb in crumbs[-SHOWN_CRUMBS:]
    ]


def _pairs(data: object) -> str:
    if not isinstance(data, dict):
        return str(data)
    return ", ".join(f"{key} = {value}" for key, value in data.items())
