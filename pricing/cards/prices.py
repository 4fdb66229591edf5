"""The card Price on a product's marketing mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, Switch
from pricing.charts.prices import Days, price_chart
from pricing.models import Price
from pricing.selectors.price_rows import PriceRow, price_history, price_rows
from pricing.selectors.prices import may_propose
from pricing.selectors.resellers import own_beside, reseller_margin
from pricing.words.prices import list_part_words, list_words, price_decimals, price_text, van_words
from products.models import Product
from products.selectors.lines import line_tree
from products.selectors.units import unit_of


@dataclass(frozen=True)
class PriceLine:
    """A row of the card, in words; of the price ahead only what the list says, with or without VAT."""

    name: str
    about: str
    with_vat: str | None
    without_vat: str | None
    since: str
    ahead: str | None
    ahead_on: str
    van: str | None
    van_note: str
    waiting: Price | None
    reseller: str | None
    pass_through: str


def price_panel(user: Any, product: Product) -> Mapping[str, Any]:
    """The prices on every list the person may see, and the history of the first; also without any."""
    history = price_history(user, product)
    rows = price_rows(product, history)
    chart = product_price_chart(user, product, rows)
    return {
        "lines": [price_line(row, rows) for row in rows],
        "has_reseller": any(own_beside(row, rows) for row in rows),
        "chart": chart,
        "has_van": any(row.van for row in rows),
        "history": bool(history),
        "can_propose": may_propose(user),
    }


def product_price_chart(
    user: Any,
    product: Product,
    rows: Sequence[PriceRow],
    chosen: str = "",
    url: str = "",
    days: Days | None = None,
) -> Chart | None:
    """Of the row with this key, else the first with a price; with ``url`` the others are a switch away.
    ``days``: as of :func:`price_chart`."""
    priced = {row_key(row): row for row in rows if row.rows}
    if not priced:
        return None
    key = chosen if chosen in priced else next(iter(priced))
    switches = [
        Switch(row_name(row), f"{url}?of={quote(other)}", other == key)
        for other, row in priced.items()
        if url and len(priced) > 1
    ]
    tree = line_tree()
    measure = tree.lead_measure(product.line_id)
    unit = unit_of(tree, product, measure)
    return price_chart(user, product, priced[key], measure, unit, switches, days)


def row_key(row: PriceRow) -> str:
    return " ".join([row.price_list.code, row.component, row.tier]).strip()


def row_name(row: PriceRow) -> str:
    return list_part_words(row.price_list, row.component, row.tier)


def price_line(row: PriceRow, rows: Sequence[PriceRow] = ()) -> PriceLine:
    currency = row.price_list.currency
    with_vat, without = row.both(row.now)
    decimals = price_decimals(row.now.amount) if row.now else 2
    van, van_note = van_words(row.van, row.price_list) if row.van else (None, "")
    following = row.following
    margin, passed = reseller_margin(row, rows), row.pass_through
    ahead = None
    if following is not None:
        ahead = price_text(following.amount, currency) if following.amount is not None else _("no price")
    return PriceLine(
        name=row_name(row),
        about=list_words(row.price_list),
        with_vat=None if with_vat is None else price_text(with_vat, currency, decimals),
        without_vat=None if without is None else price_text(without, currency, decimals),
        since=formats.day(row.now.start_date) if row.now else "",
        ahead=ahead,
        ahead_on=formats.day(following.start_date) if following else "",
        van=van,
        van_note=van_note,
        waiting=row.waiting[-1] if row.waiting else None,
        reseller=None if margin is None else formats.percent(margin, 2),
        pass_through=""
        if margin is None
        else _("keeps his margin")
        if passed == 1
        else _("passes on %(rate)s") % {"rate": formats.percent(passed, 0)},
    )
