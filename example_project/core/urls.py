"""The addresses of the pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from core import views

urlpatterns = [
    path("", views.shop, name="shop"),
    path("products/<slug:slug>/", views.product, name="product"),
    path("checkout/", views.checkout, name="checkout"),
    path("preorder/", views.preorder, name="preorder"),
    path("account/", views.account, name="account"),
    path("report/", views.report, name="report"),
    path("basket/", views.basket, name="basket"),
    path("order/", views.order, name="order"),
    path("health/", views.health, name="health"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
