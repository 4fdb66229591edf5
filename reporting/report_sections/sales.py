"""What was sold: over time, by channel, product by product at each channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from core.charts import Actual, Expected, volume_forecast_chart
from core.months import month_add
from core.reports.build import Builder, Cell, Column, ReportContext, Volume, money, words
from forecasting.charts.forecasts import revenue_chart
from products.models import Channel, Product
from products.selectors.access import visible_channel_ids
from products.selectors.channels import channel_chains
from products.selectors.report_period import Span
from products.selectors.sales import ChannelSales, most_first, sales_by_channel, sold_together, total
from reporting.words.cost_reports import span_words

from .rows import Row, change, more_words, rows_drawn, rows_of
from .wholes import products_words, whole_channels, whole_chart, whole_of_all, wholes_of

NAMED = 10
"""Rows of channels on a sheet."""
SHARED = 6
"""So many channels stand beside each other in one table of all products."""
WHOLE = "whole"
AT, NAMED_AT = 12, 50
"""Channels that get a table each, and of the ones that the report names itself: of more nobody reads each."""


def sales_section(builder: Builder, context: ReportContext) -> None:
    """The months of what is told as a whole, then each product's, and what is expected where the audience may
    know. Chosen alone: the revenue, or what is told as a whole (where nothing is, each product)."""
    if builder.only == "revenue":
        _revenue(builder, context)
        return
    is_expected, tells = False, builder.may("forecast")
    only_whole, name = bool(builder.only == WHOLE and wholes_of(context)), builder.only or "chart"
    for whole in wholes_of(context):
        expected = bool(tells and whole.ahead and whole.ahead.months)
        is_expected |= expected
        sold = "volume" if whole.adds else "revenue"
        drawing = whole_chart(whole, context.currency, forecast=tells)
        builder.chart(drawing, [sold, *(["forecast"] if expected else [])], name=name)
    rows, more = ([], 0) if context.scope.as_whole or only_whole else rows_drawn(context)
    for row in rows:
        product, overview = row.product, row.overview
        history = row.history()
        now = overview.forecast if row.is_now and tells else None
        ahead = [Expected(each.month, *each.final_band) for each in (now.sold_months if now else [])]
        if not history and not ahead:
            continue
        is_expected |= bool(ahead)
        builder.chart(
            volume_forecast_chart(
                id=f"sales-{product.pk}",
                title=product.name,
                subtitle=capfirst(str(overview.measure)),
                history=[Actual(each.month, _float(each.volume), each.provisional) for each in history],
                forecast=ahead,
                unit_label=_("%(unit)s a month") % {"unit": row.unit},
                measure_label=str(overview.measure),
            ),
            ["volume", *(["forecast"] if ahead else [])],
            name=name,
        )
    builder.text(more_words(len(rows), more), about="product")
    if not is_expected:
        builder.title = pgettext("section of a report", "Sales")


def _revenue(builder: Builder, context: ReportContext) -> None:
    builder.title = _("Revenue")
    for whole in wholes_of(context):
        drawing = whole_chart(whole, context.currency, forecast=False, money=True)
        builder.chart(drawing, ["revenue"], name="revenue")
    for row in rows_drawn(context)[0]:
        chart = revenue_chart(sales=row.history(), events=())
        builder.chart(chart, ["revenue"], title=row.product.name, name="revenue")


def channels_section(builder: Builder, context: ReportContext) -> None:
    """What each channel of the scope sold in the period, of a longer one in its last 12 months, an account
    with its stores below it: a table for what is told as a whole, then one a product; of products that share
    a few channels, without stores, one of all in money and one of volumes."""

    def table(title: str, sold: Sequence[ChannelSales], note: str) -> None:
        heads = _accounts(context, sold)
        rows = _most([each for each, _below in heads]) if context.scope.on_page else _indented(heads)
        builder.table(title, columns, rows, note=note)

    columns = [
        Column("channel", _("Channel"), lambda sold: words(sold.channel.name), numeric=False),
        Column("volume", _("Volume"), lambda sold: Volume(sold.volume)),
        Column("revenue", _("Revenue"), lambda sold: money(sold.revenue, context.currency)),
    ]
    for whole in wholes_of(context):
        said = [span_words(*whole.years[-1]), whole.unit, products_words(len(whole.group.products))]
        note = ", ".join(filter(None, said))
        table(whole.group.name, whole_channels(context, whole), note)
    told = [] if context.scope.as_whole else [(row, row.year) for row in rows_of(context) if row.year]
    found = [(row, year, sold) for row, year in told if (sold := _sold(row, year))]
    if _are_shared(context, found):
        _side_by_side(builder, context, found)
        return
    for row, year, sold in found:
        table(row.product.name, sold, f"{span_words(*year)}, {row.unit}")


_Found = Sequence[tuple[Row, Span, Sequence[ChannelSales]]]


def _are_shared(context: ReportContext, found: _Found) -> bool:
    """Whether products have a few channels in the same months, none of which is part of another's sum."""
    channels = {each.channel for _row, _year, sold in found for each in sold}
    if len(found) < 2 or len({year for _row, year, _sold in found}) > 1 or len(channels) > SHARED:
        return False
    return not any(below for _row, _year, sold in found for _head, below in _accounts(context, sold))


