"""What the reporting room adds to the others: Today in the menu, the product overview's tab."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import rights
from accounts.rights import Right
from core import registries
from core.later import later_in
from core.registries import JobKind, MenuEntry, Panel, ProductTab, ReportField, ReportSection

later = later_in("reporting")


def register_all() -> None:
    from collaboration.kinds import alert_kinds
    from collaboration.selectors.alerts import alerts_open

    from .services.shares import shares_revoke_all
    from .share_questions import QUESTION

    def compared(user: Any, family: Any) -> Any:
        from .family_panel import family_compared  # charts come along: not before a page asks

        return family_compared(user, family)

    registries.menu.register(MenuEntry("today", _("Today"), "reporting:today", "sun", 10, badge=alerts_open))
    registries.panels.register(
        Panel("family_compared", "family", "reporting/_family_compared.html", compared, 30)
    )
    registries.job_kinds.register(
        JobKind("reporting.file", later("services.report_files.report_file_make"), _("A report as a file")),
        JobKind(
            "reporting.snapshot_file",
            later("services.snapshot_files.snapshot_file_make"),
            _("A published report as a file"),
        ),
    )
    registries.product_tabs.register(ProductTab("overview", _("Overview"), "reporting:product", 0))
    rights.register(
        Right("reporting.view", _("Read reports"), _("Published reports, within what one may see.")),
        Right("reporting.edit", _("Make and publish reports")),
        Right(
            "reporting.share",
            _("Share reports by link"),
            _("One's own reports for the outside, with people who have no account."),
        ),
    )
    alert_kinds.register(QUESTION)
    registries.organisation_changes.register(
        registries.OrganisationChange(
            "sharing", lambda values: shares_revoke_all() if values.get("sharing") is False else None
        )
    )
    registries.menu.register(
        MenuEntry("reports", _("Reports"), "reporting:reports", "report", 60, "reporting.view")
    )
    registries.panels.register(
        Panel(
            "as_report",
            "head",
            "reporting/_as_report.html",
            lambda user, product: {},
            90,
            "reporting.edit",
        )
    )
    registries.report_fields.register(
        ReportField("product", _("Product"), order=10),
        ReportField("channel", _("Channel"), order=20),
        ReportField("volume", _("Volume"), order=30),
        ReportField("revenue", _("Revenue"), order=40),
        ReportField("last_year", _("Change against last year"), order=50),
        ReportField("forecast", _("Forecast"), order=60),
        ReportField("budget", _("Budget"), "internal", 70),
        ReportField("comment", _("Words of the author"), order=900),
        ReportField("author", _("Name of the author"), "person", 910),
    )
    for order, key, label in (
        (10, "key_figures", _("Key figures")),
        (20, "sales", _("Sales and forecast")),
        (30, "channels", _("Sales by channel")),
        (900, "words", _("Own words")),
    ):
        build = later(f"report_sections.{key}_section")
        registries.report_sections.register(ReportSection(key, label, build, order))
