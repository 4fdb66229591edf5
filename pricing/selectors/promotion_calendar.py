"""The promotion calendar: which promotions of which days, in rows by product or by channel."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from core.months import month_add, month_end, month_said, month_start
from core.numbers import int_read
from core.organisation import today
from pricing.models import Promotion, PromotionChannel, PromotionProduct
from pricing.selectors.promotion_runs import days_run, last_day, ran_or_will
from pricing.selectors.promotions import (
    Flags,
    begun,
    channels_seen,
    flags_shown,
    promotions_visible,
    rows_seen,
    sees_whole,
    with_bounds,
    with_parts,
)
from products.models import Product
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.channels import channels_within
from products.selectors.lines import line_tree
from products.selectors.product_filter import text_ids

MONTHS = {"month": 1, "quarter": 3, "year": 12}
State = Promotion.State
# A calendar of more promotions than this is asked to be narrowed down.
MOST = 400


@dataclass(frozen=True)
class CalendarQuery:
    """What the address asks: scale, first month, rows by product or channel, filters."""

    scale: str
    start: datetime.date
    by: str
    q: str = ""
    line: str = ""
    channel: str = ""
    state: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> CalendarQuery:
        scale = asked.get("scale", "")
        scale = scale if scale in MONTHS else "year"
        # Half of a year has been, half is ahead.
        usual = month_add(month_start(today()), {"month": 0, "quarter": -1, "year": -6}[scale])
        return cls(
            scale,
            month_said(asked.get("from", ""), usual),
            "channel" if asked.get("by") == "channel" else "product",
            asked.get("q", "").strip(),
            asked.get("line", ""),
            asked.get("channel", ""),
            asked.get("state", ""),
        )

    @property
    def end(self) -> datetime.date:
        return month_end(month_add(self.start, MONTHS[self.scale] - 1))

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def earlier(self) -> datetime.date:
        return month_add(self.start, -MONTHS[self.scale])

    @property
    def later(self) -> datetime.date:
        return month_add(self.start, MONTHS[self.scale])

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.line or self.channel or self.state)

    def share(self, day: datetime.date) -> float:
        """Where a day begins, in percent of the width."""
        return round((day - self.start).days / self.days * 100, 3)


@dataclass(frozen=True)
class Span:
    """Days of the calendar, in percent of its width."""

    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    """A promotion in the ``lane``-th of a row: its days in the store and, above them, those of delivery; None
    where the calendar has none of them."""

    promotion: Promotion
    store: Span | None
    delivery: Span | None
    lane: int
    movable: bool
    flags: Flags
    past: bool

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(span for span in (self.store, self.delivery) if span)

    @property
    def x(self) -> float:
        return min(span.x for span in self.spans)

    @property
    def end(self) -> float:
        return max(span.x + span.width for span in self.spans)

    @property
    def name_width(self) -> float:
        return len(self.promotion.name) * LETTER

    @property
    def name_ends(self) -> bool:
        """Whether the name ends where the bar does, as behind its beginning there is no room."""
        return self.x + self.name_width > 100 and self.end >= self.name_width

    @property
    def room(self) -> tuple[float, float]:
        """From where to where the row has no other bar: its days and its name."""
        if self.name_ends:
            return min(self.x, self.end - self.name_width), self.end
        return self.x, max(self.end, self.x + self.name_width)

    @property
    def delivery_y(self) -> int:
        return self.lane * LANE + 3

    @property
    def y(self) -> int:
        return self.delivery_y + 6

    @property
    def text_y(self) -> int:
        return self.y + 22


LANE = 36
# Of a name in percent of the width, where the timeline is narrowest: 470 pixels.
LETTER = 1.3


@dataclass(frozen=True)
class CalendarRow:
    label: str
    code: str
    bars: tuple[Bar, ...]

    @property
    def height(self) -> int:
        return (max((bar.lane for bar in self.bars), default=0) + 1) * LANE


@dataclass(frozen=True)
class Calendar:
    """Rows of bars, and the same promotions once each for the table below."""

    rows: tuple[CalendarRow, ...]
    listed: tuple[Bar, ...]
    more: int


def promotions_asked(user: Any, query: CalendarQuery) -> QuerySet[Promotion]:
    """The promotions delivered or in the store on these days that pass the filters; those called off before
    they began only when asked for."""
    in_store = Q(store_start__lte=query.end, store_end__gte=query.start)
    delivered = Q(delivery_start__lte=query.end, delivery_end__gte=query.start)
    rows = promotions_visible(user).filter(in_store | delivered)
    never = ~Q(state=State.CANCELLED) | ran_or_will()
    rows = rows.filter(Q(state=query.state) if query.state else never)
    # Nobody finds a promotion by a product or channel of it that is out of their sight.
    products = PromotionProduct.objects.filter(promotion=OuterRef("pk"))
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if lines is not None:
        products = products.filter(product__line_id__in=lines)
    if query.q:
        found = Exists(products.filter(product__in=text_ids(query.q)))
        rows = rows.filter(Q(name__icontains=query.q) | Q(found))
    if query.line:
        tree = line_tree()
        below = next(
            (tree.descendants(pk) for pk, line in tree.lines.items() if line.code == query.line), set()
        )
        rows = rows.filter(Exists(products.filter(product__line_id__in=below)))
    if (channel := int_read(query.channel)) is not None:
        where = PromotionChannel.objects.filter(promotion=OuterRef("pk"))
        below_channel = channels_within([channel])
        seen = where if channels is None else where.filter(channel_id__in=channels)
        rows = rows.filter(Exists(seen.filter(channel__in=below_channel)) | ~Exists(where))
    return rows


def calendar_build(user: Any, query: CalendarQuery) -> Calendar:
    """The calendar in a flat number of queries."""
    asked = promotions_asked(user, query)
    found = list(with_bounds(asked)[:MOST])
    more = asked.count() - MOST if len(found) == MOST else 0
    found = [row for row in found if any(_spans(query, row))]
    may = user.has_perm("pricing.edit")
    flags = dict(zip((row.pk for row in found), flags_shown(user, found), strict=True))
    bars = {row.pk: _bar(user, query, row, flags[row.pk], may=may) for row in found}
    keyed: dict[tuple[str, str], list[Bar]] = {}
    for row in found:
        for key in _keys(user, query, row):
            keyed.setdefault(key, []).append(bars[row.pk])
    ordered = sorted(keyed.items(), key=lambda item: (item[0][0].lower(), item[0][1]))
    rows = tuple(CalendarRow(label, code, _in_lanes(found)) for (label, code), found in ordered)
    return Calendar(rows, tuple(bars[row.pk] for row in found), more)


def promotions_whole(user: Any, query: CalendarQuery) -> Iterator[Promotion]:
    """Those of the calendar that the person sees whole, as a stream."""
    for row in with_parts(promotions_asked(user, query)).iterator(chunk_size=500):
        if any(_spans(query, row)) and sees_whole(user, row):
            yield row


def _keys(user: Any, query: CalendarQuery, row: Promotion) -> list[tuple[str, str]]:
    """The rows of the calendar that a promotion stands in."""
    if query.by == "product":
        return [(r.product.name, r.product.code) for r in rows_seen(user, row)]
    channels = channels_seen(user, row)
    return [(channel.name, "") for channel in channels] or [(_("everywhere"), "")]


def _bar(user: Any, query: CalendarQuery, row: Promotion, flags: Flags, *, may: bool) -> Bar:
    movable = may and row.state != State.CANCELLED and not begun(row) and sees_whole(user, row)
    store, delivery = _spans(query, row)
    return Bar(
        row,
        store,
        delivery,
        0,
        movable,
        Flags() if row.state == State.CANCELLED else flags,
        last_day(row) < today(),
    )


def _spans(query: CalendarQuery, row: Promotion) -> list[Span | None]:
    """Its days in the store and of delivery."""
    return [_span(query, *days) if days else None for days in days_run(row)]


def _span(query: CalendarQuery, first: datetime.date, last: datetime.date) -> Span | None:
    """What the calendar shows of these days."""
    if first > query.end or last < query.start:
        return None
    left = query.share(max(first, query.start))
    right = query.share(min(last, query.end) + datetime.timedelta(days=1))
    return Span(left, round(right - left, 3))


def _in_lanes(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    """Bars and names that would cover each other below one another."""
    ends: list[float] = []
    placed = []
    for bar in sorted(bars, key=lambda bar: bar.room):
        first, last = bar.room
        lane = next((n for n, end in enumerate(ends) if end <= first), len(ends))
        ends[lane : lane + 1] = [last]
        placed.append(replace(bar, lane=lane))
    return tuple(placed)


def product_promotions(user: Any, product: Product) -> list[Promotion]:
    """All of a product's that were not rejected, or called off before they began; the oldest first."""
    rows = promotions_visible(user).filter(
        Exists(PromotionProduct.objects.filter(promotion=OuterRef("pk"), product=product))
    )
    open_ones = Q(state__in=[State.DRAFT, State.PROPOSED])
    return list(with_bounds(rows.filter(open_ones | ran_or_will())))
