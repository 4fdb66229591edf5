"""Errors of frozen forecasts as sums, by layer and step: how they are added up and what they mean.

Totals are ratios of sums, never means of percentages.
"""

# ruff: noqa: S608, S611  statements are put together from constants

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import JSONField
from django.db.models.expressions import RawSQL

from forecasting.value_added import Pairs

# What each layer says, with what the one before it says where it is empty; only naive may be missing.
LAYERS = {
    "naive": "r.naive",
    "statistical": "r.statistical",
    "driven": "coalesce(r.driven, r.statistical)",
    "overridden": "coalesce(r.overridden, r.driven, r.statistical)",
    "agreed": "coalesce(r.agreed, r.overridden, r.driven, r.statistical)",
}
FINAL = "agreed"
# A step: the layer before it, and the column that tells whether it said anything.
STEPS = {
    "statistical": ("naive", "r.naive"),
    "driven": ("statistical", "r.driven"),
    "overridden": ("driven", "r.overridden"),
    "agreed": ("overridden", "r.agreed"),
}


@dataclass(frozen=True)
class Errors:
    """Sums over ``n`` months forecast by one layer: errors regardless of sign (``off``) and with it
    (``over``), what was sold likewise (``size``, ``net``), all times the month's weight; errors divided by
    the in-sample error (``scaled``, of ``scaled_n``); how many months the bands caught, of ``banded``."""

    n: float = 0.0
    off: float = 0.0
    over: float = 0.0
    size: float = 0.0
    net: float = 0.0
    scaled: float = 0.0
    scaled_n: float = 0.0
    banded: float = 0.0
    inside80: float = 0.0
    inside95: float = 0.0

    def __add__(self, other: Errors) -> Errors:
        return Errors(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Errors)))

    @property
    def wape(self) -> float | None:
        return self.off / self.size if self.size > 0 else None

    @property
    def bias(self) -> float | None:
        return self.over / self.net if self.net else None

    @property
    def mase(self) -> float | None:
        return self.scaled / self.scaled_n if self.scaled_n else None

    @property
    def coverage80(self) -> float | None:
        return self.inside80 / self.banded if self.banded else None

    @property
    def coverage95(self) -> float | None:
        return self.inside95 / self.banded if self.banded else None


@dataclass(frozen=True)
class Sums:
    """The errors of every layer and what every step changed, over the same rows."""

    layers: dict[str, Errors]
    steps: dict[str, Pairs]

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            {layer: own + other.layers[layer] for layer, own in self.layers.items()},
            {step: own + other.steps[step] for step, own in self.steps.items()},
        )


ERRORS, PAIRS = len(fields(Errors)), len(fields(Pairs))
WIDTH = ERRORS * len(LAYERS) + PAIRS * len(STEPS)


def sums_read(row: Sequence[Any]) -> Sums:
    """The numbers of :func:`sums_columns`, in their order."""
    values = [float(value or 0) for value in row]
    behind = ERRORS * len(LAYERS)
    return Sums(
        {layer: Errors(*values[n * ERRORS : (n + 1) * ERRORS]) for n, layer in enumerate(LAYERS)},
        {step: Pairs(*values[behind + n * PAIRS : behind + (n + 1) * PAIRS]) for n, step in enumerate(STEPS)},
    )


def layers_used(found: Collection[Sums]) -> list[str]:
    """Naive and statistics always; the layers after them where they said something."""
    first = ("naive", "statistical")
    return [layer for layer in LAYERS if layer in first or any(sums.steps[layer].n for sums in found)]


def sums_columns(weight: str) -> str:
    """SQL of all sums over accuracy rows ``r``, each row times ``weight``."""
    columns = [_errors(layer, weight) for layer in LAYERS] + [pair_columns(step, weight) for step in STEPS]
    return ", ".join(columns)


def _errors(layer: str, weight: str) -> str:
    """A layer's band is that of the statistics, moved in proportion to the layer."""
    said = LAYERS[layer]
    error = f"({said} - r.actual)"
    known = "FILTER (WHERE r.naive IS NOT NULL)" if layer == "naive" else ""
    columns = [
        f"count({said})",
        f"sum({weight} * abs{error})",
        f"sum({weight} * {error})",
        f"sum({weight} * abs(r.actual)) {known}",
        f"sum({weight} * r.actual) {known}",
        f"sum(abs{error} / r.scale)",
        f"count({error} / r.scale)",
    ]
    if layer == "naive":
        return ", ".join([*columns, "0", "0", "0"])
    moved = f"(CASE WHEN r.statistical > 0 THEN greatest({said}, 0) / r.statistical ELSE 1 END)"
    columns.append("count(*)")
    for band in ("80", "95"):
        low, high = f"{said} - (r.statistical - r.lo{band})", f"{said} + (r.hi{band} - r.statistical)"
        columns.append(f"count(*) FILTER (WHERE r.actual BETWEEN {low} * {moved} AND {high} * {moved})")
    return ", ".join(columns)


def pair_columns(step: str, weight: str) -> str:
    """SQL of the sums of Pairs, over rows in which the step said something."""
    previous, column = STEPS[step]
    before, after = f"abs({LAYERS[previous]} - r.actual)", f"abs({LAYERS[step]} - r.actual)"
    d, y = f"({weight} * ({before} - {after}))", f"({weight} * abs(r.actual))"
    sums = (
        f"{weight} * {before}",
        f"{weight} * {after}",
        *(y, f"{d} * {d}", f"{d} * {y}", f"{y} * {y}"),
        f"r.price * ({before} - {after})",
    )
    said = f"FILTER (WHERE {column} IS NOT NULL)"
    return ", ".join([f"count({column})", *(f"sum({each}) {said}" for each in sums)])


# The card of a product looks back so far.
CARD_MONTHS = 24


def product_sums(product_id: int, measure_id: int) -> RawSQL:
    """A column with the sums of one product over the last two years, by lag; :func:`product_sums_read`."""
    of = "r.product_id = %s AND r.measure_id = %s"
    statement = f"""
        SELECT jsonb_agg(s.own) FROM (
            SELECT jsonb_build_array(r.lag, ARRAY[{sums_columns("1.0")}]::float8[]) AS own
            FROM forecasting_accuracyrow r
            WHERE {of} AND r.month > (SELECT max(r.month) - interval '{CARD_MONTHS} months'
                                      FROM forecasting_accuracyrow r WHERE {of})
            GROUP BY r.lag ORDER BY r.lag
        ) s
    """
    return RawSQL(statement, [product_id, measure_id] * 2, JSONField())


def product_sums_read(column: Any) -> dict[int, Sums]:
    return {lag: sums_read(row) for lag, row in column or ()}
