"""Views that work, fail, and know their user."""

import logging
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import sentry_sdk
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

logger = logging.getLogger("shop")


class Broken(Exception):
    """What the failing views raise."""


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def error(request: HttpRequest) -> HttpResponse:
    raise Broken("as asked")


def call(request: HttpRequest, fails: bool = False) -> HttpResponse:
    """Asks the service behind this one, which $DOWNSTREAM_URL names; may fail then."""
    url = os.environ["DOWNSTREAM_URL"] + request.path
    urllib.request.urlopen(url, timeout=30).close()
    if fails:
        raise Broken("as asked")
    return HttpResponse("ok")


async def async_error(request: HttpRequest) -> HttpResponse:
    raise Broken("as asked")


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404


def denied(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def whoami(request: HttpRequest) -> HttpResponse:
    """Loads the user, then fails."""
    raise Broken(str(request.user.is_authenticated))


async def async_whoami(request: HttpRequest) -> HttpResponse:
    """The same without a thread."""
    user = await request.auser()
    raise Broken(str(user.is_authenticated))


def cart(request: HttpRequest) -> HttpResponse:
    """Loads the session but not the user, then fails."""
    raise Broken(str(request.session.get("cart")))


class Curious:
    """Something of the project's own whose ``repr`` asks the database."""

    def __repr__(self) -> str:
        return f"one of {User.objects.count()} users"


def curious(request: HttpRequest) -> HttpResponse:
    """Has such a thing among its variables, then fails."""
    thing = Curious()
    raise Broken(type(thing).__name__)


def lazy_user(request: HttpRequest) -> HttpResponse:
    """Has the user among its variables, but never looks at it, then fails."""
    user = request.user
    visitors = {"now": [user]}
    raise Broken(str(len(visitors)))


def lazy_context(request: HttpRequest) -> HttpResponse:
    """Renders a template whose context holds the user, then fails."""
    TemplateResponse(request, "shop.html", {"visitor": request.user}).render()
    raise Broken("as asked")


def lazy_template(request: HttpRequest) -> HttpResponse:
    """Fails within a template whose context holds the user."""
    return TemplateResponse(request, "broken.html", {"visitor": request.user})


def log_in(request: HttpRequest) -> HttpResponse:
    """Logs in with the query's user name and password."""
    user = authenticate(request, **request.GET.dict())
    if user is None:
        return HttpResponse("no", status=403)
    login(request, user)
    return HttpResponse("in")


def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse("out")


def log_in_and_fail(request: HttpRequest) -> HttpResponse:
    raise Broken(str(log_in(request)))


@csrf_exempt
def post_login(request: HttpRequest) -> HttpResponse:
    """Logs in with the form's user name and password, says so in the log, and fails."""
    username = request.POST["username"]
    user = authenticate(request, username=username, password=request.POST["password"])
    logger.error("login of %s: %s", username, user)
    raise Broken(f"no page for {username}")


def log_out_and_fail(request: HttpRequest) -> HttpResponse:
    raise Broken(str(log_out(request)))


def reported(request: HttpRequest) -> HttpResponse:
    """Captures an error of the class that the query names, and works."""
    sentry_sdk.capture_exception(import_string(request.GET["error"])("as asked"))
    return HttpResponse("ok")


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    """Captures a message between two parts of what it streams."""

    def parts() -> Iterator[bytes]:
        yield b"o"
        sentry_sdk.capture_message("in between")
        yield b"k"

    return StreamingHttpResponse(parts())


def host(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


def logged(request: HttpRequest) -> HttpResponse:
    """Logs an error to the logger that the query names."""
    logging.getLogger(request.GET["logger"]).error("as asked")
    return HttpResponse("ok")


@dataclass
class Account:
    """Something of the project's own with a secret in its repr."""

    owner: str
    api_key: str


@csrf_exempt
def secrets(request: HttpRequest) -> HttpResponse:
    """Puts the posted password and token wherever an event can carry one, then fails."""
    password, token = request.POST["password"], request.POST["token"]
    account = Account(owner="ann", api_key=token)
    settings = {"db": {"password": password}, "url": f"postgres://app:{password}@db/shop"}
    sentry_sdk.set_tag("session_token", token)
    sentry_sdk.set_context("payment", {"private_key": password, "note": f"token={token}"})
    sentry_sdk.add_breadcrumb(message=f"login with password={password}", data={"token": token})
    logger.warning("refused: password=%s token=%s", password, token)
    logger.warning("Authorization: Bearer %s", token)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 WHERE '{password}' = %s", [token])
    raise Broken(f"{account!r} {settings!r} https://ann:{password}@shop.example/?token={token}")
