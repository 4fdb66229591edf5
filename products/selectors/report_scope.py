"""What a report is about, and through whose eyes it is built.

The viewer is the author with less: without the rights that the audience has not, and limited to the
channels of the scope. Every selector already leaves out what a person may not see; so a report never adds
up what it may not tell.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from core.months import month_add
from products.models import Channel, Family, Product, ProductFigures, ProductLine, SalesMonth, Supplier

from .access import products_visible, visible_channel_ids, visible_line_ids
from .channels import channel_chains, channels_within
from .lines import line_tree
from .months import product_complete_month
from .report_period import ReportPeriod
from .structure import members_now

HANDFUL = 5
"""Of more products than these the sum is told first."""
_READ = {"product", "measure", "data_month", "revenue_12m", "stage"}
_UNREAD = [f"figures__{field.name}" for field in ProductFigures._meta.fields if field.name not in _READ]
"""Of the figures of up to 20,000 products."""


@dataclass(frozen=True)
class ReportScope:
    """``channels`` empty: all of them, on purpose. The products are of ``suppliers`` alone, where some are
    named. ``lines`` and ``families``: those that it is about as a whole. ``everything``: all of its products,
    where ``products`` are but those that are told one by one. ``on_page``: it is a sheet, one page.
    ``as_whole``: one of what its line or family comes to; ``products`` are named beside it."""

    products: Sequence[Product]
    channels: Sequence[Channel]
    period: ReportPeriod
    suppliers: Sequence[Supplier] = ()
    lines: Sequence[ProductLine] = ()
    families: Iterable[Family] = ()
    everything: Sequence[Product] = ()
    on_page: bool = False
    as_whole: bool = False

    @property
    def all(self) -> Sequence[Product]:
        return self.everything or self.products

    @property
    def more(self) -> int:
        """How many are not told one by one."""
        return len(self.all) - len(self.products)


@dataclass(frozen=True)
class ScopeGroup:
    """Products of a report that are told as one: those of a ``line`` and the ones below, of a ``family``
    today, or of neither. ``line_id``: the nearest line that has them all, in whose unit they are added."""

    name: str
    products: Sequence[Product]
    line_id: int | None
    line: ProductLine | None = None
    family: Family | None = None


def scope_products(
    author: Any,
    *,
    products: QuerySet[Product],
    lines: Collection[ProductLine],
    families: QuerySet[Family],
    suppliers: Collection[Supplier] = (),
    everything: bool = False,
    among: Collection[int] | None = None,
) -> list[Product]:
    """The products chosen themselves, those of the lines and the ones below, and those that are in the
    families today, that the author may see, by name; of these only the ones of the suppliers, where some are
    named, and all of theirs where nothing else is. ``everything``: all that the author may see. ``among``: of
    these keys alone. One query and the tree of lines."""
    tree = line_tree()
    found = products_visible(author).select_related("figures", "supplier").defer("description", *_UNREAD)
    if among is not None:
        found = found.filter(pk__in=among)
    if suppliers:
        found = found.filter(supplier__in=suppliers)
    if not everything and (not suppliers or lines or products.exists() or families.exists()):
        within = {pk for line in lines for pk in tree.descendants(line.pk)}
        members = members_now().filter(family__in=families.order_by().values("pk"))
        found = found.filter(
            Q(pk__in=products.order_by().values("pk"))
            | Q(line__in=within)
            | Q(pk__in=members.order_by().values("product"))
        )
    rows = list(found.order_by("name", "code"))
    for row in rows:
        row.line = tree.lines[row.line_id]  # one object for all of a line: there may be 20,000 products
    return rows


def scope_groups(scope: ReportScope) -> list[ScopeGroup]:
    """What of the scope is told as a whole first: each line and family that is chosen, else more than a
    handful of products together; none of a single product. At most one query."""
    tree, families = line_tree(), {family.pk: family for family in scope.families}
    found = [
        ScopeGroup(line.name, _within(scope, tree.descendants(line.pk)), line.pk, line=line)
        for line in scope.lines
    ]
    rows = members_now().filter(family__in=families).order_by() if families else ()
    members: dict[int | None, set[int]] = defaultdict(set)
    for row in rows:
        members[row.family_id].add(row.product_id)
    for pk, family in families.items():
        own = [product for product in scope.all if product.pk in members[pk]]
        found.append(ScopeGroup(family.name, own, family.line_id, family=family))
    if not found and len(scope.all) > HANDFUL:
        found = [scope_together(scope.all, _("All products together"))]
    return [group for group in found if len(group.products) > 1]


def scope_together(products: Sequence[Product], name: str) -> ScopeGroup:
    """These products as one, for the nearest line that has them all."""
    tree = line_tree()
    paths = [[line.pk for line in tree.path(pk)] for pk in {product.line_id for product in products}]
    common = [step[0] for step in zip(*paths, strict=False) if len(set(step)) == 1]
    return ScopeGroup(name, products, common[-1] if common else None)


def _within(scope: ReportScope, lines: Collection[int]) -> list[Product]:
    return [product for product in scope.all if product.line_id in lines]


def products_most(viewer: Any, products: Sequence[Product], count: int) -> list[Product]:
    """So many of them with the most revenue of the last 12 months, as far as the person sees it, the most
    first. Two queries for a person limited to channels."""
    if visible_channel_ids(viewer) is None:
        known = {each.pk: each.figures.revenue_12m for each in products if hasattr(each, "figures")}
    else:
        known = _revenues(viewer, products)
    return sorted(products, key=lambda each: (-(known.get(each.pk) or 0), each.name, each.code))[:count]


def _revenues(viewer: Any, products: Sequence[Product]) -> dict[int, Any]:
    rows = SalesMonth.objects.filter(
        product__in=[each.pk for each in products], channel__in=visible_channel_ids(viewer) or ()
    ).order_by()
    last = rows.aggregate(last=Max("month"))["last"]
    if last is None:
        return {}
    year = rows.filter(month__gt=month_add(last, -12))
    return dict(year.values("product_id").annotate(sum=Sum("revenue")).values_list("product_id", "sum"))


def scope_accounts(author: Any, scope: ReportScope, carried: Collection[int] = ()) -> list[str]:
    """The names of the accounts whose figures a report has: those that sold the products in the months it
    tells, within the channels, and those of the channels that its sections carry besides (``carried``). Two
    queries."""
    chains, named = channel_chains(), {channel.pk for channel in scope.channels}
    sold = SalesMonth.objects.filter(_months_told(scope)).values_list("channel", flat=True).distinct()
    seen = visible_channel_ids(author)
    nodes = {
        node
        for node in sold
        if (not named or named.intersection(chains[node])) and (seen is None or node in seen)
    }
    within = {pk for node in nodes.union(carried) for pk in chains.get(node, ())}
    accounts = Channel.objects.filter(pk__in=within, kind=Channel.Kind.ACCOUNT)
    return list(accounts.values_list("name", flat=True))


def scope_suppliers(scope: ReportScope, carried: Collection[int] = ()) -> list[str]:
    """The names of the suppliers whose figures a report has: those of its products, and those that its
    sections carry besides (``carried``). A query where there are any of these."""
    names = {product.supplier.name for product in scope.all if product.supplier}
    if carried:
        names.update(Supplier.objects.filter(pk__in=carried).values_list("name", flat=True))
    return sorted(names)


def _months_told(scope: ReportScope) -> Q:
    """Of each product the months that a report of it tells, as of its last complete one."""
    tree, by_month = line_tree(), defaultdict[Any, list[int]](list)
    for product in scope.all:
        month = product_complete_month(product, tree.lead_measure(product.line_id).pk)
        by_month[month].append(product.pk)
    found = Q(pk__in=())
    for month, products in by_month.items():
        told = None if month is None else scope.period.told(month)
        if told is not None:
            first, last = told
            within = Q(product__in=products, month__gte=first)
            found |= within if last is None else within & Q(month__lte=last)
    return found


def viewer_make(author: Any, *, without: Collection[str], channels: Sequence[Channel]) -> Any:
    """The author without these rights and, where channels are named, limited to them and the ones below."""
    viewer = copy.copy(author)
    viewer.rights = frozenset(author.rights) - frozenset(without)
    lines, seen = visible_line_ids(author), visible_channel_ids(author)
    if channels:
        below = channels_within([channel.pk for channel in channels])
        seen = frozenset(below if seen is None else below & seen)
    viewer._limits = (lines, seen)
    return viewer
