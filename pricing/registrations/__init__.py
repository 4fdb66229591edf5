"""What the pricing room adds to the others."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import rights
from accounts.rights import Right
from core import registries
from core.registries import MenuEntry, ProductTab

from . import costs, decisions, effects, offer, place, prices, promotions, reports


def register_all() -> None:
    rights.register(
        Right(
            "pricing.view",
            _("See the marketing mix"),
            _("Positioning, prices, place and promotion within one's limits."),
        ),
        Right("pricing.edit", _("Propose prices, positioning, place and promotions")),
        Right("pricing.approve", _("Approve what is proposed in the marketing mix")),
        Right(
            "pricing.bounds",
            _("Set bounds and days of notice of prices, and which VAT they have"),
            _("Where prices need a second person: for who does not propose them."),
        ),
        Right("pricing.view_costs", _("See costs and margins")),
        Right("pricing.edit_costs", _("Keep cost lines and kinds of cost")),
    )
    registries.product_tabs.register(ProductTab("mix", _("Marketing mix"), "pricing:mix", 30, "pricing.view"))
    registries.menu.register(
        MenuEntry("pricing", _("Pricing"), "pricing:prices", "tag", 40, "pricing.view", _waiting)
    )
    costs.register()
    offer.register()
    prices.register()
    promotions.register()
    place.register()
    effects.register()
    decisions.register()
    reports.register()


def _waiting(user: Any) -> tuple[QuerySet[Any], ...]:
    """What waits for the person's decision."""
    from pricing.selectors.promotions import to_decide
    from pricing.selectors.proposals import proposals_waiting

    return proposals_waiting(user), to_decide(user)
