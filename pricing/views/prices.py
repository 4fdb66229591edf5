"""Prices across products, and all prices of one."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError
from core.errors import form_refuse
from core.organisation import today
from core.pages import Sort, page_render, paginate, with_right
from core.texts import query_of
from exchange.export import ExportColumn, export_asked, export_response
from pricing.cards.prices import product_price_chart
from pricing.forms.prices import VatForm
from pricing.models import Price, PriceList, VatCode
from pricing.selectors.price_overview import SHOWN, SORTS, Parts, parts_priced, products_priced
from pricing.selectors.price_rows import price_history, price_rows
from pricing.selectors.prices import list_is_within, lists_visible, may_propose
from pricing.selectors.yearly import customers_visible, list_yearly, product_yearly
from pricing.services.price_bounds import RIGHT as BOUNDS
from pricing.services.price_bounds import bounds_refused, vat_set
from pricing.words.prices import list_words, part_text, part_words, price_text
from pricing.words.yearly import yearly_cells, yearly_heads, yearly_words
from products.models import ProductLine
from products.selectors.access import is_limited, lines_visible, product_get, products_visible
from products.selectors.filter_choices import filter_choices
from products.selectors.head import product_head
from products.selectors.lines import line_tree

from .asked import day_read

BY_NAME = Sort("name", descending=False)


@dataclass(frozen=True)
class Asked:
    """What the address of the page Prices asks for; ``price_list`` is ``None`` while there are no lists."""

    lists: list[PriceList]
    price_list: PriceList | None
    line: ProductLine | None
    family: str
    supplier: str
    text: str
    show: str
    sort: Sort
    day: datetime.date

    @classmethod
    def read(cls, request: HttpRequest) -> Asked:
        return cls.said(request.user, request.GET, Sort.read(request, list(SORTS), "name"))

    @classmethod
    def said(cls, user: Any, said: QueryDict, sort: Sort = BY_NAME) -> Asked:
        lists = list(lists_visible(user))
        code, line, show = (said.get(name, "") for name in ("list", "line", "show"))
        return cls(
            lists,
            next((row for row in lists if row.code == code), lists[0] if lists else None),
            lines_visible(user).filter(code=line).first() if line else None,
            said.get("family", "")[:60],
            said.get("supplier", "")[:60],
            said.get("q", "").strip()[:200],
            show if show in SHOWN else SHOWN[0],
            sort,
            day_read(said.get("on", "")) or today(),
        )

    @property
    def is_other_day(self) -> bool:
        return self.day != today()

    def rows(self, user: Any) -> Any:
        return products_priced(
            user,
            self.price_list,
            line=self.line,
            family=self.family,
            supplier=self.supplier,
            text=self.text,
            show=self.show,
            sort=self.sort.field,
            descending=self.sort.descending,
            day=self.day,
        )


@dataclass(frozen=True)
class Chosen:
    """Products picked on a page of prices: by ``codes``, or all that ``query``, its address, finds."""

    ids: list[int]
    codes: list[str]
    query: str = ""


def chosen_read(user: Any, said: QueryDict) -> Chosen | None:
    """Of a form or an address; ``None``: nobody picked any."""
    if said.get("all"):
        query = said.get("query", "")
        found = Asked.said(user, query_of(query))
        if found.price_list is None:
            return None
        return Chosen(list(found.rows(user).values_list("pk", flat=True)), [], query)
    codes = said.getlist("code")
    if not codes:
        return None
    rows = list(products_visible(user).filter(code__in=codes).values_list("pk", "code"))
    return Chosen([pk for pk, _code in rows], [code for _pk, code in rows])


@with_right("pricing.view")
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """Every product's price on one list: now, since when, and what comes."""
    asked = Asked.read(request)
    context: dict[str, Any] = {
        "asked": asked,
        "sort": asked.sort.text,
        "lines": lines_visible(request.user),
        "can_edit": request.user.has_perm("pricing.edit")
        and (asked.price_list is None or list_is_within(request.user, asked.price_list)),
        "can_export": request.user.has_perm("exchange.export"),
        "address": request.GET.urlencode(),
        "families": filter_choices(request.user, "family"),
        "suppliers": filter_choices(request.user, "supplier"),
    }
    if asked.price_list is not None:
        page = paginate(request, asked.rows(request.user))
        parts = parts_priced(asked.price_list, [product.pk for product in page], asked.day)
        currency = asked.price_list.currency
        context |= {
            "page": page,
            "about": list_words(asked.price_list),
            "rows": [_words(product, parts.get(product.pk, Parts()), currency) for product in page],
        }
    return page_render(request, "pricing/prices.html", context)


def _words(product: Any, parts: Parts, currency: str) -> dict[str, Any]:
    """A row of the page; prices per month, once and of a tier in words beside the plain one per unit."""
    dates = [price.start_date for price in parts.ahead]
    following = None
    if product.next_date is not None:
        amount = product.next_amount
        following = _("no price") if amount is None else price_text(amount, currency)
    return {
        "product": product,
        "now": None if product.now_amount is None else price_text(product.now_amount, currency),
        "parts": [part_text(price, currency) for price in parts.now],
        "since": product.now_since or max((price.start_date for price in parts.now), default=None),
        "next": following,
        "next_parts": [part_text(price, currency) for price in parts.ahead],
        "next_date": min([*filter(None, [product.next_date]), *dates], default=None),
    }


