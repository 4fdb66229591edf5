"""What people change of forecasts: overrides, figures of the parties, the agreed forecast. The statistics are
never touched; what people say stands in the layers of the current forecast beside them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError, VersionConflict, right_require
from accounts.versions import cells_meant
from core import formats
from core.months import month_add, month_end, month_start
from core.organisation import local_date, today
from forecasting.models import ConsensusInput, ConsensusMonth, ForecastMonth, Override, OverrideMonth
from forecasting.models.judgement import Party, Reason
from forecasting.selectors.judgement import changed, holds_until
from products.models import Channel, Measure, Product, ProductLine
from products.selectors.access import is_limited
from products.selectors.lines import LineTree

from .list_figures import figures_show
from .override_preview import override_preview

Values = Mapping[datetime.date, Decimal | None]


@transaction.atomic
def override_set(
    *,
    user: Any,
    measure: Measure,
    operation: str,
    value: Decimal,
    first_month: datetime.date,
    last_month: datetime.date,
    reason: str,
    note: str = "",
    evidence: str = "",
    product: Product | None = None,
    line: ProductLine | None = None,
    channel: Channel | None = None,
    seen: int | None = None,
) -> Override:
    """Change a forecast by hand: of a product, a line, or, for who sees all products, a channel as a whole.
    An earlier override of the same months (and channel) gives way to it.

    Upward changes need evidence. ``seen`` is :func:`last_judgement` as the editor knew it: who comes second
    on the same months and channel gets a :class:`VersionConflict` with both. It holds until its last month is
    over, at most half a year; then it is renewed or ends.
    """
    right_require(user, "forecasting.override")
    if product is None and line is None and is_limited(user):
        raise PermissionDenied("forecasting.override")
    _lock(product, line)
    if reason not in Reason.values:
        raise DomainError("reason_missing", _("Say why."), "reason")
    preview = override_preview(
        measure=measure,
        operation=operation,
        value=value,
        first_month=first_month,
        last_month=last_month,
        product=product,
        line=line,
        channel=channel,
    )
    if preview.upward and not evidence.strip():
        raise DomainError(
            "evidence_missing",
            _("Upward changes are the ones that most often turn out wrong: say what this one rests on."),
            "evidence",
        )
    product_ids = {change.product_id for change in preview.changes}
    held = OverrideMonth.objects.filter(
        product__in=product_ids,
        measure=measure,
        channel=channel,
        month__range=(first_month, last_month),
        active=True,
    )
    if seen is not None:
        _not_overtaken(held.filter(pk__gt=seen), operation, value)
    override = Override.objects.create(
        product=product,
        line=line,
        channel=channel,
        measure=measure,
        operation=operation,
        value=value,
        first_month=first_month,
        last_month=last_month,
        reason=reason,
        note=note.strip(),
        evidence=evidence.strip(),
        author=user,
        until=holds_until(last_month),
    )
    held.update(active=False)
    OverrideMonth.objects.bulk_create(
        OverrideMonth(
            override=override,
            product_id=change.product_id,
            measure=measure,
            channel=channel,
            month=change.month,
            value=change.value,
            share=change.share,
            baseline=change.baseline,
        )
        for change in preview.changes
    )
    judgement_apply(product_ids=product_ids)
    return override


@transaction.atomic
def override_set_months(
    *,
    user: Any,
    product: Product,
    measure: Measure,
    values: Mapping[datetime.date, Decimal],
    reason: str,
    note: str = "",
    evidence: str = "",
    seen: int | None = None,
) -> list[Override]:
    """Put a figure a month in the place of what is expected, all of them or none; months that follow each
    other with the same figure are one override. The rest as of :func:`override_set`."""
    spans: list[tuple[datetime.date, datetime.date, Decimal]] = []
    for month, value in sorted(values.items()):
        if spans and spans[-1][2] == value and month_add(spans[-1][1], 1) == month:
            spans[-1] = (spans[-1][0], month, value)
        else:
            spans.append((month, month, value))
    return [
        override_set(
            user=user,
            product=product,
            measure=measure,
            operation=Override.Operation.SET,
            value=value,
            first_month=first,
            last_month=last,
            reason=reason,
            note=note,
            evidence=evidence,
            seen=seen,
        )
        for first, last, value in spans
    ]


def _not_overtaken(fresh: QuerySet[OverrideMonth], operation: str, value: Decimal) -> None:
    """Refuse, with both values, where somebody changed a month of it since the editor looked."""
    theirs = {row.override.pk: row.override for row in fresh.select_related("override__author")}
    if theirs:
        fields = {
            str(pk): {
                "label": f"{formats.month(row.first_month)} – {formats.month(row.last_month)}",
                "theirs": f"{change_words(row.operation, row.value)} ({row.author})",
                "yours": change_words(operation, value),
            }
            for pk, row in theirs.items()
        }
        raise VersionConflict(_("Somebody else changed these months in the meantime."), fields)


def change_words(operation: str, value: Decimal) -> str:
    """“= 1,200”, “+300”, “−10.0%”."""
    if operation == Override.Operation.SET:
        return f"= {formats.volume(value)}"
    if operation == Override.Operation.ADD:
        return formats.delta(value, "number", decimals=0 if abs(value) >= 100 else 1).text
    return formats.delta(value, "percent").text


def _lock(product: Product | None, line: ProductLine | None) -> None:
    """One change of a product's forecast at a time."""
    rows = Product.objects.select_for_update().order_by("pk")
    if product is not None:
        rows = rows.filter(pk=product.pk)
    elif line is not None:
        rows = rows.filter(line__in=LineTree().descendants(line.pk))
    list(rows.values_list("pk", flat=True))


