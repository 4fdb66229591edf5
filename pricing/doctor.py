"""What must hold for the books, for ``manage.py doctor``."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from core.registries import DoctorCheck, doctor_checks

_LEDGER = """
    SELECT month, coalesce(l.amount, 0), coalesce(b.amount, 0)
    FROM (SELECT month, sum(booked) AS amount FROM pricing_ledgerentry GROUP BY month) l
    FULL JOIN (
        SELECT month, sum(amount) AS amount FROM pricing_costmonth
        WHERE replaced_at IS NULL AND source IN ('actual', 'accrual') GROUP BY month
    ) b USING (month)
    WHERE coalesce(l.amount, 0) <> coalesce(b.amount, 0) ORDER BY month
"""


def ledger_is_booked() -> Iterator[str]:
    """Every month's actual costs and accruals add up to what the ledger has of it, to the cent."""
    with connection.cursor() as cursor:
        cursor.execute(_LEDGER)
        for month, ledger, booked in cursor.fetchall():
            yield f"{month:%Y-%m}: the ledger has {ledger}, booked is {booked}"


def register() -> None:
    doctor_checks.register(DoctorCheck("ledger", "Ledger = booked costs", ledger_is_booked, 60))
