"""What the pricing room adds to the others."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts import rights
from accounts.rights import Right
from core import registries
from core.registries import ProductTab

from .registrations_promotions import register_promotions


def register_all() -> None:
    rights.register(
        Right(
            "pricing.view",
            _("See the marketing mix"),
            _("Positioning, prices, place and promotion within one's limits."),
        ),
        Right("pricing.edit", _("Propose prices, positioning, place and promotions")),
        Right("pricing.approve", _("Approve what is proposed in the marketing mix")),
        Right("pricing.view_costs", _("See costs and margins")),
    )
    registries.product_tabs.register(ProductTab("mix", _("Marketing mix"), "pricing:mix", 30, "pricing.view"))
    register_promotions()
