"""Alerts as the night finds them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from collaboration.services.alerts import Candidate, Settled, alerts_settle
from core.organisation import today
from products.models import Product
from tests.factories import organisation_factory, product_factory

KIND = "moved"
EVIDENCE = {"rate": 0.2, "now": 120, "before": 100, "before_as_of": "2026-09-01", "is_level": False}


def candidate(
    product: Product, fingerprint: str = "2026-10:up", stake: Any = 5000, **fields: Any
) -> Candidate:
    fields.setdefault("evidence", EVIDENCE)
    return Candidate(
        subject=f"product:{product.pk}",
        fingerprint=fingerprint,
        stake_amount=None if stake is None else Decimal(stake),
        product_id=product.pk,
        **fields,
    )


def settle(*candidates: Candidate, subjects: Any = None, kind: str = KIND, **fields: Any) -> Settled:
    """One night: what it found, about these subjects (default: all there are)."""
    fields.setdefault("local_date", today())
    return alerts_settle(kind=kind, subjects=subjects, candidates=candidates, **fields)


@pytest.fixture
def product(db: Any) -> Product:
    organisation_factory(alert_min_amount=1000)
    return product_factory(name="Appelsap 1 L")


def in_days(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)
