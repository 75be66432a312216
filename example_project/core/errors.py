"""What goes wrong in a shop."""


class PaymentError(Exception):
    """The bank says no: somebody should look at it."""


class OutOfStock(Exception):
    """Nothing is left: every day's business, so it stands in IGNORED_ERRORS."""
