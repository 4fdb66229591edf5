"""What the reporting room adds to the others: the product overview's tab."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import registries
from core.registries import ProductTab


def register_all() -> None:
    registries.product_tabs.register(ProductTab("overview", _("Overview"), "reporting:product", 0))
