"""Forecasts changed by hand: of a product, a line or a channel."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError, VersionConflict, right_require
from core import formats
from core.months import month_add, month_end
from core.organisation import today
from forecasting.models import Override, OverrideMonth
from forecasting.models.judgement import Reason
from forecasting.selectors.judgement import holds_until
from products.models import Channel, Measure, Product, ProductLine
from products.selectors.access import is_limited

from .judgement import judgement_apply, judgement_lock
from .override_preview import override_preview


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
    judgement_lock(product, line)
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
                "label": " – ".join(dict.fromkeys(map(formats.month, (row.first_month, row.last_month)))),
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
