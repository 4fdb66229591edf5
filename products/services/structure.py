"""Channels, suppliers, segments, families and measures: the other things products hang on."""

from __future__ import annotations

from typing import Any, TypedDict, TypeVar, Unpack

from django.db import transaction
from django.db.models import Model, ProtectedError
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check, row_lock, row_save
from products.models import (
    Channel,
    Family,
    LineMeasure,
    Measure,
    ProductLine,
    ProductMonth,
    SalesFact,
    Segment,
    Supplier,
)

from .scope import line_within, unlimited

N = TypeVar("N", Supplier, Segment)
A = TypeVar("A", bound=Model)


class NamedValues(TypedDict, total=False):
    code: str
    name: str


class ChannelValues(NamedValues, total=False):
    parent: Channel | None
    kind: str


class FamilyValues(NamedValues, total=False):
    line: ProductLine


class MeasureValues(TypedDict, total=False):
    code: str
    name_en: str
    name_nl: str
    unit_en: str
    unit_nl: str
    kind: str
    leaves: bool


def _code_check(model: type[Model], code: str, *, other_than: int = 0) -> None:
    rows = model._default_manager.filter(code__iexact=code).exclude(pk=other_than)
    if code.lower() == "new" or rows.exists():
        raise DomainError("code_taken", _("The code %(code)s is already in use.") % {"code": code}, "code")


def _shared(user: Any) -> None:
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))


def _create(row: A) -> A:
    _code_check(type(row), row.code)  # type: ignore[attr-defined]
    check(row)
    row.save()
    return row


def _update(row: A, version: int | None, values: dict[str, Any]) -> A:
    current = row_lock(row)
    if "code" in values:
        _code_check(type(row), values["code"], other_than=current.pk)
    row_save(current, version=version, values=values)
    return current


def _delete(row: Model) -> None:
    try:
        with transaction.atomic():
            row.delete()
    except ProtectedError:
        raise DomainError("in_use", _("%(name)s is in use.") % {"name": row}, status=409) from None


@transaction.atomic
def channel_create(*, user: Any, **values: Unpack[ChannelValues]) -> Channel:
    """A node of the channel tree, under ``parent`` or at the top."""
    _shared(user)
    channel = Channel(**values)
    _order_check(channel.parent, channel)
    return _create(channel)


def _order_check(above: Channel | None, below: Channel, *, field: str = "parent") -> None:
    if above is None or below.kind not in Channel.Kind or Channel.kind_above(above.kind, below.kind):
        return
    message = _("%(below)s (%(kind)s) cannot be part of %(above)s (%(kind_above)s).") % {
        "below": below.name,
        "kind": below.get_kind_display(),
        "above": above.name,
        "kind_above": above.get_kind_display(),
    }
    order = _("From high to low: %(kinds)s.") % {"kinds": " → ".join(map(str, Channel.Kind.labels))}
    raise DomainError("channel_order", f"{message} {order}", field)


@transaction.atomic
def channel_update(
    *, user: Any, channel: Channel, version: int | None, **values: Unpack[ChannelValues]
) -> Channel:
    """Change or move it; a channel never hangs below itself, nor below one of its own or a lower kind."""
    _shared(user)
    parent = values.get("parent")
    if parent is not None:
        above = dict(Channel.objects.select_for_update().order_by("pk").values_list("pk", "parent_id"))
        node: int | None = parent.pk
        while node is not None:
            if node == channel.pk:
                raise DomainError("channel_cycle", _("A channel cannot be part of itself."), "parent")
            node = above[node]
    before = Channel.objects.select_related("parent").get(pk=channel.pk)
    after = Channel(
        name=values.get("name", before.name),
        kind=values.get("kind", before.kind),
        parent=values.get("parent", before.parent),
    )
    if (after.kind, after.parent_id) != (before.kind, before.parent_id):
        _order_check(after.parent, after)
    if after.kind != before.kind:
        for child in before.children.all():
            _order_check(after, child, field="kind")
    return _update(channel, version, dict(values))


@transaction.atomic
def channel_delete(*, user: Any, channel: Channel) -> None:
    """Only a channel without sales and without channels below it can go."""
    _shared(user)
    if SalesFact.objects.filter(channel=channel).exists():
        raise DomainError("in_use", _("%(name)s has sales.") % {"name": channel}, status=409)
    _delete(channel)


@transaction.atomic
def named_create(*, user: Any, model: type[N], **values: Unpack[NamedValues]) -> N:
    """A supplier or a customer segment."""
    _shared(user)
    return _create(model(**values))


@transaction.atomic
def named_update(*, user: Any, row: N, version: int | None, **values: Unpack[NamedValues]) -> N:
    _shared(user)
    return _update(row, version, dict(values))


@transaction.atomic
def named_delete(*, user: Any, row: Supplier | Segment) -> None:
    _shared(user)
    _delete(row)


@transaction.atomic
def family_create(*, user: Any, **values: Unpack[FamilyValues]) -> Family:
    """Products that are steered together, in a line within the person's limits."""
    line_within(user, values.get("line"))
    return _create(Family(**values))


@transaction.atomic
def family_update(
    *, user: Any, family: Family, version: int | None, **values: Unpack[FamilyValues]
) -> Family:
    line_within(user, family.line)
    if "line" in values:
        line_within(user, values["line"])
    return _update(family, version, dict(values))


@transaction.atomic
def family_delete(*, user: Any, family: Family) -> None:
    """Only a family that never had members can go."""
    line_within(user, family.line)
    _delete(family)


def measure_has_facts(measure: Measure) -> bool:
    """Whether anything was ever counted in it."""
    # Every fact is in the roll-up, which is far smaller.
    return ProductMonth.objects.filter(measure=measure).exists()


@transaction.atomic
def measure_create(*, user: Any, **values: Unpack[MeasureValues]) -> Measure:
    _shared(user)
    return _create(Measure(**values))


@transaction.atomic
def measure_update(
    *, user: Any, measure: Measure, version: int | None, **values: Unpack[MeasureValues]
) -> Measure:
    """Its kind is fixed once facts exist: a flow's months add up, a level's do not."""
    _shared(user)
    measure = row_lock(measure)
    if values.get("kind", measure.kind) != measure.kind and measure_has_facts(measure):
        message = _("Flow or level cannot change any more: there are figures in this measure.")
        raise DomainError("measure_kind_fixed", message, "kind", status=409)
    return _update(measure, version, dict(values))


@transaction.atomic
def measure_delete(*, user: Any, measure: Measure) -> None:
    _shared(user)
    if measure.code == "units" or LineMeasure.objects.filter(measure=measure).exists():
        raise DomainError("in_use", _("%(name)s is in use.") % {"name": measure}, status=409)
    if measure_has_facts(measure):
        raise DomainError("in_use", _("%(name)s has figures.") % {"name": measure}, status=409)
    _delete(measure)