@with_right("pricing.view")
@require_safe
def prices_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The page Prices as a file that can be edited and read in again."""
    export_asked(request.user, kind)
    asked = Asked.read(request)
    if asked.price_list is None:
        raise Http404(kind)
    price_list = asked.price_list

    names = sorted({customer.name for customer in customers_visible(request.user)})

    def rows() -> Iterator[list[Any]]:
        source = asked.rows(request.user).iterator(chunk_size=500)
        while products := list(islice(source, 500)):
            yearly = list_yearly(price_list, products, asked.day) if names else {}
            parts = parts_priced(price_list, [product.pk for product in products], asked.day)
            for product in products:
                of_customer = {row.customer.name: row for row in yearly.get(product.pk, ())}
                paid = [cell for name in names for cell in yearly_cells(of_customer.get(name))]
                for cells in _parts_exported(product, parts.get(product.pk, Parts())):
                    about = (product.code, product.name, product.line.name)
                    yield [*about, price_list.code, price_list.currency, *cells, *paid]
                    paid = [None] * len(paid)  # of the whole price, said once

    columns = [
        ExportColumn(_("Code")),
        ExportColumn(_("Name"), width=36),
        ExportColumn(_("Line")),
        ExportColumn(_("Price list")),
        ExportColumn(_("Currency")),
        ExportColumn(_("Component")),
        ExportColumn(_("Tier")),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("Price"), "exact"),
        ExportColumn(_("Ends")),
        ExportColumn(_("Next from"), "date"),
        ExportColumn(_("Next price"), "exact"),
    ]
    for name in names:
        for head in yearly_heads():
            columns.append(ExportColumn(f"{name}: {head}", "number"))
    return export_response(request, name=_("prices"), columns=columns, rows=rows(), kind=kind)


def _parts_exported(product: Any, parts: Parts) -> Iterator[list[Any]]:
    """Component, tier, since when, amount, whether it ended, and what comes: a row each, the plain price per
    unit first. A product without any has a row to be filled in."""
    held = {(price.component, price.tier): price for price in (*parts.now, *parts.ended)}
    coming = {(price.component, price.tier): price for price in parts.ahead}
    if product.now_since or product.next_date or not (held or coming):
        said = _said(product.now_since, product.now_amount, product.next_date, product.next_amount)
        yield [Price.Component.UNIT.label, "", *said]
    for key in dict.fromkeys([*held, *coming]):
        now, ahead = held.get(key), coming.get(key)
        yield [
            Price.Component(key[0]).label,
            key[1],
            *_said(
                *((now.start_date, now.amount) if now else (None, None)),
                *((ahead.start_date, ahead.amount) if ahead else (None, None)),
            ),
        ]


def _said(since: Any, amount: Any, ahead: Any, following: Any) -> list[Any]:
    """As a file brings it in: what only lies ahead stands where a price does."""
    if since is None:
        since, amount, ahead, following = ahead, following, None, None
    return [since, amount, _("yes") if since and amount is None else None, ahead, following]


@with_right("pricing.view")
@require_http_methods(["GET", "HEAD", "POST"])
def product_prices(request: HttpRequest, code: str) -> HttpResponse:
    """Every price the product had, has and will have, and which VAT; POST sets its VAT from a date on."""
    product = product_get(request.user, code)
    form, status = VatForm(request.POST or None, initial={"start_date": today()}), 200
    if request.method == "POST":
        if not request.user.has_perm(BOUNDS):
            raise PermissionDenied(BOUNDS)
        if form.is_valid():
            try:
                vat_set(user=request.user, product=product, **form.cleaned_data)
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("pricing:product_prices", code=product.code)
        status = 422
    history = price_history(request.user, product)
    found = price_rows(product, history)
    above = [line.pk for line in line_tree().ancestors(product.line_id)]
    yearly = [yearly_words(row) for row in product_yearly(product, found)]
    can_bound = request.user.has_perm(BOUNDS) and not is_limited(request.user)
    refused = bounds_refused(request.user, product.line) if can_bound else ""
    context = {
        "head": product_head(request.user, product, "mix"),
        "product": product,
        "chart": product_price_chart(request.user, product, found, request.GET.get("of", ""), request.path),
        "yearly": yearly,
        "with_levies": any(row["now_levied"] or row["then_levied"] for row in yearly),
        "rows": [
            {
                "price": price,
                "part": part_words(price.component, price.tier),
                "amount": _("no price")
                if price.amount is None
                else price_text(price.amount, price.price_list.currency),
                "ahead": price.start_date > today(),
            }
            for price in history
        ],
        "vat": VatCode.objects.filter(product=product)
        .union(VatCode.objects.filter(line__in=above))
        .order_by("-start_date"),
        "form": form,
        "can_bound": can_bound and not refused,
        "bounds_refused": refused,
        "can_propose": may_propose(request.user),
    }
    return page_render(request, "pricing/product_prices.html", context, status=status)
