"""Keep what the night found of price sensitivity."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from core.upsert import upsert
from pricing.models import Elasticity

_TOGETHER = ("estimate", "sd", "lo80", "hi80", "lo95", "hi95", "quantiles")
_SHRUNK = {
    "method": "text",
    "pending": "boolean",
    "run_id": "bigint",
    "computed_at": "timestamptz",
    **dict.fromkeys(_TOGETHER, "float8"),
    "quantiles": "float8[]",
}
_ALIKE = tuple(name for name in _SHRUNK if name != "quantiles")
_WRITE = f"""
    UPDATE pricing_elasticity SET {", ".join(f"{name} = said.{name}" for name in _SHRUNK)}
    FROM json_to_recordset(%s)
         AS said(ids bigint[], {", ".join(f"{name} {kind}" for name, kind in _SHRUNK.items())})
    CROSS JOIN LATERAL unnest(said.ids) AS one(id)
    WHERE pricing_elasticity.id = one.id
"""  # noqa: S608  names of columns


@transaction.atomic
def measured_write(*, rows: Sequence[Elasticity]) -> None:
    """What products and their channels say by themselves; what was shrunk before stays until they are shrunk
    again. Channels that have no row any more go, and levels, which are never shrunk, begin anew."""
    kept = {(row.product_id, row.channel_id) for row in rows if row.pending}
    there = Elasticity.objects.filter(product__any=list({row.product_id for row in rows}))
    gone = [pk for pk, *key in there.values_list("pk", "product_id", "channel_id") if tuple(key) not in kept]
    Elasticity.objects.filter(pk__in=gone).delete()
    upsert(rows, key=("product", "channel"), keep=_TOGETHER)


@transaction.atomic
def elasticities_write(*, rows: Sequence[Elasticity]) -> None:
    """What follows from all together, in one statement: in a first night, of every product there is, of which
    those that say nothing of themselves share one answer."""
    ids: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in rows:
        ids[*(getattr(row, name) for name in _ALIKE), tuple(row.quantiles)].append(row.pk)
    said = [{"ids": own, **dict(zip((*_ALIKE, "quantiles"), key, strict=True))} for key, own in ids.items()]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [json.dumps(said, default=str)])
