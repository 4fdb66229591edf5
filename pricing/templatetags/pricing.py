"""Words of the marketing mix for templates, and the tabs of its rooms."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from pricing.selectors.costs import margins_allowed
from pricing.selectors.elasticities import elasticities_allowed
from pricing.selectors.recommended import recommended_allowed
from pricing.words.prices import price_number
from pricing.words.promotions import earnings_reason, effect_reason, promotion_label
from products.selectors.access import is_limited

register = template.Library()
register.filter("effect_reason", effect_reason)
register.filter("earnings_reason", earnings_reason)
register.filter("price_number", price_number)
register.filter("promotion_label", promotion_label)
register.filter("sees_margins", margins_allowed)
register.filter("sees_elasticities", elasticities_allowed)
register.filter("sees_recommended", recommended_allowed)


@register.simple_tag
def cost_tabs(user: Any) -> list[tuple[str, str, str]]:
    """The pages of costs that the person can open: key, name and address."""
    margins = margins_allowed(user)
    tabs = [
        ("lines", _("Cost lines"), "pricing:costs", True),
        ("kinds", _("Kinds of cost"), "pricing:cost_kinds", True),
        ("changes", _("Changes of many"), "pricing:cost_changes", margins),
        ("ledger", _("Ledger"), "pricing:ledger_mapping", not is_limited(user)),
        ("budget", _("Budget"), "pricing:cost_budgets", True),
        ("months", _("Months"), "pricing:cost_months", True),
        ("break_even", _("Break-even"), "pricing:break_even", margins),
        ("reports", _("Reports"), "reporting:cost_report", True),
    ]
    return [(key, name, reverse(address)) for key, name, address, opens in tabs if opens]