def _side_by_side(builder: Builder, context: ReportContext, found: _Found) -> None:
    """A product a row and a channel a column, those that sold most first: in money, and in units."""
    revenues: dict[Channel, list[Decimal | None]] = defaultdict(list)
    for _row, _year, sold in found:
        for each in sold:
            revenues[each.channel].append(each.revenue)
    rows = [(row.product.name, row.unit, {each.channel: each for each in sold}) for row, _year, sold in found]
    together = {
        channel: ChannelSales(channel, None, total(amounts), 0) for channel, amounts in revenues.items()
    }
    channels = [each.channel for each in most_first(together.values())]

    def revenue(channel: Channel) -> Callable[[_InChannels], Cell]:
        return lambda row: money(row[2][channel].revenue if channel in row[2] else None, context.currency)

    def volume(channel: Channel) -> Callable[[_InChannels], Volume]:
        return lambda row: Volume(row[2][channel].volume if channel in row[2] else None, row[1])

    name = Column("product", _("Product"), lambda row: words(row[0]), numeric=False)
    note = span_words(*found[0][1])
    every = Column("revenue", _("Total"), lambda row: money(_revenue_of(row), context.currency))
    before = len(builder.blocks)
    builder.table(
        _("Revenue by channel"),
        [
            name,
            *(Column("revenue", channel.name, revenue(channel)) for channel in channels),
            *([every] if len(channels) > 1 else []),
        ],
        [*rows, (_("Together") if context.scope.more else _("Total"), "", together)],
        note=note,
        strong=lambda row: row[2] is together,
    )
    columns = [Column("volume", channel.name, volume(channel)) for channel in channels]
    builder.table(_("Volume by channel"), [name, *columns], rows, note=note)
    if len(builder.blocks) > before:
        builder.shown.add("channel")


_InChannels = tuple[str, str, Mapping[Channel, ChannelSales]]


def _revenue_of(row: _InChannels) -> Decimal | None:
    return total(each.revenue for each in row[2].values())


_Heads = list[tuple[ChannelSales, list[ChannelSales]]]


def _accounts(context: ReportContext, sold: Sequence[ChannelSales]) -> _Heads:
    """Accounts that sold through regions or stores as their sum, with these and what they sold themselves, as
    far as all of an account is in sight; all other channels as they are. The most first. A query a report."""
    if "accounts" not in context.kept:
        seen, rows = visible_channel_ids(context.viewer), Channel.objects.filter(kind=Channel.Kind.ACCOUNT)
        accounts = (rows if seen is None else rows.filter(pk__in=seen)).in_bulk()
        context.kept["accounts"] = accounts, channel_chains()
    accounts, chains = context.kept["accounts"]
    below: dict[Channel, list[ChannelSales]] = defaultdict(list)
    for each in sold:
        pk = next((pk for pk in chains[each.channel.pk] if pk in accounts), each.channel.pk)
        below[accounts.get(pk, each.channel)].append(each)
    found = [sold_together(channel, own) for channel, own in below.items()]
    return [
        (head, own if [each.channel for each in own] != [head.channel] else [])
        for head in most_first(found)
        for own in [below[head.channel]]
    ]


