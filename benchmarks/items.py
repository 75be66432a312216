"""Items of real runs of the SDK: an error of about 50 KB, a transaction with 100 spans, a message.

They are as alike as the items of one process are. What the process and its code decide comes back:
SDK, modules, server name, release, environment; functions, source lines and the names of variables;
names of headers, keys of contexts, categories of breadcrumbs, operations of spans. What a request
decides is different each time: ids, addresses of objects, numbers, times, amounts, names, cookies,
tokens, the ends of URLs and the numbers in SQL. The frames of an error are those of eight functions
with different variables, as in a stack through a framework; were they of one, the walk could take
them together.
"""

import random
import uuid
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport


class _Keep(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.items += [item.payload.json for item in envelope.items if item.payload.json]


def _start() -> _Keep:
    transport = _Keep()
    sentry_sdk.init(
        transport=transport,
        auto_enabling_integrations=False,
        traces_sample_rate=1.0,
        event_scrubber=False,
        send_default_pii=True,
        max_breadcrumbs=40,
    )
    return transport


def _order(rng: random.Random) -> dict[str, Any]:
    return {
        "id": rng.randrange(10**6),
        "number": f"2026-{rng.randrange(10**6):06}",
        "customer": rng.choice(["Ada Lovelace", "Alan Turing", "Grace Hopper", "Edsger Dijkstra"]),
        "lines": [
            {
                "sku": f"SKU-{rng.randrange(10**5)}",
                "quantity": rng.randrange(9),
                "price": rng.random() * 99,
            }
            for _ in range(4)
        ],
        "note": "leave the parcel at the door, please",
        "created": f"2026-11-{rng.randrange(10, 28)}T10:{rng.randrange(10, 59)}:00+00:00",
    }


class _Shop:
    """Stands for the objects that a method's frame shows: their repr. Its methods call each other
    in a circle, ``left`` more times.
    """

    def __init__(self, rng: random.Random) -> None:
        self.number = rng.randrange(10**6)
        self.rng = rng

    def __repr__(self) -> str:
        return f"<Shop: payments of shop {self.number}>"

    def dispatch(self, left: int, order: Any) -> None:
        request = f"<WSGIRequest: POST '/checkout/{self.number}/'>"
        callback, callback_args = self.dispatch, ()
        callback_kwargs = {"step": left, "basket": order["id"]}
        self.validate(left - 1, [request, callback, callback_args, callback_kwargs, order])

    def validate(self, left: int, form: Any) -> None:
        cleaned_data = {**form[-1], "accepted": True, "voucher": ""}
        errors: dict[str, Any] = {}
        is_bound = True
        self.checkout(left - 1, cleaned_data if is_bound and not errors else {})

    def checkout(self, left: int, order: Any) -> None:
        lines = order["lines"]
        total = sum(line["price"] * line["quantity"] for line in lines)
        description = f"order {order['number']} for {order['customer']}, {total:.2f} EUR"
        self.charge(left - 1, order, description)

    def charge(self, left: int, order: Any, description: str) -> None:
        headers = {
            "Accept": "application/json",
            "X-Request-Id": str(uuid.UUID(int=self.rng.getrandbits(128))),
        }
        url = f"https://payments.example.com/v1/charges/{self.number}?expand=lines&page={left}"
        attempts, timeout, last = left % 3, 2.5, None
        if left <= 0:
            raise RuntimeError(
                f"{description}: declined ({url}, {len(headers)}, {attempts}, {timeout}, {last})"
            )
        self.execute(left - 1, order)

    def execute(self, left: int, order: Any) -> None:
        sql = f"SELECT id, number, total FROM shop_order WHERE customer_id = {self.number} LIMIT 21"
        params = [order["id"], order["number"], left]
        queryset = f"<QuerySet [<Order: {self.number}>, <Order: {self.number + left}>]>"
        many = executor = None
        self.render(left - 1, {"order": order, "rows": [sql, params, queryset, many, executor]})

    def render(self, left: int, context: dict[str, Any]) -> None:
        template_name, using = "shop/confirmation.html", "django"
        now = f"2026-11-{self.rng.randrange(10, 28)} 10:00:00.{self.rng.randrange(10**6):06}"
        self.retry(left - 1, {**context, "now": now, "template": (template_name, using)})

    def retry(self, left: int, context: dict[str, Any]) -> None:
        delays, jitter = [0.1, 0.4, 1.6], self.rng.random()
        idempotency = str(uuid.UUID(int=self.rng.getrandbits(128)))
        self.send(left - 1, context["order"], idempotency, delays[0] + jitter)

    def send(self, left: int, order: Any, idempotency: str, wait: float) -> None:
        body = f'{{"order": "{order["number"]}", "amount": {self.rng.randrange(10**5)}}}'
        connection = f"<HTTPSConnection(host='payments.example.com', port={443 + left})>"
        retries, redirect, is_sent = 3, False, bool(body and connection and idempotency and wait)
        self.dispatch(left - 1, order if is_sent and retries and not redirect else None)


def _request(event: dict[str, Any], hint: Any, rng: random.Random) -> dict[str, Any]:
    event["request"] = {
        "url": "https://shop.example.com/checkout/",
        "method": "POST",
        "query_string": f"step=3&basket={rng.randrange(10**6)}",
        "headers": {
            "Host": "shop.example.com",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "en-GB,en;q=0.5",
            "Cookie": f"sessionid={rng.getrandbits(120):x}; csrftoken={rng.getrandbits(99):x}; a=b",
            "X-Forwarded-For": f"198.51.100.{rng.randrange(255)}",
        },
        "cookies": {"sessionid": f"{rng.getrandbits(120):x}", "theme": "dark"},
        "data": {**_order(rng), "password": f"p4{rng.getrandbits(60):x}"},
        "env": {"SERVER_NAME": "shop.example.com", "SERVER_PORT": "443"},
    }
    event["user"] = {
        "id": str(rng.randrange(10**5)),
        "email": f"user{rng.randrange(999)}@example.com",
    }
    return event


def error(rng: random.Random) -> dict[str, Any]:
    """An error with 21 frames, their variables, 40 breadcrumbs and a request."""
    transport = _start()
    sentry_sdk.get_isolation_scope().clear_breadcrumbs()
    with sentry_sdk.new_scope() as scope:
        scope.add_event_processor(lambda event, hint: _request(event, hint, rng))
        for _ in range(40):
            scope.add_breadcrumb(
                category="query",
                type="default",
                timestamp="2026-11-24T01:02:03Z",
                message=f"SELECT * FROM shop_order WHERE id = {rng.randrange(10**6)}",
                data={"db.system": "postgresql", "duration_ms": rng.random()},
            )
        try:
            _Shop(rng).dispatch(19, _order(rng))
        except RuntimeError:
            sentry_sdk.capture_exception()
    return transport.items[-1]


def transaction(rng: random.Random) -> dict[str, Any]:
    """A transaction with 100 spans: queries, cache, templates."""
    transport = _start()
    sentry_sdk.get_isolation_scope().clear_breadcrumbs()
    with sentry_sdk.start_transaction(op="http.server", name="/checkout/{step}/") as running:
        for number in range(100):
            kind = number % 4
            op, name = (
                (
                    "db",
                    f"SELECT id, name FROM shop_product WHERE category_id = {rng.randrange(999)}",
                ),
                ("db", "UPDATE shop_basket SET total = %s WHERE shop_basket.id = %s"),
                ("cache.get", f"product:{rng.randrange(9999)}"),
                ("template.render", "shop/line.html"),
            )[kind]
            with sentry_sdk.start_span(op=op, name=name, origin="auto.db.django") as span:
                span.set_data("db.system", "postgresql")
                span.set_data("server.address", "db.internal")
                span.set_data("server.port", 5432)
                span.set_data("db.rows", rng.randrange(99))
        running.set_tag("http.status_code", "200")
    return transport.items[-1]


def message(rng: random.Random) -> dict[str, Any]:
    """A small message."""
    transport = _start()
    sentry_sdk.get_isolation_scope().clear_breadcrumbs()
    sentry_sdk.capture_message(
        f"basket {rng.randrange(10**6)} was left after {rng.randrange(99)} minutes"
    )
    return transport.items[-1]


MAKERS = {"error": error, "transaction": transaction, "message": message}


def variants(name: str, count: int) -> list[dict[str, Any]]:
    """``count`` items of the same kind with different values, as the transport is given them."""
    rng = random.Random(name)
    return [MAKERS[name](rng) for _ in range(count)]
