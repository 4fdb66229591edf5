"""What costs add to the other rooms. The history of a product has none of them: not everybody sees costs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import registries
from core.registries import MenuEntry, ProductTab

RIGHT = "pricing.view_costs"


def register() -> None:
    from exchange.sheets import sheets

    from .cost_sheet import CostsSheet

    sheets.register(CostsSheet())
    registries.product_tabs.register(ProductTab("costs", _("Costs"), "pricing:product_costs", 40, RIGHT))
    registries.menu.register(
        MenuEntry("costs", _("Costs and margins"), "pricing:costs", "calculator", 45, RIGHT)
    )
