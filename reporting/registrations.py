"""What the reporting room adds to the others: Today in the menu, the product overview's tab."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import registries
from core.registries import MenuEntry, ProductTab


def register_all() -> None:
    from collaboration.selectors.alerts import alerts_open

    registries.menu.register(MenuEntry("today", _("Today"), "reporting:today", "sun", 10, badge=alerts_open))
    registries.product_tabs.register(ProductTab("overview", _("Overview"), "reporting:product", 0))
