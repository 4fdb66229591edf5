"""Which products and families a night has to see to: results are missing, or made from other inputs."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, F, Q

from core.arrays import array_text
from core.lookups import many
from core.sql import rows_of
from forecasting.models import Backtest, Forecast, SubjectInputs
from products.models import ProductFigures

from .decisions import Key

Subject = tuple[int | None, int | None]
"""The ids of a product and of a family, one of them ``None``."""


def in_chunk(payload: Mapping[str, Any]) -> Q:
    """Rows about the products and families of a chunk of the night."""
    products, families = (many(payload.get(name) or ()) for name in ("products", "families"))
    return Q(product_id__any=products) | Q(family_id__any=families)


def of_subjects(subjects: Iterable[Subject]) -> Q:
    """Rows about these products and families."""
    products, families = zip(*subjects, strict=True)
    return in_chunk({"products": list(filter(None, products)), "families": list(filter(None, families))})


# Most are settled: only the others are sent.
_DUE = """
    SELECT asked.id FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked(id, place)
    WHERE NOT EXISTS (SELECT FROM forecasting_subjectinputs i
                      WHERE i.{subject} = asked.id AND i.found = i.settled)
    ORDER BY asked.place
"""


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
    return {
        name: [pk for (pk,) in rows_of(_DUE.format(subject=subject), [array_text(payload[name])])]
        for name, subject in (("products", "product_id"), ("families", "family_id"))
        if name in payload
    }


def products_due() -> list[int]:
    """Of all that a night ever looked at, those whose results come from other inputs than the last found."""
    rows = SubjectInputs.objects.filter(product__isnull=False).exclude(found=F("settled"))
    return [pk for pk in rows.values_list("product_id", flat=True) if pk]


def subjects_due_share() -> float:
    """How many of all that a night ever looked at are due: 1 where none was."""
    counts = SubjectInputs.objects.aggregate(
        settled=Count("pk", filter=Q(found=F("settled"))), known=Count("pk")
    )
    return 1 - counts["settled"] / counts["known"] if counts["known"] else 1.0


@dataclass(frozen=True)
class Vintages:
    """The months that there are forecasts as of, by product, family and measure; and whose forecast in use is
    stale."""

    months: Mapping[Key, set[datetime.date]]
    stale: Collection[Key]


def vintages_there(payload: Mapping[str, Any]) -> Vintages:
    """Of a chunk, in one query."""
    months: dict[Key, set[datetime.date]] = defaultdict(set)
    stale: set[Key] = set()
    rows = Forecast.objects.filter(in_chunk(payload)).order_by()
    columns = ("product_id", "family_id", "measure_id", "as_of", "stale", "current")
    for product_id, family_id, measure_id, as_of, is_stale, current in rows.values_list(*columns):
        months[product_id, family_id, measure_id].add(as_of)
        if is_stale and current:
            stale.add((product_id, family_id, measure_id))
    return Vintages(months, stale)


class Tested(NamedTuple):
    """What a backtest says, by the month and by the week, and what it was made from."""

    engine_version: str
    input_hash: str
    payload: dict[str, Any]
    weeks: dict[str, Any] | None


def backtests_of(payload: Mapping[str, Any], months: Collection[datetime.date]) -> dict[Any, Tested]:
    """The chunk's backtests of these months, by product, family, measure and month."""
    rows = Backtest.objects.filter(in_chunk(payload), as_of__in=months)
    key = ("product_id", "family_id", "measure_id", "as_of")
    return {
        tuple(row[: len(key)]): Tested(*row[len(key) :]) for row in rows.values_list(*key, *Tested._fields)
    }


def forecasts_listed(payload: Mapping[str, Any]) -> set[tuple[int, int, datetime.date | None]]:
    """Product, measure and month of the forecasts that the list of products shows."""
    rows = ProductFigures.objects.filter(product_id__any=many(payload.get("products") or ()))
    return set(rows.values_list("product_id", "measure_id", "forecast_as_of"))


def backtests_counted(as_of: datetime.date, engine_version: str) -> tuple[int, int]:
    """How many series have a newest backtest with errors to pool, by the month and by the week."""
    ((months, weeks),) = rows_of(
        "SELECT count(*) FILTER (WHERE payload->'errors' <> '[]'),"
        " count(*) FILTER (WHERE weeks->'errors' <> '[]') FROM ("
        " SELECT DISTINCT ON (product_id, family_id, measure_id) payload, weeks FROM forecasting_backtest"
        " WHERE engine_version = %s AND as_of <= %s"
        " ORDER BY product_id, family_id, measure_id, as_of DESC) newest",
        [engine_version, as_of],
    )
    return int(months), int(weeks)
