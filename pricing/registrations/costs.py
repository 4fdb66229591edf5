"""What costs add to the other rooms. The history of a product has none of them: not everybody sees costs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import formats, registries
from core.history import history_words
from core.later import later_in
from core.registries import (
    CHART,
    TABLE,
    ClosedNames,
    DecisionKind,
    JobKind,
    MenuEntry,
    MonthBooking,
    NightlyStep,
    Panel,
    ProductTab,
    ReportField,
    ReportSection,
)

RIGHT = "pricing.view_costs"
later = later_in("pricing")


def register() -> None:
    from collaboration.kinds import alert_kinds, notification_kinds
    from exchange.sheets import sheets
    from pricing import doctor
    from pricing.cards.ledger import reconciled_panel
    from pricing.models import CostRate
    from pricing.selectors.cost_months import ACTUAL_STEP, STANDARD_STEP
    from pricing.sheets.budget import BudgetWithCostsSheet
    from pricing.sheets.costs import CostsSheet
    from pricing.sheets.ledger import LedgerSheet
    from pricing.sheets.mapping import MappingSheet
    from pricing.words.cost_changes import READY, UNDER
    from pricing.words.cost_corrections import DECIDED, WAITING
    from pricing.words.margins import FLOOR
    from pricing.words.month_closing import CLOSED
    from pricing.words.withdrawn import withdrawn_words

    history_words(CostRate, "withdrawn_reason", withdrawn_words)
    history_words(CostRate, "vat_rate", formats.percent_whole)
    sheets.register(CostsSheet(), LedgerSheet(), MappingSheet(), BudgetWithCostsSheet())
    registries.nightly_steps.register(
        NightlyStep(
            STANDARD_STEP,
            _("Standard costs"),
            chunks=later("steps.standard_costs.chunks"),
            compute=later("steps.standard_costs.compute"),
            order=60,
        )
    )
    registries.nightly_steps.register(
        NightlyStep(
            "margin_floor",
            _("Margin floors"),
            chunks=later("steps.margin_floor.chunks"),
            compute=later("steps.margin_floor.compute"),
            after=("judgement",),
            order=82,
        )
    )
    registries.report_fields.register(
        ReportField("margin", _("Margins"), "cost", 200),
        ReportField("costs", _("Costs by kind"), "cost", 210),
    )
    registries.report_sections.register(
        ReportSection(
            "margins",
            _("Margin by product"),
            later("report_sections.margins.margins_section"),
            48,
            RIGHT,
        ),
        ReportSection(
            "margin",
            _("Cost and margin"),
            later("report_sections.margins.margin_section"),
            50,
            RIGHT,
            {**CHART, **TABLE, "ahead": _("Chart of the months ahead")},
        ),
    )
    registries.nightly_steps.register(
        NightlyStep(
            "costs_ahead",
            _("Costs ahead"),
            chunks=later("steps.costs_ahead.chunks"),
            compute=later("steps.costs_ahead.compute"),
            after=("judgement",),
            order=83,
        )
    )
    registries.nightly_steps.register(
        NightlyStep(
            "recommended_prices",
            _("Recommended prices"),
            chunks=later("steps.recommended.chunks"),
            compute=later("steps.recommended.compute"),
            after=("judgement", "elasticity"),
            order=84,
        )
    )
    alert_kinds.register(FLOOR, UNDER, WAITING)
    notification_kinds.register(READY, CLOSED, DECIDED)
    registries.nightly_steps.register(
        NightlyStep(
            ACTUAL_STEP,
            _("Actual costs"),
            chunks=later("steps.ledger.chunks"),
            compute=later("steps.ledger.compute"),
            order=61,
        )
    )
    registries.nightly_steps.register(
        NightlyStep(
            "cost_budgets",
            _("Budgets of costs"),
            chunks=later("steps.cost_budgets.chunks"),
            compute=later("steps.cost_budgets.compute"),
            order=62,
        )
    )
    registries.month_bookings.register(
        MonthBooking("standard_costs", later("services.standard_costs.standard_costs_before_close"), 60),
        MonthBooking("actual_costs", later("services.ledger.ledger_book_open"), 61),
    )
    registries.closed_names.register(
        ClosedNames(
            "kind",
            """SELECT id, code, name_en AS name, NULL::bigint AS above,
                      jsonb_build_object('name_nl', name_nl, 'place', place) AS said FROM pricing_costkind""",
        )
    )
    registries.panels.register(
        Panel("reconciled", "import", "pricing/_reconciled.html", reconciled_panel, 10, RIGHT)
    )
    registries.decision_kinds.register(DecisionKind("cost", _("Corrections of costs"), 40))
    doctor.register()
    registries.job_kinds.register(
        JobKind(
            "pricing.standard_costs",
            later("services.standard_costs.standard_costs_job"),
            _("Booking of standard costs"),
        )
    )
    registries.job_kinds.register(
        JobKind(
            "pricing.cost_change",
            later("services.cost_changes.cost_change_fill"),
            _("What a change of costs does"),
        )
    )
    registries.job_kinds.register(
        JobKind(
            "pricing.month_close",
            later("services.month_closing.month_close_run"),
            _("Closing of a month"),
            failed=later("services.month_closing.month_close_failed"),
            lease_seconds=300,  # closing itself is one transaction
        )
    )
    registries.product_tabs.register(ProductTab("costs", _("Costs"), "pricing:product_costs", 40, RIGHT))
    registries.menu.register(
        MenuEntry("costs", _("Costs and margins"), "pricing:costs", "calculator", 45, RIGHT)
    )
