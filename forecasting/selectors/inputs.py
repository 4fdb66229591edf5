"""Which products and families a night has to see to: results are missing, or made from other inputs."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q

from forecasting.models import Forecast, SubjectInputs

from .decisions import Key

Subject = tuple[int | None, int | None]
"""The ids of a product and of a family, one of them ``None``."""


def in_chunk(payload: Mapping[str, Any]) -> Q:
    """Rows about the products and families of a chunk of the night."""
    return Q(product_id__in=payload.get("products") or ()) | Q(family_id__in=payload.get("families") or ())


def inputs_known(payload: Mapping[str, Any]) -> dict[Subject, tuple[str, str]]:
    """Of each subject the hash that was last found, and the one that its results came from."""
    rows = SubjectInputs.objects.filter(in_chunk(payload))
    return {
        (product_id, family_id): (found, settled)
        for product_id, family_id, found, settled in rows.values_list(
            "product_id", "family_id", "found", "settled"
        )
    }


def subjects_due(payload: Mapping[str, Any]) -> dict[str, list[int]]:
    """The payload's ``products`` and ``families``, those that it has, without the ones that are settled."""
    settled = SubjectInputs.objects.filter(in_chunk(payload), found=F("settled"))
    done = set(settled.values_list("product_id", "family_id"))
    found = {}
    if "products" in payload:
        found["products"] = [pk for pk in payload["products"] if (pk, None) not in done]
    if "families" in payload:
        found["families"] = [pk for pk in payload["families"] if (None, pk) not in done]
    return found


def subjects_due_share() -> float:
    """How many of all that a night ever looked at are due: 1 where none was."""
    counts = SubjectInputs.objects.aggregate(
        settled=Count("pk", filter=Q(found=F("settled"))), known=Count("pk")
    )
    return 1 - counts["settled"] / counts["known"] if counts["known"] else 1.0


def figure_signs(products: Collection[int], until: datetime.date) -> dict[int, int]:
    """By product a number that changes with any month's volume or revenue up to a month."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT product_id, sum(hash_record_extended(row(measure_id, month, volume, revenue), 0))"
            " FROM products_productmonth WHERE product_id = ANY(%s) AND month <= %s GROUP BY product_id",
            [list(products), until],
        )
        return {product_id: int(sign) for product_id, sign in cursor.fetchall()}


def vintages_there(payload: Mapping[str, Any]) -> dict[Key, set[datetime.date]]:
    """The months that there are forecasts as of, by product, family and measure."""
    found: dict[Key, set[datetime.date]] = defaultdict(set)
    rows = Forecast.objects.filter(in_chunk(payload)).order_by()
    for product_id, family_id, measure_id, as_of in rows.values_list(
        "product_id", "family_id", "measure_id", "as_of"
    ):
        found[product_id, family_id, measure_id].add(as_of)
    return found


def backtests_counted(as_of: datetime.date, engine_version: str) -> tuple[int, int]:
    """How many series have a newest backtest with errors to pool, by the month and by the week."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE payload->'errors' <> '[]'),"
            " count(*) FILTER (WHERE weeks->'errors' <> '[]') FROM ("
            " SELECT DISTINCT ON (product_id, family_id, measure_id) payload, weeks FROM forecasting_backtest"
            " WHERE engine_version = %s AND as_of <= %s"
            " ORDER BY product_id, family_id, measure_id, as_of DESC) newest",
            [engine_version, as_of],
        )
        months, weeks = cursor.fetchone()
        return int(months), int(weeks)
