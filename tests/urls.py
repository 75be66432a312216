"""The pages of the test project."""

from importlib.util import find_spec

from django.urls import include, path

from tests import views

urlpatterns = [
    path("ok/", views.ok),
    path("error/", views.error),
    path("call/", views.call),
    path("call/fail/", views.call, {"fails": True}),
    path("async-error/", views.async_error),
    path("secrets/", views.secrets),
    path("missing/", views.missing),
    path("denied/", views.denied),
    path("named/", include(([path("", views.error, name="named")], "shop"))),
    path("health/", views.error),
    path("health/reported/", views.reported),
    path("health/streamed/", views.streamed),
    path("streamed/", views.streamed),
    path("reported/", views.reported),
    path("logged/", views.logged),
    path("host/", views.host),
    path("whoami/", views.whoami),
    path("async-whoami/", views.async_whoami),
    path("cart/", views.cart),
    path("curious/", views.curious),
    path("lazy-user/", views.lazy_user),
    path("lazy-context/", views.lazy_context),
    path("lazy-template/", views.lazy_template),
    path("login/", views.log_in),
    path("logout/", views.log_out),
    path("login/post/", views.post_login),
    path("login/fail/", views.log_in_and_fail),
    path("logout/fail/", views.log_out_and_fail),
]

if find_spec("rest_framework"):
    from tests import drf

    urlpatterns.append(path("api/<status>/", drf.answer))
