"""Where a product is sold, how widely and how fast, beside where its segment buys.

A person limited to channels sees those alone, and no share of the whole: it would tell them the whole.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from core.months import month_add, month_end, month_start
from core.organisation import today
from pricing.models import DistributionMonth, Listing, SegmentChannel
from products.models import Channel, Measure, Product, Segment
from products.selectors.access import products_visible, visible_channel_ids
from products.selectors.lines import line_tree
from products.selectors.months import complete_months, first_provisional_month, product_complete_month
from products.selectors.sales import total

from .promotion_series import SELL_OUT

# Research comes later than sales: so many months back its newest figure is still shown.
STALE = 6
# The channels that anything is known of, with all above them.
_ROWS = """
    WITH RECURSIVE sold AS (
        SELECT channel_id, max(volume) FILTER (WHERE measure_id = %(measure)s) AS volume,
            max(volume) FILTER (WHERE measure_id = %(sell_out)s) AS sold_out
        FROM products_salesmonth
        WHERE product_id = %(product)s AND measure_id IN (%(measure)s, %(sell_out)s) AND month = %(month)s
        GROUP BY channel_id
    ), spread AS (
        SELECT DISTINCT ON (channel_id) channel_id, month, numeric_rate, weighted_rate, points
        FROM pricing_distributionmonth
        WHERE product_id = %(product)s AND month BETWEEN %(oldest)s AND %(month)s
        ORDER BY channel_id, month DESC
    ), listed AS (
        SELECT DISTINCT ON (channel_id) channel_id, status, start_date FROM pricing_listing
        WHERE product_id = %(product)s AND start_date <= %(today)s ORDER BY channel_id, start_date DESC
    ), bought AS (
        SELECT DISTINCT ON (channel_id) channel_id, share_rate FROM pricing_segmentchannel
        WHERE segment_id = %(segment)s AND start_date <= %(last)s ORDER BY channel_id, start_date DESC
    ), known(id) AS (
        SELECT channel_id FROM sold UNION SELECT channel_id FROM spread UNION SELECT channel_id FROM listed
        UNION SELECT channel_id FROM bought WHERE share_rate IS NOT NULL
        UNION SELECT c.parent_id FROM products_channel c JOIN known k ON c.id = k.id
            WHERE c.parent_id IS NOT NULL
    ) SELECT c.*, volume, sold_out, spread.month AS spread_month, numeric_rate, weighted_rate, points, status,
        listed.start_date AS listed_since, share_rate
    FROM products_channel c JOIN known USING (id)
        LEFT JOIN sold ON sold.channel_id = c.id LEFT JOIN spread ON spread.channel_id = c.id
        LEFT JOIN listed ON listed.channel_id = c.id LEFT JOIN bought ON bought.channel_id = c.id
    WHERE %(visible)s::bigint[] IS NULL OR c.id = ANY(%(visible)s)
    ORDER BY lower(c.name), c.id
