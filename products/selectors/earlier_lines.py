"""In which line a product was on a day that is past: what a line says of that day holds for who was in it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from core.organisation import local_date, today
from products.models import Product


def lines_on(
    products: Sequence[Product], dates: Collection[datetime.date]
) -> Mapping[datetime.date, Mapping[int, int]]:
    """By date and product id the line it was in at the end of that day, of today and later the one it is in;
    from before it was known the first it was in. One query where a date is past, else none."""
    now = {product.pk: product.line_id for product in products}
    past = {date for date in dates if date < today()}
    events = Product.pgh_event_model.objects.filter(pgh_obj__in=now)  # type: ignore[attr-defined]
    known: dict[int, list[tuple[datetime.date, int]]] = defaultdict(list)
    if past:
        for pk, at, line in events.order_by("pgh_id").values_list("pgh_obj", "pgh_created_at", "line"):
            known[pk].append((local_date(at), line))

    def then(pk: int, date: datetime.date) -> int:
        rows = known[pk]
        before = [line for day, line in rows if day <= date]
        return before[-1] if before else rows[0][1] if rows else now[pk]

    return {date: {pk: then(pk, date) for pk in now} if date in past else now for date in dates}
