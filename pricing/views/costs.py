"""Costs across products, and all costs of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.organisation import organisation_get, today
from core.pages import Sort, page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.cards.costs import product_costs_context
from pricing.cards.landed import landed_card, usual_units
from pricing.cards.margins import margin_card
from pricing.cards.variance import variance_card
from pricing.forms.costs import LandedForm
from pricing.models import CostKind, CostLine, CostRate
from pricing.selectors.cost_overview import SHOWN, SORTS, cost_lines_listed
from pricing.selectors.costs import EDIT, RIGHT, FixedShares, Rates, fixed_shares, product_rates, rates_of
from pricing.words.cost_sheet import ALL, shares_text
from pricing.words.costs import about_words, amount_words, basis_words, of_words, split_words
from products.models import ProductLine
from products.selectors.access import lines_visible, product_get
from products.selectors.head import product_head

EXPORTED = 500
"""Cost lines of a file that are read together."""


@dataclass(frozen=True)
class Asked:
    """What the address of the page Costs asks for."""

    text: str
    kind: str
    level: str
    line: ProductLine | None
    show: str
    sort: Sort

    @classmethod
    def read(cls, request: HttpRequest) -> Asked:
        line, show = request.GET.get("line", ""), request.GET.get("show", "")
        return cls(
            request.GET.get("q", "").strip()[:200],
            request.GET.get("kind", ""),
            request.GET.get("level", ""),
            lines_visible(request.user).filter(code=line).first() if line else None,
            show if show in SHOWN else SHOWN[0],
            Sort.read(request, list(SORTS), "kind"),
        )

    def rows(self, user: Any) -> Any:
        return cost_lines_listed(
            user,
            text=self.text,
            kind=self.kind,
            level=self.level,
            line=self.line,
            show=self.show,
            sort=self.sort.field,
            descending=self.sort.descending,
        )


@with_right(RIGHT)
@require_safe
def costs(request: HttpRequest) -> HttpResponse:
    """Every cost line: of whom, of what, what it comes to now, and what comes."""
    asked = Asked.read(request)
    page = paginate(request, asked.rows(request.user))
    context = {
        "asked": asked,
        "sort": asked.sort.text,
        "page": page,
        "rows": [
            {
                "row": row,
                "of": of_words(row),
                "split": split_words(row),
                "basis": basis_words(row),
                "about": about_words(row),
                "now": None if row.now_since is None else amount_words(row, row.now_amount),
                "next": amount_words(row, row.next_amount),
            }
            for row in page
        ],
        "filtered": bool(asked.text or asked.kind or asked.level or asked.line or asked.show != SHOWN[0]),
        "kinds": CostKind.objects.all(),
        "levels": CostKind.Level.choices,
        "lines": lines_visible(request.user),
        "can_edit": request.user.has_perm(EDIT),
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "pricing/costs.html", context)


def _line_code(row: CostLine) -> str | None:
    """As the sheet reads it: of all products is said, as an empty cell could be a slip."""
    return row.line.code if row.line else None if row.product else ALL


def _exported(row: CostLine, rate: CostRate, key: FixedShares | None) -> list[Any]:
    """A rate of a cost line, as the sheet reads it; what is as it is without a word stays empty."""
    amount = rate.amount
    if amount is not None and row.basis == CostLine.Basis.SHARE:
        amount *= 100
    return [
        *(row.product and row.product.code, _line_code(row), row.kind.code, row.name),
        *(row.basis, row.base, row.measure and row.measure.code, rate.start_date, amount),
        *("1" if amount is None else None, row.currency),
        rate.exchange_rate if row.currency != organisation_get().currency else None,
        rate.times if rate.times != 1 else None,
        *(rate.from_quantity or None, rate.least_quantity or None, rate.vat_rate * 100 or None),
        *(row.key, shares_text(key.shares) if key else None, key.start_date if key else None),
        *(row.supplier and row.supplier.code, row.channel and row.channel.code),
        *(row.cost_centre, row.tail_months),
    ]


def _rates_exported(rates: Rates, *, ahead: bool) -> list[CostRate]:
    """Of each tier the rate that holds; ``ahead``: and those to come."""
    day = today()
    return [*rates.tiers_on(day).values(), *(rates.ahead_of(day) if ahead else ())]


@with_right(RIGHT)
@require_safe
def costs_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The page Costs as a file that can be edited and read in again."""
    export_asked(request.user, kind)
    asked = Asked.read(request)

    def rows() -> Iterator[list[Any]]:
        found = asked.rows(request.user).iterator(chunk_size=EXPORTED)
        while chunk := list(islice(found, EXPORTED)):
            rates, shares = rates_of(chunk), fixed_shares(request.user, chunk)
            for row in chunk:
                keys = shares.get(row.pk, [])
                key = next((each for each in keys if each.holds), keys[0] if keys else None)
                for rate in _rates_exported(rates[row.pk], ahead=asked.show != SHOWN[0]):
                    yield _exported(row, rate, key)

    columns = [
        ExportColumn(_("Product")),
        ExportColumn(_("Product line")),
        ExportColumn(_("Kind of cost")),
        ExportColumn(_("What it is"), width=30),
        ExportColumn(_("Basis")),
        ExportColumn(_("Of what")),
        ExportColumn(_("Per unit of")),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("Amount"), "exact"),
        ExportColumn(_("Ends")),
        ExportColumn(_("Currency")),
        ExportColumn(_("Exchange rate"), "exact"),
        ExportColumn(_("How often"), "exact"),
        ExportColumn(_("From quantity"), "number"),
        ExportColumn(_("Minimum order"), "number"),
        ExportColumn(_("VAT not reclaimed"), "number"),
        ExportColumn(_("Split")),
        ExportColumn(_("Fixed shares"), width=30),
        ExportColumn(_("Shares from"), "date"),
        ExportColumn(_("Supplier")),
        ExportColumn(_("Channel")),
        ExportColumn(_("Cost centre")),
        ExportColumn(_("Months after the end"), "number"),
    ]
    return export_response(request, name=_("costs"), columns=columns, rows=rows(), kind=kind)


@with_right(RIGHT)
@require_safe
def product_costs(request: HttpRequest, code: str) -> HttpResponse:
    """What one product costs now and next, by the margin it is taken off before."""
    product = product_get(request.user, code)
    rates = product_rates(request.user, product)
    margin = margin_card(request.user, product, rates) if rates else None
    usual = usual_units(rates, margin.sold if margin else None)
    form = LandedForm(request.GET if "units" in request.GET else None, initial={"units": usual})
    units = (form.cleaned_data["units"] if form.is_valid() else None) or usual
    card = product_costs_context(product, rates)
    context = {
        "head": product_head(request.user, product, "costs"),
        "product": product,
        "can_edit": request.user.has_perm(EDIT),
        **card,
        "margin": margin,
        "landed": landed_card(product, rates, units, card["unit"]),
        "landed_form": form,
    }
    return page_render(request, "pricing/product_costs.html", context)


@with_right(RIGHT)
@require_safe
def product_variance(request: HttpRequest, code: str) -> HttpResponse:
    """The card of actual costs beside standard ones, which comes after the page."""
    product = product_get(request.user, code)
    if not getattr(request, "htmx", None):
        return redirect("pricing:product_costs", product.code)
    context = {"variance": variance_card(request.user, product)}
    return render(request, "pricing/_variance.html", context)
