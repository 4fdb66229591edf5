"""The engine from the shell, without the web application. Columns and exit codes: docs/algorithms/forecast.md
and lifecycle.md."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from . import tables
from .backtesting import BacktestResult, backtest
from .calibration import Calibration, calibrate
from .codes import STAGES
from .forecaster import Forecast, forecast
from .heavy import warm_up
from .parallel import map_all
from .series import FloatArray, Series
from .stages.path import StagePath, StageResult, lifecycle
from .words import evidence_sentence, reason_sentence

SEASON_LENGTHS = {"monthly": 12, "weekly": 52, "quarterly": 4, "yearly": 1}
HORIZONS = {"monthly": 18, "weekly": 26, "quarterly": 8, "yearly": 6}
FORECAST_COLUMNS = (
    "series_id", "step", "period", "mean", "median", "lo80", "hi80", "lo95", "hi95", "method",
)  # fmt: skip
STAGE_COLUMNS = (
    "series_id", "asof", "kind", "stage", *(f"p_{stage}" for stage in STAGES), "stage_start",
    "months_to_next", "months_to_next_lo", "months_to_next_hi", "evidence",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when the output was written, 1 when the input was refused (nothing written), 2 for a wrong
    call."""
    options = _parser().parse_args(arguments)

    def work() -> None:
        if options.command == "forecast":
            forecast_file(options.input, options.output, frequency=options.frequency, horizon=options.horizon)
        else:
            lifecycle_file(options.input, options.output, requests=options.asof, meta=options.meta)

    return tables.written(options.output, work)


def forecast_file(source: Path, target: Path, *, frequency: str, horizon: int | None = None) -> None:
    """Backtest every series once, calibrate the bands on all of them, forecast. Raises BadInput."""
    rows = tables.read_rows(source, required=("series_id", "period", "value"))
    first = next((row.cells["period"] for row in rows if not row.problem), "")
    calendar = tables.calendar(first, frequency)
    cells = tables.parse_cells(
        source,
        rows,
        {"series_id": tables.name, "period": calendar.ordinal, "value": tables.number},
        once=("series_id", "period"),
    )
    collection = [
        Series(id=name, start=start, values=columns["value"])
        for name, start, columns in _collect(cells, "period", ("value",), only_order=calendar.only_order)
    ]
    ahead = horizon or HORIZONS[frequency]
    season_length = SEASON_LENGTHS[frequency]
    warm_up()
    tests = map_all(
        partial(backtest, season_length=season_length, horizon=ahead), collection, label="backtest"
    )
    bands = calibrate(tests, horizon=ahead, season_length=season_length)
    night = partial(_forecast_tested, season_length=season_length, horizon=ahead, calibration=bands)
    answers = map_all(night, list(zip(collection, tests, strict=True)), label="forecast")
    for answer in answers:
        if answer.method == "none":
            sys.stderr.write(f"{answer.id}: {reason_sentence(answer.reason, answer.reason_params)}\n")
    tables.write_rows(target, FORECAST_COLUMNS, (row for a in answers for row in _forecast_rows(a, calendar)))


def _forecast_tested(
    item: tuple[Series, BacktestResult], *, season_length: int, horizon: int, calibration: Calibration
) -> Forecast:
    series, tested = item
    return forecast(
        series, season_length=season_length, horizon=horizon, calibration=calibration, backtest=tested
    )


def _forecast_rows(answer: Forecast, calendar: tables.Calendar) -> list[list[Any]]:
    columns = zip(answer.mean, answer.median, answer.lo80, answer.hi80, answer.lo95, answer.hi95, strict=True)
    return [
        [
            answer.id,
            step,
            calendar.text(answer.first_period + step - 1),
            *(f"{v:.7g}" for v in row),
            answer.method,
        ]
        for step, row in enumerate(columns, start=1)
    ]


def lifecycle_file(source: Path, target: Path, *, requests: Path | None, meta: Path | None) -> None:
    """Stages of every request (of every series' last month without requests). Raises BadInput."""
    rows = tables.read_rows(
        source, required=("series_id", "month", "units"), optional=("promo", "stockout_share")
    )
    cells = tables.parse_cells(
        source,
        rows,
        {
            "series_id": tables.name,
            "month": tables.month,
            "units": tables.number,
            "promo": tables.share,
            "stockout_share": tables.share,
        },
        once=("series_id", "month"),
    )
    launches = _launches(meta)
    work = [
        (Series(id=name, start=start, values=columns["units"], launch=launches.get(name)), columns)
        for name, start, columns in _collect(cells, "month", ("units", "promo", "stockout_share"))
    ]
    last = {series.id: series.start + len(series.array) - 1 for series, _ in work}
    asked = (
        _requests(requests, last) if requests else [(name, month, "final") for name, month in last.items()]
    )
    months: dict[str, list[tuple[int, str]]] = {name: [] for name in last}
    for name, month, kind in asked:
        months[name].append((month, kind))
    answers = map_all(_stage_rows, [(*item, months[item[0].id]) for item in work], label="lifecycle")
    found = {(row[0], row[1], row[2]): row for rows_of_one in answers for row in rows_of_one}
    tables.write_rows(
        target, STAGE_COLUMNS, (found[name, tables.month_text(month), kind] for name, month, kind in asked)
    )


