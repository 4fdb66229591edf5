"""What a margin is without, in words: above its table, and in files."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.months import month_add
from core.organisation import organisation_get
from pricing.words.behind import lines_by_month
from products.models import Measure
from products.selectors.lines import line_tree
from reporting.selectors.margin_gaps import MarginGaps
from reporting.selectors.report_query import ReportQuery

from .budgets import others_words


def gaps_words(found: MarginGaps, *, advise: bool = False) -> list[str]:
    """A sentence each; ``advise``: with what else to choose. None where nothing lacks."""
    said = []
    if found.booked_until:
        words = _(
            "Costs are booked until %(moment)s; sales of these months changed after that. The next night"
            " books them anew."
        )
        said.append(words % {"moment": formats.moment(found.booked_until)})
    if found.months:
        words = _(
            "None of these costs are booked of %(months)s, in which something was sold: the margin is too"
            " high there, and this is not like with like."
        )
        said.append(words % {"months": _months(found.months)})
        if advise:
            said[-1] += " " + _("Choose standard costs or other months.")
    for number, details in lines_by_month(found.unsold):
        words = ngettext(
            "%(lines)s has sales up to %(month)s and costs after that: the margin is too low there.",
            "%(lines)s have sales up to %(month)s and costs after that: the margin is too low there.",
            number,
        )
        said.append(words % details)
    if found.unplanned:
        words = _("The budget plans sales of %(months)s and none of these costs: not like with like.")
        said.append(words % {"months": _months(found.unplanned)})
    if found.of_lines:
        words = _(
            "%(amount)s of the budget is made for whole lines and of no product: it stands apart, and"
            " products without a budget of their own as not in it."
        )
        if found.of_lines < 0:
            words = _("Products are planned %(amount)s above the budget of their lines: it stands apart.")
        said.append(words % {"amount": formats.money(abs(found.of_lines), organisation_get().currency, 0)})
    if found.measures:
        words = _("The budget stands here %(others)s.")
        said.append(words % {"others": others_words(found.measures)})
    if found.products:
        names = ", ".join(found.products)
        if found.others:
            others = ngettext("%(names)s and %(n)s other", "%(names)s and %(n)s others", found.others)
            names = others % {"names": names, "n": formats.number(found.others)}
        said.append(_("Sold, without any of these actual costs: %(names)s.") % {"names": names})
    if found.apart:
        words = _(
            "Margins of a channel are without what is booked in no channel, %(amount)s of costs of"
            " %(months)s, so there is no share of net sales from %(margin)s on."
        )
        told = {
            "amount": formats.money(found.apart, organisation_get().currency),
            "months": _months(found.apart_months),
            "margin": _("the result") if found.apart_level == "below" else found.apart_level.upper(),
        }
        said.append(words % told)
    return said


def booked_words(query: ReportQuery) -> list[str]:
    """Up to which month its costs are booked, where it goes on after that."""
    if query.last_booked is None:
        return []
    words = {
        "actual": _(
            "Actual costs are booked until %(month)s: what comes after that is not whole yet, so"
            " beside other months this is not like with like."
        ),
        "standard": _(
            "Standard costs are booked until %(month)s: what comes after that is not whole yet, so"
            " beside other months this is not like with like."
        ),
    }
    return [words[query.booked_of] % {"month": formats.month(query.last_booked)}]


def booked_line(query: ReportQuery) -> str:
    """The same for another system."""
    return f" costs_until={query.last_booked:%Y-%m}" if query.last_booked else ""


def gaps_line(found: MarginGaps) -> str:
    """The same for another system."""
    said = {
        "booked_until": found.booked_until.isoformat() if found.booked_until else "",
        "budget_without_costs": ",".join(f"{month:%Y-%m}" for month in found.unplanned),
        "budget_of_lines": f"{found.of_lines:.2f}" if found.of_lines else "",
        "budget_in_other_measures": ",".join(_codes(found.measures)),
        "without_costs": ",".join(f"{month:%Y-%m}" for month in found.months),
        "sales_until": ",".join(sorted(_until(found))),
        "products_without_costs": str(len(found.products) + found.others) if found.products else "",
        "in_no_channel": f"{found.apart:.2f}" if found.apart else "",
    }
    return "".join(f" {name}={value}" for name, value in said.items() if value)


def _codes(measures: Collection[int]) -> list[str]:
    if not measures:
        return []
    return list(Measure.objects.filter(pk__in=measures).order_by("code").values_list("code", flat=True))


def _until(found: MarginGaps) -> list[str]:
    tree = line_tree()
    return [f"{tree.lines[pk].code}:{month:%Y-%m}" for pk, month in found.unsold.items()]


def _months(months: Sequence[datetime.date]) -> str:
    """Those that follow each other as from – until."""
    runs: list[list[datetime.date]] = []
    for month in months:
        if runs and month_add(runs[-1][-1], 1) == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(" – ".join(map(formats.month, dict.fromkeys((run[0], run[-1])))) for run in runs)
