"""The tree of product lines, with what each line lets its products inherit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from accounts.models import User
from accounts.versions import check, row_lock, row_save
from products.models import LineMeasure, Measure, Product, ProductLine, ProductMonth
from products.selectors.access import limits_forget, visible_line_ids
from products.selectors.lines import LineTree

from .figures import figures_refresh
from .scope import line_within


class LineValues(TypedDict, total=False):
    """What people may say of a line; empty means as the line above, left out means as it is."""

    code: str
    name: str
    parent: ProductLine | None
    owner: User | None
    unit: str
    reporting_unit: str
    floor_rate: Decimal | None
    review_months: int | None
    price_word: str
    customer_word: str
    volume_word: str
    final_after_months: int | None
    forecast_step: str
    alert_settings: Mapping[str, float]


def _code_check(code: str, *, other_than: int = 0) -> None:
    taken = ProductLine.objects.filter(code__iexact=code).exclude(pk=other_than).exists()
    if taken:
        raise DomainError("code_taken", _("The code %(code)s is already in use.") % {"code": code}, "code")


def _parent_check(user: Any, line: ProductLine | None, parent: ProductLine | None) -> None:
    """The place in the tree: within the person's limits, and never below itself."""
    if parent is not None:
        line_within(user, parent)
    elif visible_line_ids(user) is not None:
        raise DomainError("limited", _("Choose the line this one is part of."), "parent")
    if line is not None and parent is not None and parent.pk in LineTree().descendants(line.pk):
        raise DomainError("line_cycle", _("A line cannot be part of itself."), "parent")


@transaction.atomic
def line_create(*, user: Any, measures: Sequence[Measure] = (), **values: Unpack[LineValues]) -> ProductLine:
    """A new line; ``measures``, the leading one first, or none for those of the line above."""
    line = ProductLine(**values)
    _code_check(line.code)
    _parent_check(user, None, values.get("parent"))
    check(line)
    line.save()
    _measures_save(line, measures)
    limits_forget(user)
    return line


@transaction.atomic
def line_update(
    *,
    user: Any,
    line: ProductLine,
    version: int | None,
    measures: Sequence[Measure] | None = None,
    **values: Unpack[LineValues],
) -> ProductLine:
    """Change what differs, moving it included; ``measures`` ``None`` leaves them as they are.

    A measure that products below have figures in stays: without it nothing would show them any more.
    """
    if "parent" in values:
        # One mover at a time: two moves that are right by themselves could make a circle together.
        list(ProductLine.objects.select_for_update().order_by("pk").values_list("pk"))
    current = row_lock(line)
    line_within(user, current)
    if "parent" in values and getattr(values["parent"], "pk", None) != current.parent_id:
        _parent_check(user, current, values["parent"])
    if "code" in values and values["code"] != current.code:
        _code_check(values["code"], other_than=current.pk)
    before = _measures_below(current)
    row_save(current, version=version, values=values)
    if measures is not None:
        _measures_save(current, measures)
    after = _measures_below(current)
    _lost_check(before, after, "parent" if measures is None else "measures")
    _figures_follow(before, after)
    return current


Measures = Mapping[int, Sequence[Measure]]


def _measures_below(line: ProductLine) -> Measures:
    """What the line and every line below it count, the leading one first, by line id."""
    tree = LineTree()
    return {below: tree.measures(below) for below in tree.descendants(line.pk)}


def _lost_check(before: Measures, after: Measures, field: str) -> None:
    """Refuse to take a measure from a line whose products have figures in it."""
    lost: dict[Measure, list[int]] = {}
    for line, measures in before.items():
        for measure in set(measures) - set(after[line]):
            lost.setdefault(measure, []).append(line)
    for measure, lines in lost.items():
        # Every fact is in the roll-up, which is far smaller.
        counted = ProductMonth.objects.filter(measure=measure, product__line__in=lines)
        count = counted.aggregate(count=Count("product", distinct=True))["count"]
        if count:
            message = ngettext(
                "“%(measure)s” has to stay: %(count)s product has figures in it.",
                "“%(measure)s” has to stay: %(count)s products have figures in it.",
                count,
            )
            raise DomainError(
                "measure_has_figures", message % {"measure": measure, "count": count}, field, status=409
            )


def measures_lost(moves: Mapping[int, int | None]) -> dict[int, Measure]:
    """Of products that would move, by id: a measure they have figures in that their line counts and the new
    one does not, so that nothing would show these any more. ``moves``: the new line's id by product; none: a
    line that is only made."""
    if not moves:
        return {}
    months = ProductMonth.objects.filter(product__in=list(moves)).order_by("product_id", "measure_id")
    counted = list(months.values_list("product_id", "product__line_id", "measure_id").distinct())
    tree = LineTree()
    lines = {*moves.values(), *(line for _product, line, _measure in counted)}
    kept = {line: {each.pk: each for each in tree.measures(line)} for line in lines}
    return {
        product: kept[line][measure]
        for product, line, measure in counted
        if measure in kept[line] and measure not in kept[moves[product]]
    }


def lost_words(line: Any, measure: Measure) -> str:
    """Why a product with figures in the measure does not move to the line, and what to do."""
    return _(
        "“%(line)s” does not count “%(measure)s”, in which the product has figures: nothing would show them "
        "any more. Let the line count that measure too, or undo the import, move the product and import the "
        "file again."
    ) % {"line": line.name, "measure": measure}


def _figures_follow(before: Measures, after: Measures) -> None:
    """Products whose line now leads with another measure show that one's figures."""
    moved = [line for line, measures in after.items() if before[line][0] != measures[0]]
    if moved:
        products = Product.objects.filter(line__in=moved).values_list("pk", flat=True)
        figures_refresh(product_ids=list(products))


@transaction.atomic
def line_delete(*, user: Any, line: ProductLine) -> None:
    """Only a line that nothing hangs on can go."""
    line_within(user, line)
    if line.products.exists() or line.children.exists() or line.families.exists():
        message = _("%(line)s still has products, families or lines below it.") % {"line": line.name}
        raise DomainError("line_in_use", message, status=409)
    line.delete()


def _measures_save(line: ProductLine, measures: Sequence[Measure]) -> None:
    """Make the line's measures these, the first leading; rows that are right already stay untouched."""
    wanted = {measure.pk: position == 0 for position, measure in enumerate(measures)}
    rows = {row.measure_id: row for row in LineMeasure.objects.select_for_update().filter(line=line)}
    for measure_id, row in rows.items():
        if measure_id not in wanted:
            row.delete()
        elif row.leads and not wanted[measure_id]:
            row.leads = False
            row.save(update_fields=["leads"])
    for measure_id, leads in wanted.items():
        known = rows.get(measure_id)
        if known is None:
            LineMeasure.objects.create(line=line, measure_id=measure_id, leads=leads)
        elif known.leads != leads:
            known.leads = leads
            known.save(update_fields=["leads"])