def _indented(heads: _Heads) -> list[ChannelSales]:
    """A channel is part of the one above it that stands less far to the right."""
    found: list[ChannelSales] = []
    for head, below in heads:
        names = [_("itself") if each.channel == head.channel else each.channel.name for each in below]
        parts = zip(below, names, strict=True)
        found += [head, *(replace(each, channel=Channel(name=f"\u2003{name}")) for each, name in parts)]
    return found


def _most(sold: Sequence[ChannelSales]) -> Sequence[ChannelSales]:
    """Those that sold most, and what the others did together."""
    if len(sold) <= NAMED:
        return sold
    told, others = sold[: NAMED - 1], sold[NAMED - 1 :]
    name = _("and %(count)s more") % {"count": formats.number(len(others), 0)}
    return [*told, sold_together(Channel(name=name), others)]


def _sold(row: Row, span: Span) -> Sequence[ChannelSales]:
    month = row.overview.month
    if month is not None and span == (month_add(month, -11), month):
        return row.overview.channels
    return sales_by_channel(row.viewer, row.product, row.overview.measure, *span)


@dataclass(frozen=True)
class _AtChannel:
    """What a product, or (no product) all of them, sold at a channel in some months, and in those a year
    before; ``years``: volume and revenue of each year before, where three or more are told."""

    product: Product | None
    unit: str
    volume: Decimal | None
    revenue: Decimal | None
    volume_before: Decimal | None
    revenue_before: Decimal | None
    years: Sequence[tuple[Decimal | None, Decimal | None]] = ()


def category_section(builder: Builder, context: ReportContext) -> None:
    """A table a channel of the scope, of an account that sells through stores first one of it all, then those
    that are part of it: what each product sold there in the period, of a longer one in its last 12 months,
    against the year before; of three years and more also in those before. What sold there in these only is in
    it too: else what they come to would have grown by what was delisted."""
    found: dict[tuple[Channel, tuple[Span, ...]], list[_AtChannel]] = defaultdict(list)
    part_of: dict[Channel, Channel] = {}
    for row in rows_of(context):
        if row.year is None:
            continue
        first, last = row.year
        spans = [row.year, (month_add(first, -12), month_add(last, -12)), *_earlier(row.years)]
        heads = {span: _accounts(context, _sold(row, span)) for span in dict.fromkeys(spans)}
        by_span = {
            span: {
                each.channel: each
                for head, below in told
                for each in (*below, head)  # of an account its sum, not what it sold itself
            }
            for span, told in heads.items()
        }
        part_of |= {
            each.channel: head.channel
            for told in heads.values()
            for head, below in told
            for each in below
            if each.channel != head.channel
        }
        now, before, *earlier = (by_span[span] for span in spans)
        there = {channel: sold for span in sorted(by_span) for channel, sold in by_span[span].items()}
        for channel, last_sold in there.items():
            gone = None if channel in now else _gone(last_sold)
            then = [_figures(of_year.get(channel)) for of_year in earlier]
            told = _at_channel(row, gone or now[channel], before.get(channel, gone), then)
            found[channel, tuple(row.years)].append(told)
    whole = whole_of_all(context)
    adds = whole is not None and whole.adds
    at = _read_one_by_one(context, [(channel, rows) for (channel, _years), rows in found.items()])
    builder.text(_others_words(len(at), {channel for channel, _years in found} - at), about="revenue")
    sold = {key: _sum(rows, "revenue") or Decimal(0) for key, rows in found.items()}

    def place(key: tuple[Channel, tuple[Span, ...]]) -> tuple[Decimal, str, bool, Decimal]:
        """Parts below the account that they are part of, which sold at least as much."""
        head = part_of.get(key[0], key[0])
        return -sold.get((head, key[1]), sold[key]), head.name, key[0] in part_of, -sold[key]

    for channel, years in sorted(found, key=place):
        rows, head = found[channel, years], part_of.get(channel)
        if channel not in at:
            continue
        part = [_("part of %(name)s") % {"name": head.name}] if head else []
        rows.sort(key=lambda row: -(row.revenue or 0))
        if len(rows) > 1:
            rows.append(_together(rows, adds=adds))
        builder.table(
            channel.name,
            _columns(context, _earlier(years)),
            rows,
            note=", ".join([span_words(*years[-1]), *part]),
            strong=lambda row: row.product is None,
        )


