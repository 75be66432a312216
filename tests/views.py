"""Views that work, fail, and know their user."""

from django.contrib.auth import authenticate, login, logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse


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