@transaction.atomic
def override_withdraw(*, user: Any, override: Override) -> Override:
    """End an override now; what it changed shows as before, unless something else holds there."""
    right_require(user, "forecasting.override")
    current = Override.objects.select_for_update().get(pk=override.pk)
    if current.withdrawn_at is None:
        current.withdrawn_at, current.withdrawn_by = timezone.now(), user
        current.save(update_fields=["withdrawn_at", "withdrawn_by"])
        _end([current.pk])
    return current


@transaction.atomic
def override_renew(*, user: Any, override: Override) -> Override:
    """Let an override hold on, or (undo) again after it was withdrawn or expired; refused for months that
    somebody changed since."""
    right_require(user, "forecasting.override")
    current = Override.objects.select_for_update().get(pk=override.pk)
    rows = list(OverrideMonth.objects.select_for_update().filter(override=current))
    taken = OverrideMonth.objects.filter(
        product__in={row.product_id for row in rows},
        measure=current.measure,
        channel=current.channel,
        month__range=(current.first_month, current.last_month),
        active=True,
    ).exclude(override=current)
    if taken.exists():
        raise DomainError(
            "judged_meanwhile",
            _("Another override holds in these months; withdraw that one first."),
            status=409,
        )
    if month_end(current.last_month) < today():
        raise DomainError("months_over", _("Its months are over."))
    current.withdrawn_at = current.withdrawn_by = None
    current.until = holds_until(current.last_month)
    current.save(update_fields=["withdrawn_at", "withdrawn_by", "until"])
    OverrideMonth.objects.filter(override=current).update(active=True)
    judgement_apply(product_ids={row.product_id for row in rows})
    return current


def overrides_expire(*, product_ids: Collection[int]) -> int:
    """End the overrides of these products that nobody renewed; says how many."""
    over = Override.objects.filter(
        months__product__in=product_ids, months__active=True, until__lt=today(), withdrawn_at=None
    ).distinct()
    found = list(over.values_list("pk", flat=True))
    _end(found)
    return len(found)


def _end(override_ids: Collection[int]) -> None:
    rows = OverrideMonth.objects.filter(override__in=override_ids, active=True)
    product_ids = set(rows.values_list("product_id", flat=True))
    rows.update(active=False)
    judgement_apply(product_ids=product_ids)


@transaction.atomic
def judgement_apply(*, product_ids: Collection[int]) -> None:
    """Write what holds of overrides and agreed months into the layers of these products' current forecasts,
    and their list figures after it. Vintages of earlier months stay as they were, and a month that is over
    keeps what was said of it when it ended: that is what it is measured against."""
    if not product_ids:
        return
    moved = layers_outdated(product_ids)
    if not moved:
        return
    ForecastMonth.objects.bulk_update(moved, ["overridden", "agreed"], batch_size=500)
    figures_show(product_ids={month.forecast.product_id for month in moved if month.forecast.product_id})


def layers_outdated(product_ids: Collection[int]) -> list[ForecastMonth]:
    """The months of these products' current forecasts whose layers are not what holds makes them, with the
    layers as they should be; nothing is written."""
    running = month_start(today())
    overrides: dict[tuple[int, int, datetime.date], list[OverrideMonth]] = defaultdict(list)
    said = OverrideMonth.objects.filter(Q(active=True) | Q(month__lt=running), product__any=product_ids)
    for row in said.select_related("override").order_by("pk"):
        key = (row.product_id, row.measure_id, row.month)
        if row.month >= running:
            overrides[key].append(row)
        elif _held_at_end(row):  # the newest of each channel
            overrides[key] = [r for r in overrides[key] if r.channel_id != row.channel_id] + [row]
    agreed = {
        (row.product_id, row.measure_id, row.month): float(row.value)
        for row in ConsensusMonth.objects.filter(product__any=product_ids)
        if row.month >= running or local_date(row.agreed_at) <= month_end(row.month)
    }
    # Of most products nobody said anything: their months need not be read.
    about = {product_id for product_id, _measure, _month in (*overrides, *agreed)}
    layered = Q(overridden__isnull=False) | Q(agreed__isnull=False)
    months = ForecastMonth.objects.filter(
        Q(forecast__product_id__any=about) | layered,
        forecast__current=True,
        forecast__product_id__any=product_ids,
    ).select_related("forecast")
    moved = []
    for month in months:
        key = (month.forecast.product_id or 0, month.forecast.measure_id, month.month)
        kept = month.agreed if month.month < running else None
        overridden = _overridden(month.baseline, overrides.get(key, ()))
        layers = (overridden, agreed.get(key) if kept is None else kept)
        if layers != (month.overridden, month.agreed):
            month.overridden, month.agreed = layers
            moved.append(month)
    return moved


