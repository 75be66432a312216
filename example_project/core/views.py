"""The pages of the shop. Sentry needs no code in most of them."""

import time
from decimal import Decimal

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST
from settings.components.sentry import (
    sentry_add_breadcrumb,
    sentry_capture_message,
    sentry_start_span,
)

from core import payment, tasks
from core.errors import OutOfStock
from core.models import Order, Product


def shop(request: HttpRequest) -> HttpResponse:
    """Works: a query and a template."""
    products = Product.objects.order_by("name")
    return render(request, "core/shop.html", {"products": products, "card": payment.TEST_CARD})


def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Answers 404 for a product that does not exist, which is no error."""
    found = get_object_or_404(Product, slug=slug)
    return HttpResponse(f"{found.name}: {found.price}")


@require_POST
def checkout(request: HttpRequest) -> HttpResponse:
    """Fails, with secrets in the request and in the local variables."""
    amount = Decimal("99.99")
    card_number = request.POST["card_number"]
    sentry_add_breadcrumb(
        message="User clicked checkout",
        category="user_action",
        level="info",
        data={"cart_total": float(amount)},
    )
    Order.objects.create(product=Product.objects.get(slug="teapot"), customer=_customer(request))
    payment.charge(amount, card_number)
    return HttpResponse("thank you")


def preorder(request: HttpRequest) -> HttpResponse:
    """Fails with an error that IGNORED_ERRORS names."""
    raise OutOfStock("teapots are sold out")


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Fails after the user has logged in."""
    raise LookupError(f"customer {request.user.pk} has no address")


def report(request: HttpRequest) -> HttpResponse:
    """Is slow, and says so."""
    with sentry_start_span(op="report.build", description="sales of the month"):
        time.sleep(1.1)
    sentry_capture_message("The sales report took longer than a second", level="warning")
    return HttpResponse("nothing was sold")


def basket(request: HttpRequest) -> HttpResponse:
    """Calls Redis, by itself and through Django's cache."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        views = server.incr("basket:views")
    cheapest = cache.get_or_set("cheapest", _cheapest, timeout=60)
    return HttpResponse(f"seen {views} times; why not add a {cheapest}?")


def order(request: HttpRequest) -> HttpResponse:
    """Hands the work to Celery: one task succeeds, one fails, one tries again."""
    placed = Order.objects.create(
        product=Product.objects.get(slug="kettle"), customer=_customer(request)
    )
    tasks.send_receipt.delay(placed.pk)
    tasks.collect_payment.delay(placed.pk)
    tasks.update_stock.delay(placed.pk)
    return HttpResponse(f"{placed} is on its way")


def health(request: HttpRequest) -> HttpResponse:
    """For the load balancer; stands in IGNORED_URLS by default."""
    return HttpResponse("ok")


def _customer(request: HttpRequest) -> object:
    return request.user if request.user.is_authenticated else None


def _cheapest() -> str:
    return str(Product.objects.order_by("price").first())
