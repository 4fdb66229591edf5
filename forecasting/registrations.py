"""What the forecasting room adds to the others: rights, steps of the night, jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import rights
from accounts.rights import Right
from core import formats, registries
from core.history import Related, history_extend, history_words
from core.later import later_in
from core.registries import (
    CHART,
    TABLE,
    DoctorCheck,
    EventSource,
    FamilyColumn,
    FramePart,
    Gauge,
    HealthCheck,
    JobKind,
    MenuEntry,
    NightlyStep,
    Panel,
    ProductReading,
    ProductTab,
    ReportField,
    ReportSection,
    Subject,
)

from .alerts.kinds import kinds_register

later = later_in("forecasting")


def _product_seen(user: Any) -> Mapping[str, Any]:
    from products.selectors.access import forecasts_allowed

    return {} if forecasts_allowed(user) else {"pk__in": ()}


def _family_seen(user: Any) -> Mapping[str, Any]:
    from products.selectors.family import families_whole

    return _product_seen(user) or {"family_id__in": families_whole(user).order_by().values("pk")}


def register_all() -> None:
    from exchange.listeners import ImportListener, import_listeners
    from products.models import Family, Product

    from .models import (
        ConsensusInput,
        ConsensusMonth,
        Finding,
        LaunchPlan,
        NightlyRun,
        Override,
        StageSetting,
    )

    # Who set it, until when and why; the rest only says when and by whom that was written down.
    told: dict[str, Any] = {"skip": frozenset({"product", "family", "set_by", "set_at", "withdrawn_by"})}
    judged: dict[str, Any] = {"skip": frozenset({"product", "family", "measure", "decided_by", "decided_at"})}
    made: dict[str, Any] = {
        "skip": frozenset(
            {
                *("product", "measure", "author", "set_at", "agreed_at", "agreed_by", "said_at", "baseline"),
                "withdrawn_by",
            }
        ),
        "within": _product_seen,
    }
    for of, field, within in ((Product, "product", _product_seen), (Family, "family", _family_seen)):
        history_extend(
            of,
            Related(StageSetting, field, _("Stage set by hand"), within=within, **told),
            Related(Finding, field, _("Unusual month"), within=within, **judged),
        )
    history_extend(Product, Related(Override, "product", _("Override"), **made))
    history_extend(Product, Related(ConsensusMonth, "product", _("Agreed month"), **made))
    history_extend(Product, Related(ConsensusInput, "product", _("Figure for the agreed forecast"), **made))
    for model in (ConsensusMonth, ConsensusInput):
        history_words(model, "month", formats.month)
    for field in ("first_month", "last_month"):
        history_words(Override, field, formats.month)
    plan = Related(LaunchPlan, "product", _("Launch plan"), within=_product_seen, **told)
    history_extend(Product, plan)
    rights.register(
        Right("forecasting.view", _("See forecasts, stages and runs")),
        Right(
            "forecasting.edit", _("Set stages and launch plans by hand, judge unusual months, keep drivers")
        ),
        Right("forecasting.run", _("Start a run")),
        Right("forecasting.override", _("Change a forecast by hand")),
        Right("forecasting.contribute", _("Give figures for an agreed forecast")),
        Right("forecasting.agree", _("Agree a forecast")),
    )
    import_listeners.register(ImportListener("forecasting", later("services.forecasts.import_arrived")))
    registries.job_kinds.register(
        JobKind(
            "night.chunk",
            run=later("services.chunks.chunk_run"),
            failed=later("services.chunks.chunk_failed"),
            label=_("Part of the nightly run"),
        ),
        JobKind("night.open", run=later("services.chunks.run_open"), label=_("Start of a run")),
    )
    registries.nightly_steps.register(
        NightlyStep(
            "shared",
            _("Moving holidays"),
            chunks=later("steps.shared.chunks"),
            compute=later("steps.shared.compute"),
            order=0,
        ),
        NightlyStep(
            "changes",
            _("What changed"),
            chunks=later("steps.changes.chunks"),
            compute=later("steps.changes.compute"),
            after=("shared",),
            order=1,
        ),
        NightlyStep(
            "figures",
            _("Sales figures"),
            chunks=later("steps.figures.chunks"),
            compute=later("steps.figures.compute"),
            after=("changes",),
            order=4,
        ),
        NightlyStep(
            "findings",
            _("Unusual months"),
            chunks=later("steps.changes.light_chunks"),
            compute=later("steps.findings.compute"),
            after=("changes",),
            order=5,
        ),
        NightlyStep(
            "backtest",
            _("Backtests"),
            chunks=later("steps.changes.due_chunks"),
            compute=later("steps.backtest.compute"),
            after=("findings",),
            order=10,
        ),
        NightlyStep(
            "calibrate",
            _("Bands"),
            chunks=later("steps.calibrate.chunks"),
            compute=later("steps.calibrate.compute"),
            after=("backtest",),
            order=20,
        ),
        NightlyStep(
            "forecast",
            _("Forecasts"),
            chunks=later("steps.forecast.chunks"),
            compute=later("steps.forecast.compute"),
            after=("calibrate",),
            order=30,
        ),
        NightlyStep(
            "judgement",
            _("Overrides"),
            chunks=later("steps.judgement.chunks"),
            compute=later("steps.judgement.compute"),
            after=("forecast",),
            order=35,
        ),
        NightlyStep(
            "lifecycle",
            _("Stages"),
            chunks=later("steps.changes.due_chunks"),
            compute=later("steps.lifecycle.compute"),
            after=("forecast",),
            order=40,
        ),
        NightlyStep(
            "totals",
            _("Totals"),
            chunks=later("steps.totals.chunks"),
            compute=later("steps.totals.compute"),
            after=("judgement",),
            order=45,
        ),
        NightlyStep(
            "accuracy",
            _("Accuracy"),
            chunks=later("steps.changes.light_chunks"),
            compute=later("steps.accuracy.compute"),
            after=("forecast",),
            order=50,
        ),
        NightlyStep(
            "accuracy_sums",
            _("Accuracy of lines"),
            chunks=later("steps.accuracy_sums.chunks"),
            compute=later("steps.accuracy_sums.compute"),
            after=("accuracy",),
            order=51,
        ),
        NightlyStep(
            "alerts",
            _("Alerts"),
            chunks=later("steps.alerts.chunks"),
            compute=later("steps.alerts.compute"),
            after=("lifecycle",),
            order=90,
        ),
    )
    kinds_register()
    registries.doctor_checks.register(
        DoctorCheck("nights", "One scheduled run a date", later("doctor.one_night_a_date"), order=20),
        DoctorCheck("runs", "Runs move and leave nothing behind", later("doctor.runs_move"), order=21),
        DoctorCheck("steps", "Steps say what their chunks say", later("doctor.steps_add_up"), order=22),
        DoctorCheck("current", "One current forecast and stage each", later("doctor.one_current"), order=23),
        DoctorCheck("forecasts", "Forecasts are whole", later("doctor.forecasts_whole"), order=24),
        DoctorCheck("layers", "Layers say what people decided", later("doctor.layers_agree"), order=26),
        DoctorCheck("list", "The list shows what the night said", later("doctor.list_agrees"), order=25),
    )
    registries.health_checks.register(
        HealthCheck("last_night", later("selectors.runs.last_night_well"), order=50)
    )
    registries.gauges.register(
        Gauge("night", "Of the last night.", later("selectors.runs.night_figures"), ("figure",), order=30)
    )
    registries.menu.register(
        MenuEntry("forecasts", _("Forecasts"), "forecasting:runs", "chart-line", 30, "forecasting.view")
    )
    registries.subjects.register(
        Subject(
            "run",
            NightlyRun,
            later("selectors.runs.runs_visible"),
            lambda run: reverse("forecasting:run", args=[run.pk]),
            people=lambda run: [run.requested_by],
        )
    )
    registries.frame_parts.register(FramePart("data_status", later("cards.product.data_status")))
    registries.product_tabs.register(
        ProductTab("forecast", _("Forecast"), "forecasting:product", 20, "forecasting.view")
    )
    registries.panels.register(
        Panel(
            "stage",
            "side",
            "forecasting/_stage_panel.html",
            later("cards.product.stage_panel"),
            20,
            "forecasting.view",
        )
    )
    registries.family_tabs.register(
        ProductTab("forecast", _("Forecast"), "forecasting:family", 20, "forecasting.view")
    )
    for key, slot, template, build in (
        ("family_badge", "family_title", "forecasting/_family_badge.html", "cards.families.family_badge"),
        ("family", "family", "forecasting/_family_panel.html", "cards.families.family_panel"),
        ("family_stage", "family_side", "forecasting/_stage_panel.html", "cards.families.family_stage"),
    ):
        registries.panels.register(Panel(key, slot, template, later(build), 20))
    registries.family_columns.register(
        FamilyColumn(
            "stage",
            _("Stage"),
            "forecasting/_family_stage.html",
            later("cards.family_list.family_stages"),
            20,
        ),
        FamilyColumn(
            "growth",
            _("Forecast, 12 months"),
            "forecasting/_family_growth.html",
            later("cards.family_list.family_growth"),
            30,
            note=_("on the year before"),
        ),
    )
    registries.product_readings.register(
        ProductReading("launch_plans_now", later("selectors.launches.launch_reading"), 60)
    )
    registries.event_sources.register(EventSource("stages", later("events.stage_events"), 20))
    registries.report_fields.register(
        ReportField("stage", _("Lifecycle stage"), "internal", 100),
        ReportField("accuracy", _("Accuracy of the forecasts"), "internal", 104),
        ReportField("override", _("Changes of the forecast"), "internal", 106),
        ReportField("driver", _("What moves the forecast"), "internal", 108),
    )
    drawn = {**CHART, **TABLE}
    for order, key, label, blocks in (
        (40, "lifecycle", _("Lifecycle"), TABLE),
        (44, "accuracy", _("Forecast accuracy"), drawn),
        (46, "overrides", _("Changes of the forecast"), TABLE),
        (48, "drivers", _("What moves the forecast"), drawn),
    ):
        section = later(f"report_sections.{key}_section")
        registries.report_sections.register(
            ReportSection(key, label, section, order, "forecasting.view", blocks)
        )
