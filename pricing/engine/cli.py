"""The engine from the shell, without the web application. Columns and exit codes:
docs/algorithms/elasticity.md."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from forecasting.engine import tables
from forecasting.engine.parallel import map_all

from .estimate import Estimate, Fitted, estimates, fit_one
from .history import FloatArray, History
from .scenario import Outcome, scenarios
from .words import reason_sentence

ELASTICITY_COLUMNS = (
    "product_id", "elasticity", "lo80", "hi80", "lo95", "hi95", "uplift_gross", "uplift_net", "observations",
    "method", "reason",
)  # fmt: skip
SCENARIO_COLUMNS = (
    "product_id", "multiplier", "units", "units_lo80", "units_hi80", "profit", "profit_lo80", "profit_hi80",
    "recommended",
)  # fmt: skip
OPTIONAL = (
    "category", "regular_price", "promo", "display", "unit_cost", "competitor_price", "stockout",
    "distribution",
)  # fmt: skip
_MOST_WEEKS = 520


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when the output was written, 1 when the input was refused (nothing written), 2 for a wrong
    call."""
    options = _parser().parse_args(arguments)

    def work() -> None:
        if options.command == "elasticity":
            elasticity_file(options.input, options.output)
        else:
            scenario_file(options.input, options.scenarios, options.output, cost=options.cost)

    return tables.written(options.output, work)


def elasticity_file(source: Path, target: Path) -> None:
    """A row a product, in the order of the file. Raises BadInput."""
    histories, _ = read_histories(source)
    found = estimates(map_all(fit_one, histories, label="elasticity"))
    tables.write_rows(target, ELASTICITY_COLUMNS, (_elasticity_row(one) for one in found))


def scenario_file(source: Path, questions: Path, target: Path, *, cost: Path | None = None) -> None:
    """A row a question, in their order. Raises BadInput."""
    histories, calendar = read_histories(source)
    asked = _questions(questions, {history.id for history in histories})
    costs = _costs(cost, calendar) if cost else {}
    fitted = map_all(fit_one, histories, label="elasticity")
    by_product: dict[str, list[tuple[float, int]]] = {}
    for name, multiplier, weeks in asked:
        by_product.setdefault(name, []).append((multiplier, weeks))
    work = [
        (one, estimate, by_product[one.history.id], costs.get(one.history.id, {}))
        for one, estimate in zip(fitted, estimates(fitted), strict=True)
        if one.history.id in by_product
    ]
    answers = map_all(_outcomes, work, label="scenario")
    rows: dict[str, Iterator[Any]] = {}
    for (one, _, questions_of_one, _), outcomes in zip(work, answers, strict=True):
        name = one.history.id
        for sentence in _remarks(outcomes, one):
            sys.stderr.write(f"{name}: {sentence}\n")
        empty = [[name, f"{m:g}", "", "", "", "", "", "", 0] for m, _ in questions_of_one]
        rows[name] = iter([_scenario_row(name, outcome) for outcome in outcomes] or empty)
    tables.write_rows(target, SCENARIO_COLUMNS, (next(rows[name]) for name, _, _ in asked))


def read_histories(source: Path) -> tuple[list[History], tables.Calendar]:
    """Products by first appearance. Raises BadInput."""
    rows = tables.read_rows(source, required=("product_id", "week", "units", "price"), optional=OPTIONAL)
    first = next((row.cells["week"] for row in rows if not row.problem), "")
    calendar = tables.calendar(first, "weekly")
    cells = tables.parse_cells(
        source,
        rows,
        {
            "product_id": tables.name,
            "week": calendar.ordinal,
            "units": tables.number,
            "price": _above_zero,
            "category": str,
            "regular_price": _above_zero,
            "promo": tables.share,
            "display": tables.share,
            "unit_cost": _not_negative,
            "competitor_price": _above_zero,
            "stockout": tables.share,
            "distribution": _not_negative,
        },
        once=("product_id", "week"),
    )
    told = set().union(*(row.cells.keys() for row in rows))
    grouped: dict[str, list[dict[str, Any]]] = {}
    for cell in cells:
        grouped.setdefault(cell["product_id"], []).append(cell)
    return [_history(name, rows_of_one, told) for name, rows_of_one in grouped.items()], calendar


def _history(name: str, rows: list[dict[str, Any]], told: set[str]) -> History:
    rows.sort(key=lambda row: row["week"])

    def column(key: str) -> FloatArray:
        return np.array([row[key] for row in rows], dtype=np.float64) if key in told else np.empty(0)

    return History(
        id=name,
        category=next((row["category"] for row in reversed(rows) if row["category"]), ""),
        week=np.array([row["week"] for row in rows], dtype=np.int64),
        units=column("units"),
        price=column("price"),
        monthly=False,
        **{key: column(key) for key in OPTIONAL if key != "category"},
    )


