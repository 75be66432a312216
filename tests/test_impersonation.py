"""Who acts as another user, by the real django-hijack and django-impersonate."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import httpx
import pytest
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

from sentry_app.testing import Events
from tests.settings import INSTALLED_APPS, MIDDLEWARE

pytestmark = pytest.mark.django_db

PASSWORD = "pa55" + "word"
PACKAGES = {
    "hijack": "hijack.middleware.HijackUserMiddleware",
    "impersonate": "impersonate.middleware.ImpersonateMiddleware",
}


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a package that is in force."""
    pytest.importorskip(request.param)
    monkeypatch.delitem(sys.modules, "tests.impersonation_urls", raising=False)
    with override_settings(
        ROOT_URLCONF="tests.impersonation_urls",
        INSTALLED_APPS=[*INSTALLED_APPS, request.param],
        HIJACK_INSERT_BEFORE=None,  # no banner in the page
        IMPERSONATE={"DISABLE_LOGGING": True},
        MIDDLEWARE=[*MIDDLEWARE[:-1], PACKAGES[request.param], MIDDLEWARE[-1]],
    ):
        yield request.param


def act(package: str, client: httpx.Client, user: User) -> httpx.Response:
    if package == "impersonate":
        return client.get(f"/impersonate/{user.pk}/")
    client.cookies.set("csrftoken", "a" * 32)
    data = {"user_pk": user.pk, "csrfmiddlewaretoken": "a" * 32}
    return client.post("/hijack/acquire/", data=data)


def test_an_event_tells_both(package: str, sentry_events: Events) -> None:
    admin = User.objects.create_superuser("admin", "admin@shop.com", PASSWORD)
    ann = User.objects.create_user("ann", "ann@shop.com", PASSWORD)
    transport = httpx.WSGITransport(app=get_wsgi_application(), raise_app_exceptions=False)
    with httpx.Client(transport=transport, base_url="http://testserver") as client:
        client.get("/login/", params={"username": "admin", "password": PASSWORD})
        assert act(package, client, ann).status_code == 302
        client.get("/whoami/")
    [event] = sentry_events.events
    assert event["user"] == {"id": str(ann.pk)}
    assert event["tags"]["impersonator"] == str(admin.pk)
