"""The pages of the test project, and those of the package by which one acts as another user."""

from django.apps import apps
from django.urls import include, path

from tests.urls import urlpatterns as others

urlpatterns = [
    *others,
    *(
        path(f"{package}/", include(f"{package}.urls"))
        for package in ("hijack", "impersonate")
        if apps.is_installed(package)
    ),
]
