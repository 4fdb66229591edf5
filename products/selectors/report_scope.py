"""What a report is about, and through whose eyes it is built.

The viewer is the author with less: without the rights that the audience has not, and limited to the
channels of the scope. Every selector already leaves out what a person may not see; so a report never adds
up what it may not tell.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from products.models import Channel, Family, Product, ProductLine, SalesMonth, Supplier

from .access import products_visible, visible_channel_ids, visible_line_ids
from .channels import channel_chains, channels_within
from .lines import line_tree
from .report_period import ReportPeriod
from .structure import members_now


@dataclass(frozen=True)
class ReportScope:
    """``channels`` empty: all of them, on purpose. The products are of ``suppliers`` alone, where some are
    named."""

    products: Sequence[Product]
    channels: Sequence[Channel]
    period: ReportPeriod
    suppliers: Sequence[Supplier] = ()


def scope_products(
    author: Any,
    *,
    products: QuerySet[Product],
    lines: Collection[ProductLine],
    families: QuerySet[Family],
    suppliers: Collection[Supplier] = (),
) -> list[Product]:
    """The products chosen themselves, those of the lines and the ones below, and those that are in the
    families today, that the author may see, by name; of these only the ones of the suppliers, where some are
    named, and all of theirs where nothing else is. One query and the tree of lines."""
    found = products_visible(author).select_related("line", "figures", "supplier")
    if suppliers:
        found = found.filter(supplier__in=suppliers)
    if not suppliers or lines or products.exists() or families.exists():
        tree = line_tree()
        within = {pk for line in lines for pk in tree.descendants(line.pk)}
        members = members_now().filter(family__in=families.order_by().values("pk"))
        found = found.filter(
            Q(pk__in=products.order_by().values("pk"))
            | Q(line__in=within)
            | Q(pk__in=members.order_by().values("product"))
        )
    return list(found.order_by("name", "code"))


def scope_accounts(author: Any, scope: ReportScope) -> list[str]:
    """The names of the accounts that sold the products, within the channels: whose figures a report has. Two
    queries."""
    chains, named = channel_chains(), {channel.pk for channel in scope.channels}
    sold = set(
        SalesMonth.objects.filter(product__in=scope.products).values_list("channel", flat=True).distinct()
    )
    seen = visible_channel_ids(author)
    within = {
        pk
        for node in sold
        for pk in chains.get(node, ())
        if (not named or named.intersection(chains[node])) and (seen is None or node in seen)
    }
    accounts = Channel.objects.filter(pk__in=within, kind=Channel.Kind.ACCOUNT)
    return list(accounts.values_list("name", flat=True))


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