def _stage_rows(item: tuple[Series, dict[str, FloatArray], list[tuple[int, str]]]) -> list[list[Any]]:
    series, columns, months = item
    path: StagePath = lifecycle(
        series, promo=np.nan_to_num(columns["promo"]), stockout=np.nan_to_num(columns["stockout_share"])
    )
    return [
        _stage_row(series.id, month, kind, path.at(month, smoothed=kind == "replay"))
        for month, kind in months
    ]


def _stage_row(name: str, month: int, kind: str, result: StageResult) -> list[Any]:
    start = [name, tables.month_text(month), kind]
    if result.stage is None:
        return [*start, *[""] * 10, reason_sentence(result.reason or "", result.reason_params)]
    return [
        *start,
        result.stage,
        *(f"{p:.4f}" for p in result.probabilities),
        tables.month_text(result.stage_start or month),
        result.months_to_next,
        result.months_to_next_lo,
        result.months_to_next_hi,
        evidence_sentence(result.evidence or "", result.evidence_params),
    ]


def _launches(meta: Path | None) -> dict[str, int]:
    if meta is None:
        return {}
    rows = tables.read_rows(meta, required=("series_id", "launch_month"))
    cells = tables.parse_cells(
        meta,
        rows,
        {"series_id": tables.name, "launch_month": lambda cell: tables.month(cell) if cell else None},
    )
    return {c["series_id"]: c["launch_month"] for c in cells if c["launch_month"] is not None}


def _requests(path: Path, known: dict[str, int]) -> list[tuple[str, int, str]]:
    def series_id(cell: str) -> str:
        if cell not in known:
            raise ValueError("is not in the sales file")
        return cell

    def kind(cell: str) -> str:
        if cell not in ("", "final", "replay"):
            raise ValueError("is neither final nor replay")
        return cell or "final"

    rows = tables.read_rows(path, required=("series_id", "asof"), optional=("kind",))
    cells = tables.parse_cells(path, rows, {"series_id": series_id, "asof": tables.month, "kind": kind})
    return [(c["series_id"], c["asof"], c["kind"]) for c in cells]


def _collect(
    cells: list[dict[str, Any]], key: str, columns: tuple[str, ...], *, only_order: bool = False
) -> list[tuple[str, int, dict[str, FloatArray]]]:
    """Rows to one array a column and series, a value a period, NaN where a period has no row; by first
    appearance."""
    grouped: dict[str, dict[int, dict[str, Any]]] = {}
    for cell in cells:
        grouped.setdefault(cell["series_id"], {})[cell[key]] = cell
    out = []
    for name, rows in grouped.items():
        order = sorted(rows)
        start = order[0]
        places = range(len(order)) if only_order else [o - start for o in order]
        arrays = {column: np.full(places[-1] + 1, np.nan) for column in columns}
        for place, o in zip(places, order, strict=True):
            for column in columns:
                arrays[column][place] = rows[o][column]
        # With whole numbers only the order counts: the forecast goes on after the last one.
        out.append((name, order[-1] - len(order) + 1 if only_order else start, arrays))
    return out


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m forecasting.engine", description="Forecasts and stages from CSV."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    ahead = commands.add_parser("forecast", help="series_id,period,value → forecasts with bands")
    ahead.add_argument("input", type=Path)
    ahead.add_argument("output", type=Path)
    ahead.add_argument("--frequency", choices=SEASON_LENGTHS, default="monthly")
    ahead.add_argument("--horizon", type=_positive)
    stages = commands.add_parser("lifecycle", help="series_id,month,units[,promo,stockout_share] → stages")
    stages.add_argument("input", type=Path)
    stages.add_argument("output", type=Path)
    stages.add_argument("--asof", type=Path, help="series_id,asof[,kind]: one answer a row")
    stages.add_argument("--meta", type=Path, help="series_id,launch_month")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 520:
        raise argparse.ArgumentTypeError("must be between 1 and 520")
    return value
