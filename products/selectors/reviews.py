"""When products are due for review: so many months after the last one, of those still sold; before the first,
after the launch, else after they were put in."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, F, Func, IntegerField, Q, Value, When
from django.db.models.functions import Coalesce, TruncDate
from django.db.models.lookups import LessThanOrEqual

from core.months import month_add
from core.organisation import local_date, organisation_get
from products.models import Product

from .lines import LineTree


class _MonthsLater(Func):
    template = "(%(expressions)s)::date"
    arg_joiner = " + interval '1 month' * "
    output_field = DateField()


def review_date(tree: LineTree, product: Product) -> datetime.date | None:
    """The day of the next review; ``None`` where neither product nor line asks for one, or it has ended."""
    months = product.review_months or tree.inherited(product.line_id, "review_months").value
    if not months:
        return None
    since = product.reviewed_on or product.launched or local_date(product.created_at)
    first = month_add(since.replace(day=1), int(months))
    last_day = (month_add(first, 1) - datetime.timedelta(days=1)).day
    found = first.replace(day=min(since.day, last_day))
    return None if product.ended is not None and product.ended < found else found


def review_due(tree: LineTree, day: datetime.date) -> Q:
    """The same for the database: products whose review is due by the day."""
    of_lines = {pk: tree.inherited(pk, "review_months").value for pk in tree.lines}
    cases = [
        When(line__in=[pk for pk, own in of_lines.items() if own == months], then=Value(months))
        for months in sorted({months for months in of_lines.values() if months})
    ]
    inherited = Case(*cases, output_field=IntegerField()) if cases else Value(None, IntegerField())
    months = Coalesce(F("review_months"), inherited, output_field=IntegerField())
    since = Coalesce(
        F("reviewed_on"),
        F("launched"),
        TruncDate("created_at", tzinfo=ZoneInfo(organisation_get().time_zone)),
    )
    date = _MonthsLater(since, months)
    sold = Q(ended=None) | (Q(ended__gte=day) & Q(ended__gte=date))
    return sold & Q(LessThanOrEqual(date, Value(day, DateField())))
