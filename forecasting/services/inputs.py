"""What a night found its subjects' inputs to be, and that its results were made from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection, transaction
from django.db.models import F, Q

from core.arrays import array_text
from core.lookups import many
from core.upsert import unsaved, upsert
from forecasting.models import NightlyFailure, NightlyRun, SubjectInputs
from forecasting.selectors.inputs import Subject


@transaction.atomic(savepoint=False)
def inputs_found(*, run: NightlyRun, digests: Mapping[Subject, str]) -> None:
    """Note what the run found, of those that differ from what results were made from."""
    rows = [
        unsaved(SubjectInputs, product_id=product_id, family_id=family_id, run_id=run.pk, found=digest)
        for (product_id, family_id), digest in digests.items()
    ]
    upsert(rows, key=("product", "family"), keep=("settled", "judged"))


@transaction.atomic(savepoint=False)
def inputs_settle(*, run: NightlyRun, products: Collection[int], families: Collection[int]) -> None:
    """Results of these now come from what the run found. Not of those that a step of it failed on, nor of
    those of which another run has found something since."""
    failed = NightlyFailure.objects.filter(run=run)
    rows = SubjectInputs.objects.filter(
        Q(product_id__any=many(products)) | Q(family_id__any=many(families)), run=run
    )
    rows.exclude(product_id__in=failed.filter(product__isnull=False).values("product_id")).exclude(
        family_id__in=failed.filter(family__isnull=False).values("family_id")
    ).update(settled=F("found"))


@transaction.atomic(savepoint=False)
def inputs_judged(*, digests: Mapping[int, str], unknown: Collection[int] = ()) -> None:
    """Alerts and news of these products were told from this; of the ``unknown`` nobody can say from what."""
    SubjectInputs.objects.filter(product_id__in=list(unknown)).update(judged="")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE forecasting_subjectinputs i SET judged = d.judged"
            " FROM unnest(%s::bigint[], %s::text[]) AS d(product_id, judged)"
            " WHERE i.product_id = d.product_id",
            [array_text(digests), array_text(digests.values())],
        )
