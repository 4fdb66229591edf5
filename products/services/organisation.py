"""What sales rest on in the organisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import DomainError
from products.models import BudgetRow, SalesFact


def currency_stays(organisation: Any, values: Mapping[str, Any]) -> None:
    """Facts and budgets are in the organisation's currency: once there are any, it is fixed."""
    if "currency" in values and (SalesFact.objects.exists() or BudgetRow.objects.exists()):
        message = _("There are sales or budgets in %s, so the currency is fixed.") % organisation.currency
        raise DomainError("currency_fixed", message, "currency", status=409)
