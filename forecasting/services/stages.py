"""Stages: the night's estimates, and what a person sets beside them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from core.organisation import today
from forecasting.models import NightlyRun, StageEstimate, StageSetting
from forecasting.selectors.stages import settings_in_force
from products.models import Family, Product
from products.selectors.lines import LineTree
from products.services.figures import StageFigures, figures_stage_set

from .vintages import vintages_write


@transaction.atomic(savepoint=False)
def stages_write(*, estimates: Sequence[StageEstimate], run: NightlyRun) -> list[StageEstimate]:
    """Write the estimates that no newer result stands in the way of. A stage set by hand is not touched."""
    return vintages_write(model=StageEstimate, rows=estimates, run=run).rows


def stages_show(*, product_ids: Collection[int]) -> None:
    """Bring the product list in line: the stage set by hand while it holds, otherwise the estimate."""
    tree = LineTree()
    leads = {line_id: tree.lead_measure(line_id).pk for line_id in tree.lines}
    products = Product.objects.filter(pk__any=product_ids).order_by()
    by_hand = {row.product_id: row for row in settings_in_force(today()).filter(product_id__any=product_ids)}
    current = StageEstimate.objects.filter(product_id__any=product_ids, current=True).order_by()
    estimates: dict[tuple[int | None, int], tuple[str, datetime.date | None]] = {
        (product_id, measure_id): (stage, start)
        for product_id, measure_id, stage, start in current.values_list(
            "product_id", "measure_id", "stage", "stage_start"
        )
    }
    rows = []
    for pk, line_id, temporary in products.values_list("pk", "line_id", "temporary"):
        lead, hand = leads[line_id], by_hand.get(pk)
        stage, since = ("", None) if temporary else estimates.get((pk, lead), ("", None))
        if hand is not None:
            stage, since = hand.stage, hand.start_date
        rows.append(StageFigures(pk, lead, stage, since, hand is not None))
    figures_stage_set(rows=rows)


@transaction.atomic
def stage_set(
    *,
    user: Any,
    stage: str,
    reason: str,
    until: datetime.date,
    product: Product | None = None,
    family: Family | None = None,
) -> StageSetting:
    """Set a stage by hand from today until and including ``until``; an earlier setting is withdrawn by it."""
    first = today()
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why."), "reason")
    if until < first:
        raise DomainError("until_past", _("Choose today or a later day."), "until")
    if product is not None and product.temporary:
        raise DomainError("temporary_no_stage", _("A temporary product has no stage of its own."), "stage")
    subject = Product.objects.select_for_update().filter(pk=product.pk) if product else None
    list(subject if subject is not None else Family.objects.select_for_update().filter(pk=family.pk))  # type: ignore[union-attr]
    stage_withdraw_all(user=user, product=product, family=family)
    setting = StageSetting.objects.create(
        product=product,
        family=family,
        stage=stage,
        start_date=first,
        until=until,
        reason=reason.strip(),
        set_by=user,
    )
    if product is not None:
        stages_show(product_ids=[product.pk])
    return setting


@transaction.atomic
def stage_withdraw(*, user: Any, product: Product | None = None, family: Family | None = None) -> int:
    """Take back what was set by hand: the night's estimate shows again. Says how many settings that were."""
    withdrawn = stage_withdraw_all(user=user, product=product, family=family)
    if product is not None:
        stages_show(product_ids=[product.pk])
    return withdrawn


def stage_withdraw_all(*, user: Any, product: Product | None, family: Family | None) -> int:
    return StageSetting.objects.filter(product=product, family=family, withdrawn_at=None).update(
        withdrawn_at=timezone.now(), withdrawn_by=user
    )
