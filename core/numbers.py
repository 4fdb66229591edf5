"""Numbers as they are kept."""

from __future__ import annotations

from decimal import Decimal

Z80, Z95 = 1.2816, 1.96
"""So many standard deviations from its middle a band of 80 or 95 % ends."""


def significant(value: float, digits: int) -> float:
    """Only the digits that mean something: a sum in another order does not make another figure, nor another
    hash of it."""
    return float(f"{value:.{digits}g}")


def int_read(text: str) -> int | None:
    """What an address or a form says where a whole number belongs, of a row or of its version; ``None`` for
    anything else."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def typed(value: Decimal) -> Decimal:
    """As somebody would type it: 120 and not 120.0000."""
    return Decimal(f"{value.normalize():f}")
