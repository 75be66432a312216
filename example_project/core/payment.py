"""Pay by card."""

from decimal import Decimal

from core.errors import PaymentError

#: The number that every bank knows not to be a card.
TEST_CARD = "4111 1111 1111 1111"


def charge(amount: Decimal, card_number: str) -> None:
    """Take ``amount`` from the card; always raises PaymentError, for this is only an example."""
    last_digits = card_number[-4:]
    raise PaymentError(f"the bank declined the card that ends in {last_digits}")
