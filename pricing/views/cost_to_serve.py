"""Cost to serve: what channels cost, what each is made of, and the same as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from core.organisation import organisation_get
from core.pages import paginate
from exchange.export import ExportColumn
from pricing.models import CostLine
from pricing.selectors.cost_to_serve import PARTS, CostToServe, Served, ServedPart
from pricing.selectors.ledger_entries import EntriesAsked
from pricing.words.costs import of_words
from pricing.words.reconciliation import reconciliation_line, reconciliation_words
from products.models import Product
from products.selectors.access import is_limited


class Named(NamedTuple):
    """A part of a channel's costs as it is read; ``url`` shows it."""

    name: str
    about: str
    url: str
    part: ServedPart


def serving_context(request: HttpRequest, serving: CostToServe) -> dict[str, Any]:
    """The channels; with ``?of=`` what one of them is made of, ``by`` cost line, product or month."""
    chosen, by = _chosen(request, serving), _by(request)
    if chosen is None:
        return {"rows": serving.rows, "reconciliation": _reconciled(serving)}
    parts = serving.parts(chosen.channel, by)
    page = paginate(request, parts)
    return {
        "chosen": chosen,
        "by": by,
        "ways": _ways().items(),
        "page": page,
        "rows": [_named(request.user, serving, chosen, part) for part in page],
    }


def serving_columns(request: HttpRequest, serving: CostToServe) -> list[ExportColumn]:
    """What the file of the same has."""
    until = ExportColumn(_("12 months up to"), "month")
    if _chosen(request, serving) is not None:
        names = [
            ExportColumn(_ways()[_by(request)], width=36),
            ExportColumn(pgettext("cost", "Of"), width=30),
        ]
        amounts = [ExportColumn(_("Standard costs"), "amount"), ExportColumn(_("Actual costs"), "amount")]
        return [*names, *amounts, until]
    rate = _("%(costs)s, of net sales")
    return [
        *(ExportColumn(_("Code")), ExportColumn(_("Channel"), width=30)),
        *(ExportColumn(_("Net sales"), "amount"), ExportColumn(_("Standard costs"), "amount")),
        *(ExportColumn(rate % {"costs": _("Standard costs")}, "rate"),),
        *(ExportColumn(_("Actual costs"), "amount"),),
        *(ExportColumn(rate % {"costs": _("Actual costs")}, "rate"), until),
    ]


def serving_rows(request: HttpRequest, serving: CostToServe) -> Iterator[list[Any]]:
    """All rows; those of a channel with their total, those of channels (which do not add up) with what
    reconciles them."""
    chosen = _chosen(request, serving)
    if chosen is not None:
        for part in serving.parts(chosen.channel, _by(request)):
            named = _named(request.user, serving, chosen, part)
            yield [named.name, named.about, part.costs, part.actual, serving.last]
        yield [_("Total"), str(chosen.channel), chosen.costs, chosen.actual, serving.last]
        return
    for row in serving.rows:
        costs = (row.costs, row.rate, row.actual, row.actual_rate)
        yield [row.channel.code, str(row.channel), row.net, *costs, serving.last]
    for found in filter(None, (serving.standard, serving.actual)):
        yield [reconciliation_line(found), *[None] * 7]


def _ways() -> dict[str, str]:
    return dict(zip(PARTS, (_("Cost line"), _("Product"), _("Month")), strict=True))


def _by(request: HttpRequest) -> str:
    by = request.GET.get("by", "")
    return by if by in PARTS else PARTS[0]


def _chosen(request: HttpRequest, serving: CostToServe) -> Served | None:
    of = request.GET.get("of", "")
    return next((row for row in serving.rows if row.channel.code == of), None) if of else None


def _named(user: Any, serving: CostToServe, chosen: Served, part: ServedPart) -> Named:
    """A cost line opens itself, a kind of the ledger its entries, a product its costs."""
    of = part.of
    if isinstance(of, CostLine):
        about = " · ".join(filter(None, [of_words(of), str(of.channel)]))
        return Named(str(of), about, reverse("pricing:cost_line", args=[of.pk]), part)
    if isinstance(of, Product):
        return Named(of.name, of.code, reverse("pricing:product_costs", args=[of.code]), part)
    if part.channel is None:
        return Named(formats.month(of), "", "", part)
    asked = EntriesAsked(serving.first, serving.last, {"kind": of.code, "channel": part.channel.code})
    url = "" if is_limited(user) else f"{reverse('pricing:ledger_entries')}?{asked.encoded}"
    about = _("in the ledger · %(channel)s") % {"channel": part.channel}
    return Named(str(of), about, url, part)


def _reconciled(serving: CostToServe) -> str:
    """Whether all of the standard and the actual costs is there."""
    said = ((_("Standard costs."), serving.standard), (_("Actual costs."), serving.actual))
    currency = organisation_get().currency
    return " ".join(f"{of} {reconciliation_words(found, currency)}" for of, found in said if found)