"""


@dataclass(frozen=True)
class PlaceRow:
    """A channel with those below it. ``volume`` of the month; distribution as said of the channel itself in
    ``spread_month``. ``per_point`` is what a point of sale sells in a week (a flow only, and of the same
    month); where the points are not known ``per_weighted``, by the percentage point of weighted distribution.
    Both are of ``rated``: sell-out, where it is known there, else what leads.
    """

    channel: Channel
    depth: int
    volume: Decimal | None
    numeric: Decimal | None
    weighted: Decimal | None
    points: int | None
    spread_month: datetime.date | None
    status: str
    listed_since: datetime.date | None
    segment_share: Decimal | None
    per_point: Decimal | None = None
    per_weighted: Decimal | None = None
    share: Decimal | None = None
    sold_out: Decimal | None = None
    rated: Measure | None = None

    @property
    def is_told(self) -> bool:
        """Whether there is anything to show of it: sell-out alone counts above it."""
        known = (self.volume, self.spread_month, self.status or None, self.segment_share)
        return any(each is not None for each in known)

    @property
    def gap(self) -> Decimal | None:
        """How much more of ours goes through it than of what the segment buys."""
        if self.share is None or self.segment_share is None:
            return None
        return self.share - self.segment_share


@dataclass(frozen=True)
class Place:
    """``rows`` from above to below; ``top`` those that are not part of another. ``volume`` is all of it."""

    month: datetime.date
    measure: Measure
    provisional: bool
    rows: list[PlaceRow]
    volume: Decimal | None

    @property
    def top(self) -> list[PlaceRow]:
        return [row for row in self.rows if row.depth == 0]


def product_place(user: Any, product: Product) -> Place:
    """Of the last whole month of its sales. One query, where the line has sell-out beside it one more."""
    tree = line_tree()
    measure, *others = tree.measures(product.line_id)
    month = product_complete_month(product, measure.pk) or month_add(month_start(today()), -1)
    sell_out = next((one for one in others if one.code == SELL_OUT), None)
    if sell_out is not None:
        # No list shows it beside what leads, so it is computed.
        known = complete_months(line_ids=[product.line_id]).get((product.line_id, sell_out.pk))
        sell_out = sell_out if known and known >= month else None
    visible = visible_channel_ids(user)
    params = {
        "product": product.pk,
        "measure": measure.pk,
        "sell_out": sell_out.pk if sell_out else None,
        "month": month,
        "oldest": month_add(month, 1 - STALE),
        "today": today(),
        "last": month_end(month),
        "segment": product.segment_id,
        "visible": None if visible is None else list(visible),
    }
    rows = _told(_tree(list(Channel.objects.raw(_ROWS, params))))
    whole = total(row.volume for row in rows if row.depth == 0)
    rows = [_rates(row, month, (sell_out, measure), whole if visible is None else None) for row in rows]
    moving = first_provisional_month(tree, product.line_id, today())
    return Place(month, measure, month >= moving, rows, whole)


def _tree(channels: list[Any]) -> list[PlaceRow]:
    """Each below what it is part of, with the volume of those below it added."""
    ids = {channel.pk for channel in channels}
    below: dict[int | None, list[Any]] = {}
    for channel in channels:
        below.setdefault(channel.parent_id if channel.parent_id in ids else None, []).append(channel)

    def beside(parent: int | None, depth: int) -> list[PlaceRow]:
        """The parts of a channel with what is below each, the most volume first."""
        parts = sorted(
            (walk(child, depth) for child in below.get(parent, ())), key=lambda rows: -(rows[0].volume or 0)
        )
        return [row for rows in parts for row in rows]

    def walk(channel: Any, depth: int) -> list[PlaceRow]:
        parts = beside(channel.pk, depth + 1)
        children = [row for row in parts if row.depth == depth + 1]
        share = channel.share_rate
        own = PlaceRow(
            channel=channel,
            depth=depth,
            volume=total([channel.volume, *(row.volume for row in children)]),
            numeric=channel.numeric_rate,
            weighted=channel.weighted_rate,
            points=channel.points,
            spread_month=channel.spread_month,
            status=channel.status or "",
            listed_since=channel.listed_since,
            segment_share=total(row.segment_share for row in children) if share is None else share,
            sold_out=_sold_out(channel, children),
        )
        return [own, *parts]

    return beside(None, 0)


def _told(rows: Sequence[PlaceRow]) -> list[PlaceRow]:
    """Those of which there is something to show, with what they are part of."""
    found: list[PlaceRow] = []
    for row in reversed(rows):
        if row.is_told or (found and found[-1].depth > row.depth):
            found.append(row)
    return found[::-1]


def _sold_out(channel: Any, parts: Sequence[PlaceRow]) -> Decimal | None:
    """Its own with that of those below it, where each of these that has volume says so: a part of it against
    all points of sale is no rate. What is said of the channel alone is of all below it."""
    told = [(row.volume, row.sold_out) for row in parts]
    if all(out is None for _volume, out in told):
        own: Decimal | None = channel.sold_out
        return own
    if any(volume for volume, _out in told):  # what leads is not kept higher up alone
        told.append((channel.volume, channel.sold_out))
    if any(volume and out is None for volume, out in told):
        return None
    return total([channel.sold_out, *(row.sold_out for row in parts)])


def _rates(
    row: PlaceRow, month: datetime.date, measures: tuple[Measure | None, Measure], whole: Decimal | None
) -> PlaceRow:
    """``measures``: sell-out, where it is known of the month, and what leads."""
    row = replace(row, share=row.volume / whole if whole and row.volume is not None else None)
    volumes = zip(measures, (row.sold_out, row.volume), strict=True)
    rated, volume = next(((one, sold) for one, sold in volumes if one and sold is not None), (None, None))
    if rated is None or volume is None or rated.kind != Measure.Kind.FLOW or row.spread_month != month:
        return row
    weeks = Decimal(month_end(month).day) / 7
    if row.points:
        return replace(row, per_point=volume / weeks / row.points, rated=rated)
    if row.points is None and row.weighted:
        return replace(row, per_weighted=volume / weeks / (row.weighted * 100), rated=rated)
    return row


def listings_visible(user: Any) -> QuerySet[Listing]:
    """Listings of the products and in the channels a person may see."""
    if not user.has_perm("pricing.view"):
        return Listing.objects.none()
    rows = Listing.objects.filter(product__in=products_visible(user)).select_related("product", "channel")
    channels = visible_channel_ids(user)
    return rows if channels is None else rows.filter(channel__in=channels)


def distribution_visible(user: Any) -> QuerySet[DistributionMonth]:
    """Distribution of the products and in the channels a person may see."""
    if not user.has_perm("pricing.view"):
        return DistributionMonth.objects.none()
    rows = DistributionMonth.objects.filter(product__in=products_visible(user))
    channels = visible_channel_ids(user)
    rows = rows if channels is None else rows.filter(channel__in=channels)
    return rows.select_related("product", "channel")


def product_listings(user: Any, product: Product) -> list[tuple[Listing, bool]]:
    """Every listing of the product in sight, the newest first, and whether it is the one that holds."""
    rows = list(listings_visible(user).filter(product=product).order_by("-start_date", "channel__name"))
    holds: dict[int, int] = {}
    for row in rows:
        if row.start_date <= today():
            holds.setdefault(row.channel_id, row.pk)
    return [(row, holds.get(row.channel_id) == row.pk) for row in rows]


def shares_visible(user: Any) -> QuerySet[SegmentChannel]:
    """Every share of every segment in the channels a person may see, the newest of each first."""
    rows = SegmentChannel.objects.select_related("segment", "channel")
    rows = rows.order_by("segment__code", "channel__code", "-start_date")
    channels = visible_channel_ids(user)
    return rows if channels is None else rows.filter(channel__in=channels)


def segments_bought(user: Any) -> list[tuple[Segment, list[SegmentChannel]]]:
    """Every segment with the shares that hold today, in sight, the largest first."""
    shares = shares_visible(user).filter(start_date__lte=today())
    found: dict[int, list[SegmentChannel]] = {}
    for row in shares.order_by("segment_id", "channel_id", "-start_date").distinct(
        "segment_id", "channel_id"
    ):
        if row.share_rate is not None:
            found.setdefault(row.segment_id, []).append(row)
    return [(segment, _largest(found.get(segment.pk, ()))) for segment in Segment.objects.all()]


def _largest(rows: Iterable[SegmentChannel]) -> list[SegmentChannel]:
    return sorted(rows, key=lambda row: (-(row.share_rate or 0), row.channel.name))