def _questions(path: Path, known: set[str]) -> list[tuple[str, float, int]]:
    def product_id(cell: str) -> str:
        if cell not in known:
            raise ValueError("is not in the sales file")
        return cell

    rows = tables.read_rows(path, required=("product_id", "multiplier", "weeks"))
    parsers: dict[str, Callable[[str], Any]] = {
        "product_id": product_id,
        "multiplier": _required_above_zero,
        "weeks": _weeks,
    }
    cells = tables.parse_cells(path, rows, parsers)
    return [(c["product_id"], c["multiplier"], c["weeks"]) for c in cells]


def _costs(path: Path, calendar: tables.Calendar) -> dict[str, dict[int, float]]:
    rows = tables.read_rows(path, required=("product_id", "week", "unit_cost"))
    cells = tables.parse_cells(
        path,
        rows,
        {"product_id": tables.name, "week": calendar.ordinal, "unit_cost": _not_negative},
        once=("product_id", "week"),
    )
    found: dict[str, dict[int, float]] = {}
    for c in cells:
        if np.isfinite(c["unit_cost"]):
            found.setdefault(c["product_id"], {})[c["week"]] = c["unit_cost"]
    return found


def _outcomes(
    item: tuple[Fitted, Estimate, list[tuple[float, int]], dict[int, float]],
) -> list[Outcome]:
    fitted, estimate, asked, costs = item
    return scenarios(fitted, estimate.posterior, asked, costs)


def _remarks(outcomes: list[Outcome], fitted: Fitted) -> list[str]:
    """What the numbers of one product do not say of themselves."""
    if not outcomes:
        return ["nothing sold at a known price: no scenario"]
    said = []
    beyond = [f"{outcome.multiplier:g}" for outcome in outcomes if outcome.beyond]
    if beyond:
        said.append(
            f"more than 20 % beyond the prices seen, widened and not recommended: {', '.join(beyond)}"
        )
    if outcomes[0].profit is None:
        said.append("no cost is known: no profit and no recommended price")
    if fitted.demand and fitted.demand.answered > 0.5 and not fitted.refusal:
        said.append("prices seem to have answered demand: the answer to price is probably larger than shown")
    return said


def _elasticity_row(one: Estimate) -> list[Any]:
    numbers = (one.elasticity, one.lo80, one.hi80, one.lo95, one.hi95, one.uplift_gross, one.uplift_net)
    reason = reason_sentence(one.reason, one.method, one.reason_params)
    return [one.id, *("" if v is None else f"{v:.4f}" for v in numbers), one.observations, one.method, reason]


def _scenario_row(name: str, outcome: Outcome) -> list[Any]:
    numbers = (
        outcome.units, outcome.units_lo80, outcome.units_hi80,
        outcome.profit, outcome.profit_lo80, outcome.profit_hi80,
    )  # fmt: skip
    cells = ("" if v is None else f"{v:.7g}" for v in numbers)
    return [name, f"{outcome.multiplier:g}", *cells, int(outcome.recommended)]


def _above_zero(cell: str) -> float:
    value = tables.number(cell)
    if value <= 0:
        raise ValueError("is not above 0")
    return value


def _required_above_zero(cell: str) -> float:
    if not cell:
        raise ValueError("is empty")
    return _above_zero(cell)


def _not_negative(cell: str) -> float:
    value = tables.number(cell)
    if value < 0:
        raise ValueError("is below 0")
    return value


def _weeks(cell: str) -> int:
    if not cell.isdecimal() or not 1 <= int(cell) <= _MOST_WEEKS:
        raise ValueError(f"is not a whole number from 1 to {_MOST_WEEKS}")
    return int(cell)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pricing.engine", description="What prices did, and would do, from CSV."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    measured = commands.add_parser("elasticity", help="product_id,week,units,price[,…] → elasticities")
    measured.add_argument("input", type=Path, metavar="SALES")
    measured.add_argument("output", type=Path, metavar="OUT")
    asked = commands.add_parser("scenario", help="sales and product_id,multiplier,weeks → units and profit")
    asked.add_argument("input", type=Path, metavar="SALES")
    asked.add_argument("scenarios", type=Path, metavar="SCENARIOS")
    asked.add_argument("output", type=Path, metavar="OUT")
    asked.add_argument("--cost", type=Path, metavar="FUTURE_COST", help="product_id,week,unit_cost ahead")
    return parser
