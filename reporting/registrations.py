"""What the reporting room adds to the others: Today in the menu, the product overview's tab."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import rights
from accounts.rights import Right
from core import registries
from core.later import later_in
from core.registries import (
    CHART,
    TABLE,
    JobKind,
    MailFile,
    MailText,
    MenuEntry,
    Panel,
    ProductTab,
    ReportField,
    ReportSection,
)

later = later_in("reporting")
PLANNED = {
    "month": _("Last month"),
    "year_to_date": _("Year to date"),
    "full_year": _("Full year expected"),
}
BRIDGED = {
    "last_year_chart": _("Chart against last year"),
    "last_year_table": _("Table against last year"),
    "budget_chart": _("Chart against budget"),
    "budget_table": _("Table against budget"),
}

LOOKED_AT = 30
"""Seconds until another worker takes up what somebody is waiting for."""

GRANT_ACTS = ("decided_by", "decided_at", "ended_by")
"""Who did something, and when, stands before it in the history."""


def _sheet(of: str, slot: str, user: Any, subject: Any) -> dict[str, Any]:
    said = {"of": of, "code": subject.code, "name": subject.name, "nonce": uuid.uuid4().hex}
    return {**said, "in_row": slot == "line"}


def register_all() -> None:
    from accounts.services.deputies import register_warning
    from collaboration.kinds import alert_kinds, notification_kinds
    from collaboration.selectors.alerts import alerts_open
    from core.history import Related, history_extend, history_words
    from reporting.models import Report, ReportGrant, ReportPart
    from reporting.reports.questions import QUESTION, links_unseen_words
    from reporting.words.exposure import GRANT_DECIDED, GRANT_WAITS, field_label, section_label
    from reporting.words.files import FILE_FAILED
    from reporting.words.publishing import PUBLISHING_OVER
    from reporting.words.schedules import UNSENT

    from .services.shares import shares_revoke_all

    def compared(user: Any, family: Any) -> Any:
        from .family_panel import family_compared  # charts come along: not before a page asks

        return family_compared(user, family)

    def total(user: Any, shown: Any) -> Any:
        from .total_panel import total_compared

        return total_compared(user, shown)

    registries.menu.register(MenuEntry("today", _("Today"), "reporting:today", "sun", 10, badge=alerts_open))
    registries.panels.register(
        Panel("family_compared", "family", "reporting/_family_compared.html", compared, 30),
        Panel("total_compared", "total", "reporting/_family_compared.html", total, 30),
    )
    registries.job_kinds.register(
        JobKind("reporting.file", later("services.report_files.report_file_make"), _("A report as a file")),
        JobKind(
            "reporting.snapshot_file",
            later("services.snapshot_files.snapshot_file_make"),
            _("A published report as a file"),
            failed=later("services.snapshot_files.snapshot_file_failed"),
        ),
        JobKind(
            "reporting.publish",
            later("services.report_jobs.publish_run"),
            _("A long report is published"),
            failed=later("services.report_jobs.publish_failed"),
            lease_seconds=LOOKED_AT,
        ),
        JobKind(
            "reporting.preview",
            later("services.report_jobs.preview_run"),
            _("How a long report would look"),
            lease_seconds=LOOKED_AT,
        ),
        JobKind(
            "reporting.sending",
            later("services.sendings.sending_run"),
            _("A report is sent by its schedule"),
            failed=later("services.sendings.sending_failed"),
        ),
    )
    registries.mail_files.register(
        MailFile("reporting.snapshot_pdf", later("selectors.snapshot_files.pdf_to_mail"))
    )
    registries.mail_texts.register(
        MailText("reporting.share_address", later("services.shares.share_address_make"))
    )
    alert_kinds.register(UNSENT)
    alert_kinds.register(FILE_FAILED)
    registries.product_tabs.register(ProductTab("overview", _("Overview"), "reporting:product", 0))
    rights.register(
        Right("reporting.view", _("Read reports"), _("Published reports, within what one may see.")),
        Right("reporting.edit", _("Make and publish reports")),
        Right(
            "reporting.grant",
            _("Approve fields of reports on purpose"),
            _("Costs, names and what is internal, in what goes outside; asked for by somebody else."),
        ),
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
    for of, slot in (
        *(("product", "head"), ("family", "family_head")),
        *(("line", "line_head"), ("line", "line")),
    ):
        sheet = partial(_sheet, of, slot)
        registries.panels.register(
            Panel(f"{slot}_as_report", slot, "reporting/_as_report.html", sheet, 90, "reporting.edit")
        )
    history_extend(
        Report,
        Related(ReportPart, "report", _("In the report"), frozenset({"place", "block", "query"})),
        Related(ReportGrant, "report", skip=frozenset({"scope", "asked_by", "asked_at", *GRANT_ACTS})),
    )
    history_words(ReportPart, "section", section_label)
    history_words(ReportGrant, "field", field_label)
    register_warning(links_unseen_words)
    alert_kinds.register(GRANT_WAITS)
    notification_kinds.register(GRANT_DECIDED)
    notification_kinds.register(PUBLISHING_OVER)
    registries.report_fields.register(
        ReportField("product", _("Product"), order=10),
        ReportField("channel", _("Channel"), order=20),
        ReportField("volume", _("Volume"), order=30),
        ReportField("revenue", _("Revenue"), order=40),
        ReportField("last_year", _("Change against last year"), order=50),
        ReportField("forecast", _("Forecast"), order=60),
        ReportField("budget", _("Budget"), "internal", 70),
        ReportField("cost_report", _("Cost reports kept under a name"), "cost", 220),
        ReportField("comment", _("Words of the author"), order=900),
        ReportField("author", _("Name of the author"), "person", 910),
    )
    together = _("Chart of what is told as a whole, else of each product")
    revenue = {**CHART, "whole": together, "revenue": _("Chart of revenue")}
    for order, place, key, label, blocks in (
        (5, "summary", "summary", _("At a glance"), {**CHART, **TABLE}),
        (10, "figures", "key_figures", _("Key figures"), TABLE),
        (15, "plan", "plan", _("Actual, budget, last year and the full year"), PLANNED),
        (20, "sales", "sales", _("Sales and forecast"), revenue),
        (30, "sales", "channels", _("Sales by channel"), TABLE),
        (35, "sales", "category", _("Products at each channel"), TABLE),
        (900, "words", "words", _("Own words"), {}),
    ):
        build = later(f"report_sections.{place}.{key}_section")
        registries.report_sections.register(ReportSection(key, label, build, order, blocks=blocks))
    costs = "pricing.view_costs"
    registries.report_sections.register(
        ReportSection(
            "margin_bridge",
            _("Margin against last year and budget"),
            later("report_sections.bridge.margin_bridge_section"),
            52,
            costs,
            BRIDGED,
        ),
        ReportSection(
            "cost_report",
            _("Cost report"),
            later("reports.kept_cost_reports.cost_report_section"),
            54,
            costs,
            {**CHART, **TABLE},
            asks=True,
        ),
    )
