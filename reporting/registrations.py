"""What the reporting room adds to the others: Today in the menu, the product overview's tab."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from core import registries
from core.later import later_in
from core.registries import JobKind, MenuEntry, Panel, ProductTab

later = later_in("reporting")


def register_all() -> None:
    from collaboration.selectors.alerts import alerts_open

    def compared(user: Any, family: Any) -> Any:
        from .family_panel import family_compared  # charts come along: not before a page asks

        return family_compared(user, family)

    registries.menu.register(MenuEntry("today", _("Today"), "reporting:today", "sun", 10, badge=alerts_open))
    registries.panels.register(
        Panel("family_compared", "family", "reporting/_family_compared.html", compared, 30)
    )
    registries.job_kinds.register(
        JobKind("reporting.file", later("services.report_files.report_file_make"), _("A report as a file"))
    )
    registries.product_tabs.register(ProductTab("overview", _("Overview"), "reporting:product", 0))
