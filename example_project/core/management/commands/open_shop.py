"""``manage.py open_shop``: the tables, the products and two customers."""

import os
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from core.models import Product

PRODUCTS = {"kettle": "24.50", "teapot": "99.99", "tea cosy": "7.00"}
# The second one is a test user: TEST_USER_EMAILS names *@test.com by default.
CUSTOMERS = {"ada": "ada@example.org", "tester": "user@test.com"}


class Command(BaseCommand):
    """Fills the shop; calling it again only changes the passwords."""

    help = "Create the tables, the products and two customers"

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing, and tell the customers' password."""
        call_command("migrate", verbosity=0)
        for name, price in PRODUCTS.items():
            slug = name.replace(" ", "-")
            Product.objects.get_or_create(slug=slug, defaults={"name": name, "price": price})
        password = os.environ.get("SHOP_PASSWORD") or secrets.token_urlsafe(8)
        for name, email in CUSTOMERS.items():
            customer, _ = get_user_model().objects.get_or_create(username=name, email=email)
            customer.set_password(password)
            customer.save()
        self.stdout.write(f"Log in as {' or '.join(CUSTOMERS)}; the password is {password}")
