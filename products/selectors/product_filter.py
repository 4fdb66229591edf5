"""Which products a person sees under a :class:`ListQuery`: every filter of the list, in the database."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import (
    CharField,
    DateField,
    ExpressionWrapper,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from core.numbers import int_read
from core.organisation import today
from core.search import Alike, Fold, Like, Matches, Unforeseen, folded, like_pattern, with_words
from products.models import FamilyMember, Product, ProductCode, ProductFigures, SalesMonth
from products.models.product import description_words

from .access import channels_visible, forecasts_allowed, products_visible
from .channels import channel_chains, channels_coded
from .lines import LineTree
from .list_query import ListQuery
from .reviews import review_due

NOBODY = "none"
TWELVE_MONTHS = datetime.timedelta(days=350)
"""From the first of a month back to between the firsts of the 11th and the 12th month before it."""


def alike(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """The rows with words in code and name that are alike to every word of the text: one letter too many, too
    few or wrong."""
    for word in text.split():
        rows = rows.filter(Alike(folded("code", "name"), Fold(Value(word, output_field=CharField()))))
    return rows


def text_ids(text: str) -> QuerySet[Any]:
    """Ids of products whose code and name hold every word, or with another code that holds the text, or
    whose description has its words, in Dutch or English. A union, so that each part uses its own index."""
    names = with_words(Product.objects.order_by(), folded("code", "name"), text)
    codes = ProductCode.objects.order_by().filter(Like(folded("code"), like_pattern(text)))
    words = SearchQuery(text, config="dutch") | SearchQuery(text, config="english")
    described = Product.objects.order_by().filter(Matches(description_words(), Unforeseen(words)))
    return names.values("pk").union(codes.values("product_id"), described.values("pk"))


def owner_filter(tree: LineTree, owner_id: int | None) -> Q:
    """Products a person answers for, by themselves or through their line; ``None``: nobody does."""
    lines = [line for line in tree.lines if tree.inherited(line, "owner_id").value == owner_id]
    inherited = Q(owner=None, line__in=lines)
    return inherited if owner_id is None else Q(owner=owner_id) | inherited


def status_filter(value: str, day: datetime.date) -> Q:
    """The status that follows from the dates, as :meth:`Product.status_on` has it; *current*: not ended."""
    not_ended = Q(ended=None) | Q(ended__gte=day)
    launched = Q(launched=None) | Q(launched__lte=day)
    return {
        "current": not_ended,
        "ended": Q(ended__lt=day),
        "planned": not_ended & Q(launched__gt=day),
        "active": Q(ended=None) & launched,
        "ending": Q(ended__gte=day) & launched,
    }[value]


def _owner(user: Any, tree: LineTree, value: str) -> Q:
    if value == NOBODY:
        return owner_filter(tree, None)
    owner = user.pk if value == "me" else int_read(value)
    return owner_filter(tree, owner) if owner is not None else Q(pk=None)


def _line(user: Any, tree: LineTree, value: str) -> Q:
    found = [line.pk for line in tree.lines.values() if line.code == value]
    return Q(line__in=tree.descendants(found[0])) if found else Q(pk=None)


def channels_below(code: str) -> list[int]:
    """The channel with this code and all below it."""
    asked = {pk for pk, (_parent, own) in channels_coded().items() if own.lower() == code.lower()}
    return [pk for pk, chain in channel_chains().items() if asked.intersection(chain)]


def _channel(user: Any, tree: LineTree, value: str) -> Q:
    """Sold there in the last 12 months of the data; a channel outside one's limits finds nothing."""
    ids = channels_visible(user).filter(pk__in=channels_below(value)).values("pk")
    newest = ProductFigures.objects.values(all=Value(1)).annotate(newest=Max("data_month")).values("newest")
    since = ExpressionWrapper(Subquery(newest) - Value(TWELVE_MONTHS), output_field=DateField())
    sold = SalesMonth.objects.filter(channel__in=ids, month__gt=since).values("product_id")
    return Q(pk__in=sold)


def _family(user: Any, tree: LineTree, value: str) -> Q:
    held = FamilyMember.objects.filter(product=OuterRef("product"), start_date__lte=today())
    rows = FamilyMember.objects.filter(family__code__iexact=value, start_date__lte=today())
    newest = rows.filter(pk=Subquery(held.order_by("-start_date").values("pk")[:1]))
    return Q(pk__in=newest.values("product_id"))


def _stage(user: Any, tree: LineTree, value: str) -> Q:
    """Who is told no stages finds none."""
    if not forecasts_allowed(user):
        return Q() if value == NOBODY else Q(pk=None)
    return Q(figures=None) | Q(figures__stage="") if value == NOBODY else Q(figures__stage=value)


ONE_OF: dict[str, Callable[[Any, LineTree, str], Q]] = {
    "owner": _owner,
    "line": _line,
    "channel": _channel,
    "family": _family,
    "status": lambda user, tree, value: status_filter(value, today()),
    "kind": lambda user, tree, value: Q(kind=value),
    "stage": _stage,
    "supplier": lambda user, tree, value: (
        Q(supplier=None) if value == NOBODY else Q(supplier__code__iexact=value)
    ),
    "segment": lambda user, tree, value: (
        Q(segment=None) if value == NOBODY else Q(segment__code__iexact=value)
    ),
    "temporary": lambda user, tree, value: Q(temporary=value == "yes"),
    "review": lambda user, tree, value: review_due(tree, today()),
}


def annotated(user: Any, rows: QuerySet[Product], added: Sequence[Any]) -> QuerySet[Product]:
    """The rows with the values of other rooms' columns as ``added_<key>``."""
    return rows.annotate(**{f"added_{entry.key}": entry.annotation(user) for entry in added})


def products_filtered(user: Any, query: ListQuery, tree: LineTree) -> QuerySet[Product]:
    """The products the person may see that answer to the text and to every filter (any of its values)."""
    rows = products_visible(user).order_by()
    if query.text:
        rows = alike(rows, query.text) if query.alike else rows.filter(pk__in=text_ids(query.text))
    for key, values in query.filters.items():
        if key in ONE_OF:
            rows = rows.filter(reduce(or_, (ONE_OF[key](user, tree, value) for value in values)))
        else:
            entry = next(column.added for column in query.available if column.key == key and column.added)
            rows = rows.alias(**{f"has_{key}": entry.annotation(user)}).filter(**{f"has_{key}__gt": 0})
    return rows
