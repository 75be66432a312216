"""What happens after an order: tasks that succeed, fail, and try again."""

from typing import Any

from celery import shared_task

from core.errors import PaymentError
from core.models import Order


@shared_task
def send_receipt(order_id: int) -> None:
    """Succeeds."""
    Order.objects.filter(pk=order_id).update(receipt_sent=True)


@shared_task
def collect_payment(order_id: int) -> None:
    """Fails."""
    raise PaymentError(f"order {order_id}: the bank does not answer")


@shared_task(bind=True, default_retry_delay=1, max_retries=3)
def update_stock(self: Any, order_id: int) -> None:
    """Fails the first time, and succeeds when it is tried again."""
    if self.request.retries == 0:
        raise self.retry(exc=ConnectionError("the warehouse does not answer"))
    product = Order.objects.select_related("product").get(pk=order_id).product
    product.stock -= 1
    product.save(update_fields=["stock"])
