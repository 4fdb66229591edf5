"""The margin ahead of product lines and of everything: on the page of break-even, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from exchange.export import ExportColumn
from pricing.cards.margin_totals import margin_total_card
from pricing.selectors.costs_ahead import ahead_after
from pricing.selectors.margin_totals import MarginsAhead
from pricing.selectors.margins_ahead import channels_together
from products.models import ProductLine
from products.selectors.lines import line_tree, lines_offered

BY = ("line", "month", "channel")


def ahead_context(request: HttpRequest, line: ProductLine | None) -> dict[str, Any]:
    """Of a product line, or of everything, by the lines in it, month or channel; ``last``: the month
    before."""
    by = request.GET.get("by", "")
    by = by if by in BY else BY[0]
    ways = {"line": _("Product line"), "month": _("Month"), "channel": _("Channel")}
    last = ahead_after()
    said = {"by": by, "ways": ways.items(), "lines": lines_offered(request.user), "last": last}
    ahead = MarginsAhead(request.user, last)
    if by == "channel":
        channels = ahead.channels(line)
        return said | {"rows": channels, "together": channels_together(channels)}
    below = line_tree().descendants(line.pk) if line else None
    totals = [row for row in ahead.totals() if below is None or (row.line and row.line.pk in below)]
    chosen = next((row for row in totals if row.line == line), None)
    if chosen is None:  # who sees some lines only has no margin of everything
        said["by"] = "line"
    return said | {
        "head": ways[str(said["by"])],
        "rows": chosen.months if chosen and by == "month" else totals,
        "card": margin_total_card(ahead, chosen) if chosen else None,
        "without": chosen.without if chosen else 0,
    }


def ahead_file(said: Mapping[str, Any]) -> tuple[list[ExportColumn], Iterable[list[Any]]]:
    """The table that the page has, as columns and rows."""
    net, share = ExportColumn(_("Net sales"), "amount"), ExportColumn(_("CM2 of net sales"), "rate")
    cm2 = ExportColumn("CM2", "amount")
    if said["by"] == "channel":
        columns = [ExportColumn(_("Code")), ExportColumn(_("Channel"), width=30)]
        columns += [net, ExportColumn(_("Costs"), "amount"), cm2, share]
        names = ((row.channel.code, str(row.channel)) if row.channel else ("", "") for row in said["rows"])
        rows = zip(names, said["rows"], strict=True)
        return columns, ([*name, row.net, row.costs, row.margin, row.rate] for name, row in rows)
    band = [ExportColumn(_("CM2, low (80%)"), "amount"), ExportColumn(_("CM2, high (80%)"), "amount")]
    figures = [net, cm2, *band, share, ExportColumn(_("Margin floor"), "rate")]
    if said["by"] == "month":
        return [ExportColumn(_("Month"), "month"), *figures], (
            [row.month, *_figures(row)] for row in said["rows"]
        )
    columns = [ExportColumn(_("Code")), ExportColumn(_("Product line"), width=30), *figures]
    columns.append(ExportColumn(_("Months to the margin floor"), "number"))
    return columns, (
        [
            *((row.line.code, row.line.name) if row.line else ("", _("all together"))),
            *(*_figures(row), row.to_floor),
        ]
        for row in said["rows"]
    )


def _figures(row: Any) -> list[float | None]:
    return [row.net, row.margin, row.low, row.high, row.rate, row.floor]
