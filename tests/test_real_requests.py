"""From a real server to the bytes that arrive: who it was, what was asked, the trail, the trace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any

import httpx
import pytest

from tests.support.processes import clean_environment, run_server
from tests.support.sentry_server import SentryServer
from tests.test_real_servers import READY as GUNICORN_READY
from tests.test_real_servers import SERVERS

pytestmark = pytest.mark.e2e

PASSWORD = "pa55" + "word"
LOGIN = {"username": "ann", "password": PASSWORD}
MAKE_ANN = f"""
from django.contrib.auth.models import User
User.objects.create_user("ann", "ann@shop.com", {PASSWORD!r})
"""

#: Twisted tells the port that it was given.
READY = rf"{GUNICORN_READY}|Listening on TCP address (127\.0\.0\.1:\d+)"
DAPHNE = [
    *(sys.executable, "-m", "daphne", "--bind=127.0.0.1", "--port=0"),
    "tests.channels_asgi:application",
]

TRACE = {"trace_id": "0af7651916cd43dd8448eb211c80319c", "parent_span_id": "b7ad6b7169203331"}
FROM_A_BROWSER = {"sentry-trace": f"{TRACE['trace_id']}-{TRACE['parent_span_id']}-1"}

needs_channels = pytest.mark.skipif(
    not (find_spec("channels") and find_spec("daphne") and find_spec("websockets")),
    reason="Channels, daphne and websockets are not installed",
)
needs_rest_framework = pytest.mark.skipif(
    not find_spec("rest_framework"), reason="REST framework is not installed"
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with a user."""
    path = str(tmp_path_factory.mktemp("database") / "shop.sqlite3")
    environment = clean_environment(DJANGO_SETTINGS_MODULE="tests.settings", TEST_DATABASE=path)
    for command in (["migrate"], ["shell", "-c", MAKE_ANN]):
        argv = [sys.executable, "-m", "django", *command, "--verbosity=0"]
        subprocess.run(argv, env=environment, check=True)
    return path


@pytest.fixture
def serve(database: str, sentry: SentryServer) -> Iterator[Callable[[list[str]], httpx.Client]]:
    """``serve(argv)`` starts a server and gives a browser that has logged in there as Ann."""
    environment = clean_environment(
        DJANGO_SETTINGS_MODULE="tests.settings",
        TEST_DATABASE=database,
        SENTRY_DSN=sentry.dsn,
        SENTRY_TRACES_SAMPLE_RATE="1.0",
    )
    with ExitStack() as stack:

        def start(argv: list[str]) -> httpx.Client:
            process = stack.enter_context(run_server(argv, READY, env=environment))
            match = process.wait_for_line(READY)
            url = match[1] or f"http://{match[2]}"
            client = httpx.Client(base_url=url, timeout=30, headers=FROM_A_BROWSER)
            stack.enter_context(client)
            assert client.get("/login/", params=LOGIN).text == "in"
            return client

        yield start


def told(sentry: SentryServer) -> dict[str, Any]:
    """The only event, which has to be in one trace with its transaction and the browser."""
    sentry.wait_for(lambda received: sentry.events and len(sentry.transactions) >= 2)
    [event] = sentry.events
    trace = event["contexts"]["trace"]
    assert trace["trace_id"] == TRACE["trace_id"]
    [transaction] = [
        transaction
        for transaction in sentry.transactions
        if transaction["contexts"]["trace"]["span_id"] == trace["span_id"]
        or trace["span_id"] in {span["span_id"] for span in transaction["spans"]}
    ]
    assert transaction["contexts"]["trace"]["parent_span_id"] == TRACE["parent_span_id"]
    assert transaction["transaction"] == event["transaction"]
    return event


def trail(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (crumb["category"], crumb["message"])
        for crumb in event["breadcrumbs"]["values"]
        if crumb["category"] in ("request", "query", "auth", "websocket", "http")
    ]


@pytest.mark.parametrize(
    "argv",
    [
        SERVERS["gunicorn"],
        SERVERS["uvicorn"],
        pytest.param(DAPHNE, marks=needs_channels),
    ],
    ids=["wsgi", "asgi", "asgi by daphne"],
)
def test_a_request(argv: list[str], serve: Any, sentry: SentryServer) -> None:
    assert serve(argv).get("/whoami/?page=2").status_code == 500
    event = told(sentry)
    assert event["transaction"] == "/whoami/"
    assert event["user"] == {"id": "1"}
    assert event["request"]["method"] == "GET"
    assert event["request"]["url"].endswith("/whoami/")
    assert event["request"]["query_string"] == "page=2"
    assert event["tags"]["view"] == "tests.views.whoami"
    crumbs = trail(event)
    assert crumbs[0] == ("request", "GET /whoami/")
    assert [message.partition(" ")[0] for kind, message in crumbs if kind == "query"][-2:] == [
        "SELECT",
        "SELECT",
    ]


@needs_rest_framework
@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_a_request_to_rest_framework(server: str, serve: Any, sentry: SentryServer) -> None:
    client = serve(SERVERS[server])
    answer = client.post("/api/503/", json={"amount": 7}, headers={"Authorization": "Token ann"})
    assert answer.status_code == 503
    event = told(sentry)
    assert event["exception"]["values"][-1]["type"] == "Unavailable"
    assert event["transaction"] == "/api/{status}/"
    assert event["user"] == {"id": "1"}
    assert (event["request"]["method"], event["request"]["data"]) == ("POST", {"amount": 7})
    assert trail(event)[0] == ("request", "POST /api/503/")


@needs_channels
@pytest.mark.parametrize(("path", "consumer"), [("chat", "Chat"), ("sync-chat", "SyncChat")])
def test_a_message_to_a_consumer(
    path: str, consumer: str, serve: Any, sentry: SentryServer
) -> None:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    client = serve(DAPHNE)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    with connect(
        f"ws://{client.base_url.netloc.decode()}/{path}/red/?page=2",
        additional_headers={**FROM_A_BROWSER, "Cookie": cookies},
    ) as socket:
        socket.send("hello")
        assert socket.recv(timeout=10) == "ann: hello"
        socket.send("fail")
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
    event = told(sentry)
    view = f"tests.consumers.{consumer}"
    assert event["exception"]["values"][-1]["value"] == "no such room"
    assert event["transaction"] == f"{view}.websocket_receive"
    assert event["tags"]["view"] == view
    assert event["user"] == {"id": "1"}
    assert event["request"]["url"].endswith(f"/{path}/red/")
    assert event["request"]["query_string"] == "page=2"
    assert [crumb for crumb in trail(event) if crumb[0] == "websocket"] == [
        ("websocket", f"{view}.websocket_connect"),
        ("websocket", f"{view}.websocket_receive"),
        ("websocket", f"{view}.websocket_receive"),
    ]


@needs_channels
def test_a_page_of_a_consumer(serve: Any, sentry: SentryServer) -> None:
    client = serve(DAPHNE)
    assert client.get("/status/now/").text == "fine"
    assert client.get("/status/fail/").status_code == 500
    event = told(sentry)
    assert event["exception"]["values"][-1]["value"] == "no status"
    assert event["transaction"] == "tests.consumers.Status.http_request"
    assert event["request"]["url"].endswith("/status/fail/")
