"""Views that work, fail, and know their user."""

import logging

import sentry_sdk
from django.contrib.auth import authenticate, login, logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.module_loading import import_string


class Broken(Exception):
    """What the failing views raise."""


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def error(request: HttpRequest) -> HttpResponse:
    raise Broken("as asked")


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


def log_out_and_fail(request: HttpRequest) -> HttpResponse:
    raise Broken(str(log_out(request)))


def reported(request: HttpRequest) -> HttpResponse:
    """Captures an error of the class that the query names, and works."""
    sentry_sdk.capture_exception(import_string(request.GET["error"])("as asked"))
    return HttpResponse("ok")


def host(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


def logged(request: HttpRequest) -> HttpResponse:
    """Logs an error to the logger that the query names."""
    logging.getLogger(request.GET["logger"]).error("as asked")
    return HttpResponse("ok")
