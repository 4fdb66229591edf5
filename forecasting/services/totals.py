"""Writing what lines and everything together are expected to sell."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from core.locks import lock_until_commit
from forecasting.models import NightlyRun, TotalForecast

_KEY = ["line", "measure", "as_of"]


@transaction.atomic(savepoint=False)
def totals_write(*, totals: Sequence[TotalForecast], run: NightlyRun) -> None:
    """Write these as the vintages of their months, the newest month of each being the current one. A total
    that a newer run wrote, or of a month that its line has moved on from, stays."""
    lock_until_commit("totals")
    there = {(row.line_id, row.measure_id): row for row in TotalForecast.objects.filter(current=True)}
    written = []
    for total in totals:
        current = there.get((total.line_id, total.measure_id))
        if current is not None and (current.as_of > total.as_of or current.run_id > run.pk):
            continue
        written.append(total)
    # What no longer has a total (its products' volumes stopped adding up) keeps its vintages only.
    renewed, known = _keys(written), _keys(totals)
    gone = [
        row.pk for key, row in there.items() if row.run_id <= run.pk and (key in renewed or key not in known)
    ]
    TotalForecast.objects.filter(pk__in=gone).update(current=False)
    TotalForecast.objects.bulk_create(
        written,
        update_conflicts=True,
        unique_fields=_KEY,
        update_fields=[f.name for f in TotalForecast._meta.concrete_fields if f.name not in {"id", *_KEY}],
    )


def _keys(totals: Sequence[TotalForecast]) -> set[tuple[int | None, int | None]]:
    return {(total.line_id, total.measure_id) for total in totals}
