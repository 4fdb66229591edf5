"""Elasticities of the brands in the fmcg data, and how much better units are predicted with price than
without.

`python -m pricing.evaluate_fmcg ../shared/data/fmcg/sales.csv` prints the tables of
docs/algorithms/elasticity.md. Elasticities are of the brand's total: units of all stores that reported, grown
to all of them by their share; the price is the stores' mean, weighed by what they sell. The comparison is
within stores: of a random third of them the last weeks are hidden, each brand in each store is fitted by what
was before (the other stores by all they have), and shrunk towards its brand."""

from __future__ import annotations

import argparse
import csv
import datetime
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from forecasting.engine.parallel import map_all
from pricing.engine.estimate import Estimate, estimates, fit_one
from pricing.engine.history import FloatArray, History
from pricing.engine.scenario import planned_units

HIDDEN_WEEKS = 20
COLUMNS = ("units", "price", "deal", "feature", "unit_cost")
# Brand, store → week → COLUMNS.
Facts = Mapping[tuple[str, str], Mapping[int, FloatArray]]


def main() -> int:
    options = _parser().parse_args()
    facts = _read(options.input)
    brands = sorted({brand for brand, _ in facts})
    sys.stdout.write(
        "| brand | elasticity | 80 % | 95 % | uplift | stays | weeks |\n|---|---|---|---|---|---|---|\n"
    )
    for one in estimates([fit_one(history) for history in brand_histories(facts)]):
        sys.stdout.write(_brand_row(one) + "\n")
    stores = sorted({store for _, store in facts})
    chosen = np.random.default_rng(options.seed).permutation(len(stores))[: len(stores) // 3]
    hidden = {stores[i] for i in chosen}
    sys.stdout.write(
        f"\nThe last {HIDDEN_WEEKS} weeks of {len(hidden)} of {len(stores)} stores, {len(brands)} brands,"
        f" seed {options.seed}\n| predicted with | WAPE | error in logs |\n|---|---|---|\n"
    )
    for name, with_price, with_deal in (
        ("level, trend and season", False, False),
        ("and price", True, False),
        ("and price, deal and feature", True, True),
    ):
        wape, logs = _hidden_errors(facts, hidden, with_price=with_price, with_deal=with_deal)
        sys.stdout.write(f"| {name} | {wape:.3f} | {logs:.3f} |\n")
    return 0


def brand_histories(facts: Facts) -> list[History]:
    """The total of each brand, by week."""
    out = []
    for brand in sorted({brand for brand, _ in facts}):
        stores = [by_week for (b, _), by_week in sorted(facts.items()) if b == brand]
        size = [float(np.mean([row[0] for row in by_week.values()])) for by_week in stores]
        weeks = sorted({week for by_week in stores for week in by_week})
        rows = []
        for week in weeks:
            there = [i for i, by_week in enumerate(stores) if week in by_week]
            weights = np.array([size[i] for i in there])
            values = np.array([stores[i][week] for i in there])
            reported = weights.sum() / sum(size)
            means = weights @ values[:, 1:] / weights.sum()
            rows.append([values[:, 0].sum() / reported, *means])
        out.append(_history(brand, brand, weeks, np.array(rows)))
    return _with_competitors(out)


def store_histories(facts: Facts) -> list[History]:
    """Each brand in each store; the category is the brand."""
    out = []
    for store in sorted({store for _, store in facts}):
        brands = [(b, by_week) for (b, s), by_week in sorted(facts.items()) if s == store]
        histories = [
            _history(
                f"{brand}/{store}", brand, sorted(by_week), np.array([by_week[w] for w in sorted(by_week)])
            )
            for brand, by_week in brands
        ]
        out += _with_competitors(histories)
    return out


def _history(name: str, category: str, weeks: Sequence[int], rows: FloatArray) -> History:
    units, price, deal, feature, cost = rows.T
    return History(
        id=name,
        category=category if "/" in name else "",
        week=np.array(weeks, dtype=np.int64),
        units=units,
        price=price,
        promo=(deal >= 0.5).astype(np.float64),
        display=feature,
        unit_cost=cost,
    )


def _with_competitors(histories: list[History]) -> list[History]:
    """The geometric mean price of the other brands on the same shelf, each relative to its own mean."""
    relative = [
        {int(w): float(v) for w, v in zip(h.week, np.log(h.price / np.mean(h.price)), strict=True)}
        for h in histories
    ]
    out = []
    for i, history in enumerate(histories):
        others = [
            [own[int(w)] for j, own in enumerate(relative) if j != i and int(w) in own] for w in history.week
        ]
        price = np.array([np.exp(np.mean(o)) if o else np.nan for o in others])
        out.append(replace(history, competitor_price=price))
    return out


def _hidden_errors(
    facts: Facts, hidden: set[str], *, with_price: bool, with_deal: bool
) -> tuple[float, float]:
    """WAPE, and mean absolute error of log units, over the hidden weeks."""
    histories, actuals = [], []
    for history in store_histories(facts):
        store = history.id.split("/")[1]
        late = (
            (history.week > history.week[-1] - HIDDEN_WEEKS)
            if store in hidden
            else np.zeros(len(history.week), bool)
        )
        if not with_price:
            history = replace(
                history, price=np.ones(len(late)), promo=np.zeros(len(late)), competitor_price=np.empty(0)
            )
        if not with_deal:
            history = replace(history, promo=np.zeros(len(late)), display=np.empty(0))
        actuals.append(history.units[late])
        histories.append(replace(history, units=np.where(late, np.nan, history.units), unit_cost=np.empty(0)))
    fitted = map_all(fit_one, histories, label="stores")
    off = total = 0.0
    logs: list[float] = []
    for one, estimate, actual in zip(fitted, estimates(fitted), actuals, strict=True):
        if not len(actual):
            continue
        said = planned_units(one, estimate.posterior)
        off += float(np.abs(said - actual).sum())
        total += float(actual.sum())
        logs += np.abs(np.log(np.maximum(said, 0.5)) - np.log(np.maximum(actual, 0.5))).tolist()
    return off / total, float(np.mean(logs))


def _brand_row(one: Estimate) -> str:
    uplift = "—" if one.uplift_gross is None else f"{100 * one.uplift_gross:.0f} %"
    stays = "—" if one.uplift_net is None else f"{100 * one.uplift_net:.0f} %"
    return (
        f"| {one.id} | {one.elasticity:.2f} | {one.lo80:.2f} to {one.hi80:.2f} "
        f"| {one.lo95:.2f} to {one.hi95:.2f} | {uplift} | {stays} | {one.observations} |"
    )


def _read(path: Path) -> Facts:
    found: dict[tuple[str, str], dict[int, FloatArray]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            week = datetime.date.fromisoformat(row["week_start"]).toordinal() // 7
            values = np.array([float(row[column]) for column in COLUMNS])
            found.setdefault((row["sku"], row["channel"]), {})[week] = values
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pricing.evaluate_fmcg", description=__doc__)
    parser.add_argument("input", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
