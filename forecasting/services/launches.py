"""Launch plans: what a person says of how a new product starts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check
from core.months import month_start
from forecasting.engine.launch import BASS_MONTHS
from forecasting.models import LaunchPlan, LaunchReference
from forecasting.selectors.launches import borrowed, until_now
from products.models import Measure, Product
from products.selectors.lines import LineTree
from products.services.scope import product_within

MOST_REFERENCES = 4
References = Sequence[tuple[Product, Decimal]]
_TOLD = ("method", "launch_month", "scale", "phase_in_months", "p", "q", "market", "note")


@transaction.atomic
def launch_plan_set(
    *,
    user: Any,
    product: Product,
    measure: Measure,
    method: str,
    launch_month: datetime.date,
    references: References = (),
    scale: Decimal = Decimal(1),
    phase_in_months: int = 0,
    p: float | None = None,
    q: float | None = None,
    market: float | None = None,
    note: str = "",
) -> LaunchPlan:
    """Say how the product starts; what was said before is withdrawn. The next night, or a run, forecasts by
    it. Says it already: nothing is written.

    Of like-items the size and the phase-in count, of a diffusion p, q and market; what the method
    does not use is not kept. Raises :class:`DomainError` where there is nothing to borrow from.
    """
    product_within(user, product)
    if measure not in LineTree().measures(product.line_id):
        raise DomainError("measure_unknown", _("The product's line does not count that."), "measure")
    if method not in LaunchPlan.Method.values:
        raise DomainError("method_unknown", _("Choose one of the two ways."), "method")
    is_bass = method == LaunchPlan.Method.BASS
    plan = LaunchPlan(
        product=product,
        measure=measure,
        method=method,
        launch_month=month_start(launch_month),
        scale=scale,
        phase_in_months=0 if is_bass else phase_in_months,
        p=p if is_bass else None,
        q=q if is_bass else None,
        market=market if is_bass else None,
        note=note.strip(),
        set_by=user,
    )
    _plausible(plan)
    _enough(user, plan, references)
    list(Product.objects.select_for_update().filter(pk=product.pk))
    held = LaunchPlan.objects.filter(product=product, measure=measure, withdrawn_at=None).first()
    if held is not None and _same(held, plan, references):
        return held
    _withdraw(user, product, measure)
    check(plan)
    plan.save()
    for other, weight in references:
        row = LaunchReference(plan=plan, product=other, weight=weight)
        check(row)
        row.save()
    return plan


@transaction.atomic
def launch_plan_withdraw(*, user: Any, product: Product, measure: Measure) -> int:
    """Back to what the product's own months say. Says how many plans that were (none, or one)."""
    product_within(user, product)
    list(Product.objects.select_for_update().filter(pk=product.pk))
    return _withdraw(user, product, measure)


def _withdraw(user: Any, product: Product, measure: Measure) -> int:
    return LaunchPlan.objects.filter(product=product, measure=measure, withdrawn_at=None).update(
        withdrawn_at=timezone.now(), withdrawn_by=user
    )


def _plausible(plan: LaunchPlan) -> None:
    """The numbers by themselves."""
    if not 0 < plan.scale <= 1000:
        raise DomainError("scale_range", _("The size must be above zero."), "scale")
    if plan.method != LaunchPlan.Method.BASS:
        return
    if plan.measure.kind == Measure.Kind.LEVEL:
        message = _("A diffusion tells who buys for the first time, not a state. Choose like-items.")
        raise DomainError("bass_of_a_level", message, "method")
    if (plan.p is None) != (plan.q is None):
        missing = "p" if plan.p is None else "q"
        raise DomainError("p_and_q", _("Give both p and q, or neither to take them over."), missing)
    if plan.p is not None and not 0 < plan.p <= 1:
        raise DomainError("p_range", _("p lies above 0 and up to 1; 0.03 is usual."), "p")
    if plan.q is not None and not 0 <= plan.q <= 2:
        raise DomainError("q_range", _("q lies between 0 and 2; 0.4 is usual."), "q")
    if plan.market is not None and plan.market <= 0:
        raise DomainError("market_range", _("The number of buyers must be above zero."), "market")


def _enough(user: Any, plan: LaunchPlan, references: References) -> None:
    """Whether there is something to borrow from, each reference once and with months to give."""
    is_bass = plan.method == LaunchPlan.Method.BASS
    if not references and not (is_bass and plan.p is not None and plan.market is not None):
        if is_bass:
            message = _("Choose a like-item, or give p, q and the number of buyers yourself.")
        else:
            message = _("Choose a like-item: without one there is nothing to borrow from.")
        raise DomainError("no_reference", message, "reference_1")
    if len(references) > MOST_REFERENCES:
        raise DomainError(
            "too_many_references", _("At most %(count)s products.") % {"count": MOST_REFERENCES}, "references"
        )
    seen: set[int] = set()
    for place, (other, weight) in enumerate(references, start=1):
        product_within(user, other)
        field = f"reference_{place}"
        if other.pk == plan.product_id:
            raise DomainError("own_reference", _("A product cannot borrow from itself."), field)
        if other.pk in seen:
            raise DomainError("reference_twice", _("This product is there twice."), field)
        if weight <= 0:
            raise DomainError("weight_positive", _("The weight must be above zero."), f"weight_{place}")
        seen.add(other.pk)
    found = borrowed({other.pk: float(weight) for other, weight in references}, plan.measure_id, until_now)
    for place, ((other, _weight), row) in enumerate(zip(references, found, strict=True), start=1):
        names = {"name": other.name, "measure": plan.measure}
        if not row.months:
            message = _("%(name)s has no sales (%(measure)s) to borrow; choose one that has.") % names
            raise DomainError("reference_without_sales", message, f"reference_{place}")
        if is_bass and (plan.p is None or plan.market is None) and len(row.months) < BASS_MONTHS:
            message = _("%(name)s has under six months of sales: too few for p and q.") % names
            raise DomainError("reference_too_short", message, f"reference_{place}")


def _same(held: LaunchPlan, plan: LaunchPlan, references: References) -> bool:
    there = [(row.product_id, row.weight) for row in held.references.all()]
    return all(getattr(held, name) == getattr(plan, name) for name in _TOLD) and there == [
        (other.pk, weight) for other, weight in references
    ]
