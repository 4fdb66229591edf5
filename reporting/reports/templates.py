"""What a new report can start from: for whom, how far back, and which sections in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import registries
from core.registries import ReportSection
from reporting.models import Report
from reporting.selectors.report_choices import WHOLE, Choice
from reporting.selectors.reports import SHEET as SHEET_SECTIONS
from reporting.selectors.reports import Built, sections_usable


@dataclass(frozen=True)
class AskedReport:
    """A cost report that a template has as a section: what it is called, and what it is asked."""

    name: Any
    query: str

    @property
    def choice(self) -> Choice:
        """As it is kept in a report, named in the language of now."""
        return Choice(query=self.query, name=str(self.name))


@dataclass(frozen=True)
class ReportTemplate:
    """``said`` is its one line where one chooses; ``period`` and ``months`` are how far it looks back;
    ``sections`` are keys of the registry (with the name of what is chosen of one) and cost reports, in order.
    Of those nobody registered, and of those
    its author may not use, nothing comes along."""

    key: str
    title: Any
    said: Any
    audience: str
    sections: Sequence[str | tuple[str, str] | AskedReport]
    months: int = 24
    period: str = "months"


COSTS_COMPARED = AskedReport(
    _("Actual costs beside budget and last year"),
    "layout=costs&by=kind&of=actual&against=budget&columns=month-actual,month-budget,month-last_year,"
    "ytd-actual,ytd-budget,ytd-difference,ytd-last_year",
)
SHEET = ReportTemplate(
    "sheet",
    _("Product sheet"),
    _("A product, or a family or line as a whole, on one page: figures, stage, channels, margin."),
    "internal",
    SHEET_SECTIONS,
)
TEMPLATES: Mapping[str, ReportTemplate] = {
    each.key: each
    for each in (
        ReportTemplate(
            "month",
            _("Month report for management"),
            _("Actual and margin against budget and last year, the full year expected, what stands out."),
            "internal",
            (
                *("summary", "words", "plan", "margins", "margin_bridge"),
                *(("sales", "whole"), "lifecycle", "channels", "decisions"),
            ),
        ),
        ReportTemplate(
            "costs",
            _("Cost report for finance"),
            _("Costs by kind beside budget and last year, margins by product, and the figures behind them."),
            "finance",
            (COSTS_COMPARED, "margins", "margin_bridge", "margin", "plan", "key_figures"),
            12,
        ),
        ReportTemplate(
            "category",
            _("Category review for a retailer"),
            _("What the retailer's own sales do, product by product; nothing of others, no costs."),
            "external",
            ("words", "category", "key_figures", "sales", "prices", "place", "promotions"),
        ),
        ReportTemplate(
            "talks",
            _("Annual talks"),
            _("Three years with one account, prices and promotions, and what you propose."),
            "external",
            ("words", "key_figures", "category", "sales", "prices", "promotions", "words"),
            36,
        ),
        ReportTemplate(
            "supplier",
            _("Supplier review"),
            _("What is sold and expected of the products that a supplier makes; no costs."),
            "external",
            ("words", "sales", "key_figures"),
        ),
        ReportTemplate(
            "launch",
            _("Launch review"),
            _("The first months of something new: sold, expected, in which channels, at which margin."),
            "internal",
            (
                "words",
                "key_figures",
                "sales",
                "lifecycle",
                "place",
                "prices",
                "promotions",
                "margin",
                "decisions",
            ),
            12,
        ),
        ReportTemplate(
            "review",
            _("Product review"),
            _("All there is to weigh when you decide to keep, change or end a product."),
            "internal",
            (
                *(
                    "words",
                    "key_figures",
                    "plan",
                    "sales",
                    "accuracy",
                    "lifecycle",
                    "channels",
                    "positioning",
                ),
                *("prices", "place", "promotions", "margin", "decisions"),
            ),
            36,
        ),
        SHEET,
        ReportTemplate("empty", _("Empty report"), _("You choose every section yourself."), "internal", ()),
    )
}


def is_sheet(report: Report, built: Built) -> bool:
    """Whether it fits on one page: begun as a sheet, of one product, line or family still, without sections
    that a sheet has not."""
    told = {section.key for section in built.sections}
    is_of_one = len(built.scope.products) == 1 or built.scope.as_whole
    return report.sheet and is_of_one and told <= set(SHEET_SECTIONS)


def sections_offered(user: Any) -> list[ReportSection]:
    """The sections that a person may choose as they are."""
    return [each for each in sections_usable(user) if not each.asks]


def templates_offered(
    user: Any,
) -> list[tuple[ReportTemplate, list[tuple[ReportSection, Choice]], list[Any]]]:
    """Each with its sections, and the names of those that are left out as the person may not look into their
    room; not offered where that is the first, which is what it is about."""
    usable = {each.key for each in sections_usable(user)}
    found = []
    for template in TEMPLATES.values():
        keys = [key for key, _choice in map(_asked, template.sections) if key in registries.report_sections]
        closed = [registries.report_sections.get(key).label for key in keys if key not in usable]
        if not keys or keys[0] in usable:
            found.append((template, template_sections(user, template), closed))
    return found


def template_sections(user: Any, template: ReportTemplate) -> list[tuple[ReportSection, Choice]]:
    """The template's sections as far as they are there for this person, with what each is asked."""
    usable = {each.key: each for each in sections_usable(user)}
    asked = map(_asked, template.sections)
    return [(usable[key], choice) for key, choice in asked if key in usable]


def _asked(section: str | tuple[str, str] | AskedReport) -> tuple[str, Choice]:
    if isinstance(section, AskedReport):
        return "cost_report", section.choice
    return (section, WHOLE) if isinstance(section, str) else (section[0], Choice(section[1]))
