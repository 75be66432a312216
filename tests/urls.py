"""The pages of the test project."""

from django.urls import path

from tests import views

urlpatterns = [
    path("ok/", views.ok),
    path("error/", views.error),
    path("async-error/", views.async_error),
    path("missing/", views.missing),
    path("denied/", views.denied),
    path("health/", views.error),
    path("whoami/", views.whoami),
    path("login/", views.log_in),
    path("logout/", views.log_out),
]
