"""The site that is measured: a page with seven queries and a template, a JSON endpoint, a health
page, a view that fails. It serves one variant of monitoring, in a process of its own.
"""

import io
import os
import sys
from collections.abc import Callable
from hashlib import md5
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

PAGES = {"page": "/page/", "json": "/json/", "health": "/health/", "error": "/error/"}
RATE = 0.1
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATE = """<h1>{{ title }}</h1><table>{% for user in users %}
<tr class="{% cycle 'odd' 'even' %}"><td>{{ user.username }}</td><td>{{ user.email|default:"-" }}
</td><td>{{ user.date_joined|date:"Y-m-d" }}</td></tr>{% endfor %}</table>"""


class OutOfStock(Exception):
    """What the failing view raises."""


class Sink(Transport):
    """Serialises what it is given, as the SDK's worker does, and sends nothing."""

    def capture_envelope(self, envelope: Envelope) -> None:
        envelope.serialize()


def page(request: HttpRequest) -> HttpResponse:
    from django.contrib.auth.models import User
    from django.shortcuts import render

    for number in range(6):
        User.objects.filter(pk=number).exists()
    return render(request, "page.html", {"title": "Users", "users": User.objects.all()[:20]})


def json(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok", "items": list(range(10))})


def error(request: HttpRequest) -> HttpResponse:
    basket = [
        {"article": f"book-{n}", "price": n * 1.25, "tags": ["new", "paper"]} for n in range(20)
    ]
    return HttpResponse(_reserve(basket, depth=5))


def _reserve(basket: list[dict[str, Any]], depth: int) -> str:
    """A few frames of the project's own, with variables of the usual kind."""
    articles = {entry["article"]: entry for entry in basket}
    if depth:
        return _reserve(basket, depth - 1)
    raise OutOfStock(f"the last of {len(articles)} was sold")


urlpatterns = [
    path("page/", page),
    path("json/", json),
    path("health/", json),
    path("error/", error),
]


# The variants: what stands in SENTRY, or what is called before Django is set up.


def _sdk(**options: Any) -> None:
    import sentry_sdk

    sentry_sdk.init("http://key@127.0.0.1:9/1", transport=Sink(), **options)


def _over_http() -> None:
    import sentry_sdk

    sentry_sdk.init()  # with $SENTRY_DSN


def _nine_of_ten(event: Any, hint: Any) -> Any:
    """A ``before_send_transaction`` that samples, the way many projects do."""
    _nine_of_ten.seen += 1  # type: ignore[attr-defined]
    return event if _nine_of_ten.seen % 10 == 0 else None  # type: ignore[attr-defined]


_nine_of_ten.seen = 0  # type: ignore[attr-defined]


def _sampler(context: dict[str, Any]) -> float:
    return 0.0 if context["wsgi_environ"]["PATH_INFO"].startswith("/health/") else RATE


BARE: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "SDK, errors only": lambda: _sdk(),
    "SDK, 0.1": lambda: _sdk(traces_sample_rate=RATE),
    "SDK, 1.0": lambda: _sdk(traces_sample_rate=1.0),
    "SDK, before_send drops 9 of 10": lambda: _sdk(
        traces_sample_rate=1.0, before_send_transaction=_nine_of_ten
    ),
    "SDK, before_send drops all": lambda: _sdk(
        traces_sample_rate=1.0, before_send_transaction=lambda event, hint: None
    ),
    "SDK, traces_sampler": lambda: _sdk(traces_sampler=_sampler),
    "SDK, over HTTP": lambda: _over_http(),
    "SDK, ignore_errors": lambda: _sdk(ignore_errors=[OutOfStock]),
}
OURS: dict[str, dict[str, Any]] = {
    "this project": {},
    "this project, all dropped": {"TRACES_SAMPLE_RATE": 1e-9},
    "this project, 1.0": {"TRACES_SAMPLE_RATE": 1.0},
    "this project, errors only": {"TRACES_SAMPLE_RATE": 0.0},
    # Over HTTP: $SENTRY_DSN and $SENTRY_SPOOL_DIR say where to.
    "this project, over HTTP": {"TRACES_SAMPLE_RATE": 0.0, "TRANSPORT": "http"},
    "this project, storm": {"TRACES_SAMPLE_RATE": 0.0, "STORM_LIMIT": 5},
    "this project, ignored": {
        "TRACES_SAMPLE_RATE": 0.0,
        "IGNORED_ERRORS": ["benchmarks.site.OutOfStock"],
    },
}
VARIANTS = [*BARE, *OURS]
#: What depends on time is left out, of which a request takes a hundred times as much there: nothing
#: is slow, no event takes too long, and there is no profile, which the SDK makes none of either
#: unless it is asked to. And nothing is a storm, but where that is measured.
UNDER_VALGRIND = {
    "SLOW_THRESHOLD_MS": 10**9,
    "CAPTURE_BUDGET_MS": 10**6,
    "PROFILES_SAMPLE_RATE": 0.0,
    "STORM_LIMIT": 0,
}


def serve(variant: str) -> Callable[[str, int], None]:
    """Set the site up; returns a function that visits a page, the n-th time."""
    ours = OURS.get(variant)
    _configure(ours)
    if ours is None:
        BARE[variant]()
    django.setup()
    _fill()
    _stop_clocks()
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    return lambda name, number: _visit(application, PAGES[name], number)


def _stop_clocks() -> None:
    """Let no thread of the SDK work beside the requests, which it does once in a minute."""
    import sentry_sdk

    client: Any = sentry_sdk.get_client()
    if client.is_active():
        client.session_flusher.flush_interval = 10**6
        if client.monitor:
            client.monitor.interval = 10**6


def _configure(ours: dict[str, Any] | None) -> None:
    apps = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
    middleware = list(MIDDLEWARE)
    if ours is not None:
        apps.insert(0, "sentry_app")
        middleware.append("sentry_app.middleware.SentryContextMiddleware")
    loader = ("django.template.loaders.locmem.Loader", {"page.html": TEMPLATE})
    settings.configure(
        SECRET_KEY=os.urandom(16).hex(),
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=apps,
        MIDDLEWARE=middleware,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", [loader])]},
            }
        ],
        LOGGING={
            "version": 1,
            "loggers": {"django.request": {"handlers": ["null"]}},
            "handlers": {"null": {"class": "logging.NullHandler"}},
        },
        USE_TZ=True,
        SENTRY={"TRANSPORT": "benchmarks.site.Sink", **UNDER_VALGRIND, **(ours or {})},
    )


def _fill() -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    users = [User(username=f"user-{n}", email=f"user-{n}@shop.example") for n in range(20)]
    User.objects.bulk_create(users)


def _visit(application: Any, path: str, number: int) -> None:
    """One request; of ten in a row the random number of exactly one trace is below 0.1."""
    trace = md5(str(number).encode()).hexdigest()  # as random as they are
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "sort=name",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "shop.example",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "HTTP_SENTRY_TRACE": f"{trace}-{trace[:16]}",
        "HTTP_BAGGAGE": f"sentry-trace_id={trace},sentry-sample_rand={number * 7 % 10 / 10 + 0.05}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    response = application(environ, lambda status, headers, exc_info=None: None)
    try:
        b"".join(response)
    finally:
        response.close()
