"""Writing how good frozen vintages turned out to be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from forecasting.models import AccuracyRow, AccuracyState, NightlyRun

_KEY = ["product", "measure", "month", "lag"]


@transaction.atomic
def accuracy_write(
    *,
    run: NightlyRun,
    rows: Sequence[AccuracyRow],
    gone: Collection[int],
    states: Mapping[tuple[int, int], str],
) -> None:
    """Write these unsaved rows in place of those of the same product, measure, month and lag, delete those
    that are ``gone``, and remember what each product's rows in a measure were computed from."""
    AccuracyRow.objects.filter(pk__in=gone).delete()
    for row in rows:
        row.run = run
    AccuracyRow.objects.bulk_create(
        rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=_KEY,
        update_fields=[f.name for f in AccuracyRow._meta.concrete_fields if f.name not in {"id", *_KEY}],
    )
    AccuracyState.objects.bulk_create(
        [
            AccuracyState(product_id=product, measure_id=measure, input_hash=digest, run=run)
            for (product, measure), digest in states.items()
        ],
        update_conflicts=True,
        unique_fields=["product", "measure"],
        update_fields=["input_hash", "run"],
    )
