"""What stands above every tab of a product."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.expressions import RawSQL
from django.urls import reverse

from accounts.rows import sql_of
from core import registries
from core.organisation import today
from core.panels import PanelItem, panels_build
from products.models import Product, ProductFigures, ProductLine, ProductMonth

from .access import forecasts_allowed
from .lines import INHERITED, Inherited, LineTree, line_tree


@dataclass(frozen=True)
class TabItem:
    key: str
    label: Any
    url: str
    active: bool


@dataclass(frozen=True)
class ProductHead:
    """Title, stage, as-of line, tabs and actions of a product, for ``products/product_base.html``.

    ``owner`` (its value is a ``User``), ``unit`` and whatever :func:`product_inherited` gives say which line
    they come from. ``stage`` is empty and ``data_month`` ``None`` where there is none; not
    everybody is told a stage (:func:`forecasts_allowed`).
    """

    product: Product
    path: list[ProductLine]
    values: Mapping[str, Inherited]
    owner: Inherited
    unit: str
    status: str
    status_label: Any
    figures: ProductFigures | None
    stage: str
    stage_since: datetime.date | None
    data_month: datetime.date | None
    tabs: list[TabItem]
    actions: list[PanelItem]
    tree: LineTree


def month_last(_user: Any) -> RawSQL:
    """The last month with data of the product of a page, also where it lies before the years that figures
    look at; read with it."""
    return _month_last_read()


@cache
def _month_last_read() -> RawSQL:
    months = ProductMonth.objects.filter(product=OuterRef("pk")).order_by("-month")
    return sql_of(Product, Subquery(months.values("month")[:1]))


def product_inherited(product: Product, tree: LineTree) -> dict[str, Inherited]:
    """Every value a product may inherit, by field; ``line`` is the line that says it, ``None``: the product
    itself, or nobody (then ``value`` is ``None``)."""
    found = {}
    for field in INHERITED:
        own = getattr(product, field, None)
        found[field] = (
            Inherited(own, None) if own not in (None, "") else tree.inherited(product.line_id, field)
        )
    return found


def product_head(
    user: Any, product: Product, active: str = "", *, tree: LineTree | None = None
) -> ProductHead:
    """The head of a product page with the tab ``active`` (its registered key) lit."""
    tree = tree or line_tree()
    values = product_inherited(product, tree)
    owner = values["owner_id"]
    person = product.owner if owner.line is None else owner.line.owner
    figures: ProductFigures | None = getattr(product, "figures", None)
    status = Product.Status(product.status_on(today()))
    shown = figures if forecasts_allowed(user) else None
    tabs = [
        TabItem(tab.key, tab.label, reverse(tab.url_name, args=[product.code]), tab.key == active)
        for tab in registries.product_tabs
        if not tab.permission or user.has_perm(tab.permission)
    ]
    return ProductHead(
        product=product,
        path=tree.path(product.line_id),
        values=values,
        owner=Inherited(person, owner.line),
        unit=values["unit"].value or tree.lead_measure(product.line_id).unit,
        status=status.value,
        status_label=status.label,
        figures=figures,
        stage=shown.stage if shown else "",
        stage_since=shown.stage_since if shown else None,
        data_month=(figures and figures.data_month) or getattr(product, "month_last", None),
        tabs=tabs,
        actions=panels_build(user, product, "head"),
        tree=tree,
    )
