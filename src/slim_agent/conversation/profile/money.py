"""Prices as customers read them."""

from decimal import ROUND_HALF_UP, Decimal

SYMBOLS = {"BRL": "R$", "USD": "US$", "EUR": "€"}


def format_money(amount: Decimal, currency: str = "BRL") -> str:
    """Return an amount in the Brazilian way: ``R$ 4.890,00``."""
    plain = f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,.2f}"
    return f"{SYMBOLS.get(currency, currency)} {plain.translate(str.maketrans(',.', '.,'))}"
