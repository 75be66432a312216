"""Pages for a browser: one that goes on to another, and one that fails."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from sentry_app.views import server_error
from tests.views import error


def shop(request: HttpRequest) -> HttpResponse:
    found = (getattr(request, name, None) for name in ("csp_nonce", "_csp_nonce"))
    nonce = next((str(nonce) for nonce in found if nonce is not None), "")
    return TemplateResponse(request, "browser/shop.html", {"nonce": nonce})


def handler500(request: HttpRequest) -> HttpResponse:
    return server_error(request, "browser/500.html")


urlpatterns = [path("shop/", shop), path("error/", error)]
