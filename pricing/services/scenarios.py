"""Keep a what-if, and take it away."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from pricing.models import Scenario
from pricing.selectors.what_if import Answer, Ground
from products.models import Product
from products.services.scope import product_within

# The chart holds so many beside the one that is being made.
MOST = 3


def _may(user: Any, product: Product) -> None:
    right_require(user, "pricing.edit")
    product_within(user, product)


def scenario_save(*, user: Any, ground: Ground, name: str, answer: Answer) -> Scenario:
    """Keep what was asked and what was answered today, by month and beside what stands without the change."""
    _may(user, ground.product)
    name = name.strip()
    if not name:
        raise DomainError("no_name", _("Give it a name."), "name")
    # Everybody who sees the product reads it: no margin is kept, nor what distribution costs.
    said = dataclasses.asdict(dataclasses.replace(answer.outcome, margin=None))
    base = ground.base(answer.asked.start)
    said["months"] = [str(row.month) for row in ground.months]
    said["volumes_now"] = [month.mean for month in base]
    said["revenues_now"] = [month.mean * month.price for month in base]
    row = Scenario(
        product=ground.product,
        name=name[:80],
        author=user,
        values={name: value for name, value in answer.asked.values.items() if name != "cost"},
        result=said,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise DomainError("name_taken", _("There is a scenario of that name."), "name") from None
    return row


@transaction.atomic
def scenario_remove(*, user: Any, scenario: Scenario) -> None:
    _may(user, scenario.product)
    scenario.delete()
