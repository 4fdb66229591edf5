"""What the room of products adds to the others."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.rights import Right
from accounts.rights import register as register_rights
from core import formats, registries
from core.registries import EventSource, MenuEntry, Panel, ProductReading, ProductTab, SearchSource, Subject


def _count(user: Any) -> Any:
    from .selectors.product_list import products_to_count

    return products_to_count(user)


def _activity(product: Any) -> str:
    return reverse("products:activity", args=[product.code])


def register() -> None:
    from core.history import history_words

    from . import registrations_access
    from .models import BundlePart, Family, Product, ProductLine
    from .selectors.access import FLOOR_RIGHT, families_visible, products_visible
    from .selectors.columns import list_columns
    from .selectors.compared_columns import compared_columns
    from .selectors.head import month_last
    from .selectors.relations import in_succession, product_events
    from .selectors.search import families_search, family_path, lines_search, names_alike, products_search
    from .sheets.sales_days import days_panel

    history_words(Product, "floor_rate", formats.percent, right=FLOOR_RIGHT)
    history_words(ProductLine, "floor_rate", formats.percent, right=FLOOR_RIGHT)
    history_words(BundlePart, "revenue_share", formats.percent)
    register_rights(
        Right(
            "products.view", _("See products"), _("Products, lines, sales and budgets within one's limits.")
        ),
        Right("products.edit", _("Edit products"), _("Create, change, end, and change many at once.")),
        Right(
            "products.edit_structure",
            _("Edit lines, channels and the like"),
            _("Lines, channels, suppliers, segments, families, measures."),
        ),
        Right("products.close_months", _("Close months and correct closed ones")),
        Right("products.edit_budget", _("Edit and freeze budgets")),
        Right("products.share_views", _("Share saved views with everybody")),
    )
    registries.menu.register(
        MenuEntry("products", _("Products"), "products:list", "list", 20, "products.view", _count)
    )
    registries.subjects.register(
        Subject("product", Product, products_visible, _activity, order=10),
        Subject("family", Family, families_visible, family_path, order=20),
    )
    registries.product_tabs.register(
        ProductTab("details", _("Details"), "products:details", 80, "products.view"),
        ProductTab("activity", _("Activity"), "products:activity", 90, "products.view"),
    )
    registries.family_tabs.register(
        ProductTab("overview", _("Overview"), "products:family", 0, "products.view")
    )
    registries.product_readings.register(
        ProductReading("in_succession", in_succession), ProductReading("month_last", month_last)
    )
    registries.event_sources.register(EventSource("products", product_events))
    registries.panels.register(Panel("days_skipped", "import", "products/_import_days.html", days_panel, 5))
    registries.search_sources.register(
        SearchSource("products", _("Products"), products_search, 10, alike=names_alike),
        SearchSource("families", _("Families"), families_search, 20),
        SearchSource("lines", _("Product lines"), lines_search, 30),
    )
    list_columns.register(*compared_columns())
    registrations_access.register()
