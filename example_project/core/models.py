"""What the shop sells, and who bought it."""

from django.conf import settings
from django.db import models


class Product(models.Model):
    """One thing on the shelf."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    stock = models.PositiveIntegerField(default=10)

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """One product for one customer."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    receipt_sent = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"order {self.pk}"
