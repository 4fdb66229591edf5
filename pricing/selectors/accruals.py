"""Accruals that nothing takes back: they stay in the costs of their month for good, beside the invoice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from pricing.models import LedgerEntry

# An entry of the same account, cost centre and dimension with the opposite amount takes one back, too.
_OPEN = """
    WITH alone AS (
        SELECT id, source, account, cost_centre, dimension, booked,
               row_number() OVER (PARTITION BY source, account, cost_centre, dimension, booked
                                  ORDER BY date, id) AS place
        FROM pricing_ledgerentry e
        WHERE is_accrual AND NOT is_reversal AND NOT EXISTS (
            SELECT FROM pricing_ledgerentry r
            WHERE r.source = e.source AND r.number = e.number AND r.line = e.line AND r.is_reversal
        )
    )
    SELECT a.id FROM alone a LEFT JOIN alone b
      ON (b.source, b.account, b.cost_centre, b.dimension, b.place)
       = (a.source, a.account, a.cost_centre, a.dimension, a.place) AND b.booked = -a.booked
    WHERE b.id IS NULL
"""


def accruals_open(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Those of the entries that are accruals without a reversal, and that no opposite accrual takes back."""
    return entries.filter(pk__in=RawSQL(_OPEN, []))  # noqa: S611  nothing of it is from outside


def accruals_open_of(entries: Iterable[LedgerEntry]) -> list[Decimal]:
    """The amounts of the accruals in a file that nothing in it takes back. Of what is below nothing none: it
    takes back what came before."""
    rows = list(entries)
    reversed_there = {(row.source, row.number, row.line) for row in rows if row.is_reversal}
    count = Counter(
        (row.source, row.account, row.cost_centre, row.dimension, row.booked)
        for row in rows
        if row.is_accrual and not row.is_reversal and (row.source, row.number, row.line) not in reversed_there
    )
    return [
        amount
        for (source, account, centre, dimension, amount), number in count.items()
        if amount > 0
        for _each in range(number - count[source, account, centre, dimension, -amount])
    ]