def _held_at_end(row: OverrideMonth) -> bool:
    """Whether the override held on the last day of the row's month."""
    said, end = row.override, month_end(row.month)
    withdrawn = said.withdrawn_at is not None and local_date(said.withdrawn_at) <= end
    return local_date(said.set_at) <= end <= said.until and not withdrawn


def _overridden(base: float, rows: Sequence[OverrideMonth]) -> float | None:
    """What overrides make of a month: first the one of the whole, then what those of channels add."""
    if not rows:
        return None
    result = base
    for row in sorted(rows, key=lambda row: (row.channel_id is not None, row.pk)):
        operation = row.override.operation
        if row.channel_id is None:
            result = changed(operation, row.value, base)
        else:
            part = base * row.share
            result += changed(operation, row.value, part) - part
    return float(f"{max(result, min(base, 0.0)):.7g}")


# -- the agreed forecast ---------------------------------------------------------------------------------


@transaction.atomic
def consensus_contribute(
    *,
    user: Any,
    product: Product,
    measure: Measure,
    party: str,
    values: Values,
    seen: Values | None = None,
) -> int:
    """What a party expects, by month; an empty value takes it back. Says how many months changed. With
    ``seen``, what stood there before the editor's eyes, only months that differ from it are written, and one
    that somebody else changed since is a :class:`VersionConflict`."""
    right_require(user, "forecasting.contribute")
    if party not in Party.values:
        raise DomainError("party_unknown", _("Choose sales, marketing or finance."), "party")
    _lock(product, None)
    there = {
        row.month: row
        for row in ConsensusInput.objects.filter(
            product=product, measure=measure, party=party
        ).select_related("author")
    }
    if seen is not None:
        values = _meant(values, seen, {m: (row.value, row.author) for m, row in there.items()})
    count = 0
    for month, value in values.items():
        row = there.get(month)
        if value is None and row is not None:
            row.delete()
            count += 1
        elif value is not None and (row is None or row.value != value):
            row = row or ConsensusInput(product=product, measure=measure, party=party, month=month)
            row.value, row.author = value, user
            row.save()
            count += 1
    return count


@transaction.atomic
def consensus_agree(
    *,
    user: Any,
    product: Product,
    measure: Measure,
    values: Values,
    note: str = "",
    seen: Values | None = None,
) -> int:
    """Agree these months; an empty value lets a month go back to statistics and overrides. Says how many
    months changed. ``seen`` as of :func:`consensus_contribute`."""
    right_require(user, "forecasting.agree")
    _lock(product, None)
    there = {
        row.month: row
        for row in ConsensusMonth.objects.filter(product=product, measure=measure).select_related("agreed_by")
    }
    if seen is not None:
        values = _meant(values, seen, {m: (row.value, row.agreed_by) for m, row in there.items()})
    current = {
        month.month: month
        for month in ForecastMonth.objects.filter(
            forecast__current=True, forecast__product=product, forecast__measure=measure
        )
    }
    count = 0
    for month, value in values.items():
        row = there.get(month)
        if value is None:
            if row is not None:
                row.delete()
                count += 1
            continue
        if month not in current:
            raise DomainError("month_unknown", _("There is no forecast of this month to change."), "agreed")
        if value < 0:
            raise DomainError("below_nothing", _("A volume is not below zero."), "agreed")
        if row is not None and row.value == value:
            continue
        row = row or ConsensusMonth(product=product, measure=measure, month=month)
        row.value, row.baseline = value, current[month].unagreed
        row.note, row.agreed_by = note.strip(), user
        row.save()
        count += 1
    judgement_apply(product_ids=[product.pk])
    return count


def _meant(values: Values, seen: Values, there: Mapping[datetime.date, tuple[Decimal, Any]]) -> Values:
    """What the editor changed of what they saw. Where somebody else meanwhile said a third thing, both."""

    def shown(month: datetime.date, yours: Decimal | None) -> tuple[str, str, str]:
        now, who = there.get(month, (None, None))
        theirs = formats.MISSING if now is None else f"{formats.volume(now)} ({who})"
        return formats.month(month), theirs, formats.volume(yours)

    return cells_meant(
        values,
        {month: seen.get(month) for month in values},
        {month: there[month][0] if month in there else None for month in values},
        message=_("Somebody else filled in these months in the meantime."),
        shown=shown,
    )