def _read_one_by_one(
    context: ReportContext, found: Iterable[tuple[Channel, list[_AtChannel]]]
) -> set[Channel]:
    """Those that sold most, in money or else by volume, and those that the report names."""
    sold: dict[Channel, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for channel, rows in found:
        revenue, volume = sold[channel]
        sold[channel] = revenue + (_sum(rows, "revenue") or 0), volume + (_sum(rows, "volume") or 0)
    most = sorted(sold, key=lambda channel: (*(-amount for amount in sold[channel]), channel.name))
    named = [channel for channel in most if channel in context.scope.channels]
    return {*most[:AT], *named[:NAMED_AT]}


def _others_words(told: int, others: Collection[Channel]) -> str:
    """What is said above the tables where there are more channels; else nothing."""
    if not others:
        return ""
    said = {"told": told, "more": formats.number(len(others), 0)}
    return _("%(told)s channels, the largest first; %(more)s more are not here.") % said


def _earlier(years: Sequence[Span]) -> Sequence[Span]:
    """Those that stand beside the last one: of two years the change says it."""
    return years[:-1] if len(years) > 2 else []


def _gone(sold: ChannelSales) -> ChannelSales:
    """Nothing, of what was known of it when it last sold."""
    volume, revenue = (None if each is None else Decimal(0) for each in (sold.volume, sold.revenue))
    return ChannelSales(sold.channel, volume, revenue, 0)


def _figures(sold: ChannelSales | None) -> tuple[Decimal | None, Decimal | None]:
    return (None, None) if sold is None else (sold.volume, sold.revenue)


def _columns(context: ReportContext, years: Sequence[Span]) -> list[Column]:
    def then(place: int, of: int) -> Callable[[_AtChannel], Cell | Volume]:
        if of == 0:
            return lambda row: Volume(row.years[place][0], row.unit)
        return lambda row: money(row.years[place][1], context.currency)

    volumes, revenues = (
        [Column(field, f"{head} {span_words(*span)}", then(at, of)) for at, span in enumerate(years)]
        for of, (field, head) in enumerate((("volume", _("Volume")), ("revenue", _("Revenue"))))
    )
    against = _("against the year before")
    return [
        Column("product", _("Product"), lambda row: words(_name(row, context)), numeric=False),
        *volumes,
        Column("volume", _("Volume"), lambda row: Volume(row.volume, row.unit)),
        Column("last_year", against, lambda row: _grown(row.volume, row.volume_before)),
        *revenues,
        Column("revenue", _("Revenue"), lambda row: money(row.revenue, context.currency)),
        Column("last_year", against, lambda row: _grown(row.revenue, row.revenue_before)),
    ]


def _together(rows: Sequence[_AtChannel], *, adds: bool) -> _AtChannel:
    """What is in money, and volumes where they add up and are told in one unit."""
    units = {row.unit for row in rows}
    volumes = rows if adds and len(units) == 1 else []
    return _AtChannel(
        None,
        units.pop(),
        _sum(volumes, "volume"),
        _sum(rows, "revenue"),
        _sum(volumes, "volume_before"),
        _sum(rows, "revenue_before"),
        [
            (total(row.years[place][0] for row in volumes), total(row.years[place][1] for row in rows))
            for place in range(len(rows[0].years))
        ],
    )


def _at_channel(
    row: Row,
    sold: ChannelSales,
    before: ChannelSales | None,
    years: Sequence[tuple[Decimal | None, Decimal | None]],
) -> _AtChannel:
    """Half a year is no comparison for a whole one."""
    whole = before if before is not None and before.months >= sold.months else None
    return _AtChannel(
        row.product,
        row.unit,
        sold.volume,
        sold.revenue,
        whole.volume if whole else None,
        whole.revenue if whole else None,
        years,
    )


def _sum(rows: Iterable[_AtChannel], name: str) -> Decimal | None:
    """Of the year before only where every product has one: a new one would be growth of nothing."""
    values = [getattr(row, name) for row in rows]
    return None if name.endswith("before") and None in values else total(values)


def _name(row: _AtChannel, context: ReportContext) -> str:
    """The sum is of the products that are told one by one."""
    if row.product is not None:
        return row.product.name
    return _("Together") if context.scope.more else _("Total")


def _grown(value: Decimal | None, before: Decimal | None) -> Cell:
    if value is None or before is None or before <= 0:
        return change(None)
    return change(float(value / before * 100))


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
