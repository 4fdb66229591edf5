"""Keep what the night found of price sensitivity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.utils import timezone

from core.lookups import many
from core.upsert import upsert
from forecasting.models import NightlyRun
from pricing.models import Elasticity

_TOGETHER = ("estimate", "sd", "lo80", "hi80", "lo95", "hi95", "quantiles")
_SAID = {"method": "text", **dict.fromkeys(_TOGETHER, "float8"), "quantiles": "float8[]"}
_WRITE = f"""
    UPDATE pricing_elasticity e
    SET {", ".join(f"{name} = said.{name}" for name in _SAID)},
        pending = false, run_id = %(run)s, computed_at = %(now)s
    FROM json_to_recordset(%(said)s)
         AS said(ids bigint[], {", ".join(f"{name} {kind}" for name, kind in _SAID.items())})
    CROSS JOIN LATERAL unnest(said.ids) AS one(id)
    WHERE e.id = one.id
      AND (e.pending OR ({", ".join(f"e.{name}" for name in _SAID)})
                     IS DISTINCT FROM ({", ".join(f"said.{name}" for name in _SAID)}))
"""  # noqa: S608  names of columns
Answer = tuple[str, float, float, float, float, float, float, tuple[float, ...]]
"""Method, estimate, standard deviation, ends of the 80 and of the 95 % band, quantiles."""


@transaction.atomic
def measured_write(*, rows: Sequence[Elasticity]) -> None:
    """What products and their channels say by themselves; what was shrunk before stays until they are shrunk
    again. Channels that have no row any more go, and levels, which are never shrunk, begin anew."""
    kept = {(row.product_id, row.channel_id) for row in rows if row.pending}
    there = Elasticity.objects.filter(product__any=many({row.product_id for row in rows}))
    gone = [pk for pk, *key in there.values_list("pk", "product_id", "channel_id") if tuple(key) not in kept]
    Elasticity.objects.filter(pk__in=gone).delete()
    upsert(rows, key=("product", "channel"), keep=_TOGETHER)


@transaction.atomic
def elasticities_write(*, answers: Mapping[Answer, Sequence[int]], run: NightlyRun) -> None:
    """What follows from all together, by answer the ids of its rows, where it is another or was pending; in
    one statement: in a first night, of every product there is, of which those that say nothing of themselves
    share one answer."""
    said = [{"ids": ids, **dict(zip(_SAID, answer, strict=True))} for answer, ids in answers.items()]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"said": json.dumps(said), "run": run.pk, "now": timezone.now()})
