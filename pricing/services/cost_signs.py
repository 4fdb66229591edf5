"""What was worked out from what, so that the same is not worked out again."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping

from django.db.models import Q

from pricing.models import CostSign

Step = CostSign.Step


def products_due(step: str, signs: Mapping[int, str]) -> dict[int, str]:
    """The products whose hash is another than the one kept; none kept is the empty hash."""
    rows = CostSign.objects.filter(step=step, product__in=list(signs))
    there = dict(rows.values_list("product_id", "input_hash"))
    return {pk: sign for pk, sign in signs.items() if there.get(pk, "") != sign}


def rest_due(step: str, sign: str) -> dict[int | None, str]:
    """What could not be split over products, if it has another hash than the one kept."""
    there = CostSign.objects.filter(step=step, product=None, input_hash=sign)
    return {} if there.exists() else {None: sign}


def months_due(step: str, signs: Mapping[datetime.date, str]) -> dict[datetime.date, str]:
    rows = CostSign.objects.filter(step=step, month__in=list(signs))
    there = dict(rows.values_list("month", "input_hash"))
    return {month: sign for month, sign in signs.items() if there.get(month) != sign}


def products_signed(
    step: str,
    signs: Mapping[int, str] | Mapping[int | None, str],
    corrections: Mapping[int | None, Collection[int]] | None = None,
) -> None:
    """``corrections``: by product those that its costs follow by now; what is not named keeps its own."""
    plain = {pk: sign for pk, sign in signs.items() if not corrections or pk not in corrections}
    _keep([CostSign(step=step, product_id=pk, input_hash=sign) for pk, sign in plain.items()])
    followed = [
        CostSign(step=step, product_id=pk, input_hash=signs[pk], corrections=sorted(own))  # type: ignore[index]
        for pk, own in (corrections or {}).items()
    ]
    _keep(followed, "corrections")


def corrections_followed(product_ids: Collection[int | None]) -> dict[int | None, set[int]]:
    """By product the corrections that its standard costs of closed months followed."""
    rows = CostSign.objects.filter(Q(product__in=[pk for pk in product_ids if pk]) | Q(product=None))
    rows = rows.filter(step=Step.STANDARD).exclude(corrections=[])
    return {pk: set(own) for pk, own in rows.values_list("product_id", "corrections")}


def months_signed(step: str, signs: Mapping[datetime.date, str]) -> None:
    _keep([CostSign(step=step, month=month, input_hash=sign) for month, sign in signs.items()])


def _keep(rows: list[CostSign], *more: str) -> None:
    CostSign.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["step", "product", "month"],
        update_fields=["input_hash", *more],
        batch_size=2000,
    )
