"""Transactions with their spans as trees; a Celery task hangs on the span that sent it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from demo_parts.inbox import Json
from demo_parts.terminal import Terminal, shortened
from demo_parts.wire import duration, spans_of, started, trace_context, trace_of

OP_WIDTH = 20
DURATION_WIDTH = 11
MIN_WIDTH = 30


class Tree:
    """Knows the children of each span and transaction by the id of their parent."""

    def __init__(self, transactions: Iterable[Json], terminal: Terminal) -> None:
        self._terminal = terminal
        self._children: defaultdict[str, list[Json]] = defaultdict(list)
        self._roots: list[Json] = []
        transactions = sorted(transactions, key=started)
        known = {node_id for transaction in transactions for node_id in _ids(transaction)}
        for transaction in transactions:
            for span in spans_of(transaction):
                self._children[span["parent_span_id"]].append(span)
        for transaction in transactions:
            parent = trace_context(transaction).get("parent_span_id")
            (self._children[parent] if parent in known else self._roots).append(transaction)

    def lines(self) -> Iterator[str]:
        """Every transaction that no other one sent, with all that is below it."""
        for transaction in self._roots:
            yield ""
            yield self._line("", transaction)
            yield from self._below(transaction, "")

    def _below(self, node: Json, indent: str) -> Iterator[str]:
        children = self._children[_node_id(node)]
        for child in children:
            is_last = child is children[-1]
            yield self._line(f"{indent}{'└' if is_last else '├'}─ ", child)
            yield from self._below(child, indent + ("   " if is_last else "│  "))

    def _line(self, branches: str, node: Json) -> str:
        room = max(MIN_WIDTH, self._terminal.width - DURATION_WIDTH - len(branches))
        if "transaction" in node:
            title = self._terminal.paint("cyan", f"{shortened(_title(node), room):<{room}}")
        else:
            title = f"{node['op']:<{OP_WIDTH}} {node.get('description') or ''}"
            title = f"{shortened(title, room):<{room}}"
        return f"{branches}{title}{duration(node) * 1000:>{DURATION_WIDTH - 3}.1f} ms"


def _title(transaction: Json) -> str:
    context = trace_context(transaction)
    status = context.get("status") or "unknown"
    user = (transaction.get("user") or {}).get("id")
    facts = [str(context.get("op")), status, *([f"user {user}"] if user else [])]
    name = transaction["transaction"]
    return f"{name}  ({', '.join(facts)}, trace {trace_of(transaction)[:8]})"


def _ids(transaction: Json) -> list[str]:
    return [_node_id(transaction), *(span["span_id"] for span in spans_of(transaction))]


def _node_id(node: Json) -> str:
    return str(node.get("span_id") or trace_context(node).get("span_id"))
