"""Months: what is known of each, closing one, and what was corrected since."""

from __future__ import annotations

import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError
from core import formats
from core.models import Job
from core.pages import page_render, with_right
from pricing.selectors.costs import RIGHT
from pricing.selectors.ledger import ledger_by_month
from pricing.selectors.month_closing import (
    closing_ledger,
    closing_waits,
    month_close_jobs,
    months_closed_with,
)
from pricing.services.month_closing import month_close_begin
from products.models import Product
from products.selectors import closing
from products.selectors.access import is_limited
from products.selectors.corrections import corrections
from products.services.closing import month_close_check
from products.services.scope import unlimited

MONTHS, NAMED, EARLIER = 15, 20, 12


@with_right(RIGHT)
@require_safe
def months(request: HttpRequest) -> HttpResponse:
    """The last months, newest first: whether they are whole and closed; below them the corrections."""
    known = closing.months_sales(request.user, closing.months_over(MONTHS))
    can_close = request.user.has_perm(closing.CLOSE) and closing.may_correct(request.user)
    ledger = ledger_by_month([row.month for row in known]) if not is_limited(request.user) else {}
    rows = [(row, ledger.get(row.month)) for row in known]
    context = {"rows": rows, "corrections": corrections(request.user), "can_close": can_close}
    return page_render(request, "pricing/cost_months.html", context)


@with_right(closing.CLOSE)
@require_http_methods(["GET", "HEAD", "POST"])
def month_close(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """What is not final in a month, to be confirmed; POST closes it, or has it closed and shows how far that
    is."""
    unlimited(request.user, _("This is shared by all lines; you are limited to some of them."))
    try:
        chosen = datetime.date(year, month, 1)
    except ValueError:
        raise Http404(f"{year}-{month}") from None
    error, status = "", 200
    if request.method == "POST":
        try:
            begun = month_close_begin(user=request.user, month=chosen, note=request.POST.get("note", ""))
        except DomainError as refused:
            error, status = str(refused), refused.status
        else:
            if begun is not None:
                return redirect("pricing:month_close", year, month)
            messages.success(request, _("%(month)s is closed.") % {"month": formats.month(chosen)})
            return redirect("pricing:cost_months")
    job = month_close_jobs(chosen).first()
    working = job is not None and job.state not in Job.FINAL
    is_asked = not working and not closing.is_closed(chosen)
    if is_asked:
        try:
            month_close_check(user=request.user, month=chosen)
        except DomainError as refused:
            error, is_asked = str(refused), False
    months = months_closed_with(chosen) if is_asked else [chosen]
    *earlier, known = closing.months_sales(None, months[-EARLIER - 1 :])
    sees_costs = is_asked and request.user.has_perm(RIGHT)
    ledger = ledger_by_month(months) if sees_costs else {}
    context = {
        "known": known,
        "first": months[0],
        "earlier": [(row, ledger.get(row.month)) for row in reversed(earlier)],
        "before": len(months) - len(earlier) - 1,
        "waits": closing_waits(chosen) if sees_costs else None,
        "ledger": closing_ledger(ledger, months) if sees_costs else None,
        "error": error,
        "is_asked": is_asked,
        "job": job,
        "working": working,
        "failed": job is not None and job.state == Job.State.FAILED,
        **_named(known),
    }
    fragment = "pricing/_month_close_job.html" if job else None
    return page_render(request, "pricing/month_close.html", context, fragment=fragment, status=status)


def _named(known: closing.MonthSales) -> dict[str, list[Product]]:
    """The first of the products that are not final, to be shown by name."""
    wanted = {"provisional": known.provisional[:NAMED], "missing": known.missing[:NAMED]}
    found = Product.objects.in_bulk([pk for some in wanted.values() for pk in some])
    return {key: [found[pk] for pk in some if pk in found] for key, some in wanted.items()}
