"""What the forecast step adds for products that are new, that follow another, or that are followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.months import month_add, months_between
from forecasting.models import LaunchPlan, NightlyRun
from forecasting.selectors.launches import Said, borrowed, plans_in_force, said_by
from forecasting.selectors.series import SubjectSeries

from .common import HORIZON, loader_of

if TYPE_CHECKING:
    from forecasting.engine import Forecast
    from forecasting.engine.series import FloatArray


class Launches:
    """The launch plans of a chunk, with the months they borrow."""

    def __init__(self, run: NightlyRun, payload: Mapping[str, Any]) -> None:
        plans = plans_in_force(payload.get("products") or ())
        self._said: dict[tuple[int | None, int | None, int], Said] = {}
        if not plans:
            return
        loader = loader_of(run, payload)
        for (product_id, measure_id), plan in plans.items():
            weights = {row.product_id: float(row.weight) for row in plan.references.all()}
            found = borrowed(weights, measure_id, loader.last_final)
            self._said[product_id, None, measure_id] = said_by(plan, found)

    def __contains__(self, series: SubjectSeries) -> bool:
        return series.key in self._said

    def digest(self, series: SubjectSeries) -> list[list[Any]]:
        """What the series' own figures do not tell; nothing where there is no plan."""
        said = self._said.get(series.key)
        return [said.facts()] if said else []

    def by_month(self, series: SubjectSeries) -> SubjectSeries:
        """Without weeks where a plan says the months."""
        planned = series.weeks is not None and series in self
        return replace(series, weeks=None, monthly_because="planned") if planned else series

    def applied(
        self, series: SubjectSeries, made: Forecast | None, naive: FloatArray | None
    ) -> tuple[Forecast | None, FloatArray | None]:
        """The forecast with the plan and with what predecessors and successors leave of it."""
        said = self._said.get(series.key)
        if said is not None:
            made = _planned(series, said, made)
        return _handed_over(series, made, naive)


def before_handover(series: SubjectSeries) -> SubjectSeries:
    """The months a product's level is told from: those before a successor began to take its place, if any."""
    if series.gives is None:
        return series
    kept = max(months_between(series.start, series.gives.start), 0)
    values = [*series.values[:kept], *(None for _ in series.values[kept:])]
    return replace(series, values=values) if any(v is not None for v in values) else series


def _planned(series: SubjectSeries, said: Said, made: Forecast | None) -> Forecast | None:
    from forecasting.engine import launch

    place, own = launch.first_months(series.values)
    months = sum(value is not None for value in own)
    if months >= launch.OWN_MONTHS:
        return made
    first = month_add(series.as_of, 1)
    begins = said.begins(month_add(series.start, place) if own else None, first)
    ahead = months_between(first, begins)
    curve = said.curve(max(HORIZON - ahead, 1))
    if not curve:
        return made if own else _forecast(series, _rows([]), "none", "no_reference", {})
    plan = launch.planned(curve, before=ahead, horizon=HORIZON)
    method, reason, params = _why(said)
    if own and made is not None and len(made.mean):
        plan = launch.blend(launch.Curve(*_plain(made)), plan, months)
        method, reason = "blend", "own_months_take_over"
        params = {"periods": months, "own_pct": round(100 * launch.own_share(months))}
    rows = _rows(plan.rows)
    if series.end is not None:
        rows[:, [month_add(first, step) > series.end for step in range(HORIZON)]] = 0
    return _forecast(series, rows, method, reason, params)


def _why(said: Said) -> tuple[str, str, dict[str, float]]:
    with_months = sum(1 for reference in said.references if reference.months)
    if said.method == LaunchPlan.Method.LIKE_ITEMS:
        return "like_item", "no_own_months", {"references": with_months}
    if said.references:
        return "bass", "no_own_months", {"references": with_months}
    return "bass", "given_diffusion", {"market": said.market or 0.0}


def _handed_over(
    series: SubjectSeries, made: Forecast | None, naive: FloatArray | None
) -> tuple[Forecast | None, FloatArray | None]:
    if made is None or not len(made.mean) or not (series.takes or series.gives):
        return made, naive
    import numpy as np

    from forecasting.engine.forecaster import significant

    months = [month_add(series.as_of, step + 1) for step in range(len(made.mean))]
    left = np.array([series.gives.left(month) if series.gives else 1.0 for month in months])
    kept = left * np.array([1 - min(sum(t.taken(month) for t in series.takes), 1.0) for month in months])
    rows = significant(_rows(_plain(made)) * kept)
    naive = significant(naive * kept[: len(naive)]) if naive is not None else None
    params = dict(made.reason_params)
    if series.taken_over:
        params["taken_over"] = series.taken_over
    method, reason = made.method, made.reason
    if series.gives is not None and not left.any():
        method, reason, params = "zero", "succeeded", {}
    elif (left < 1).any():
        params["phased_out"] = 1
    return _forecast(series, rows, method, reason, params), naive


def _forecast(
    series: SubjectSeries, rows: FloatArray, method: str, reason: str, params: dict[str, float]
) -> Forecast:
    """The forecast of the months after ``as_of``; no ``rows``: none."""
    from forecasting import engine

    first = engine.month_ordinal(month_add(series.as_of, 1))
    mean, median, lo80, hi80, lo95, hi95 = rows if len(rows) else _rows([[]] * 6)
    name = "-".join(str(part) for part in series.key)
    return engine.Forecast(name, first, mean, median, lo80, hi80, lo95, hi95, method, reason, params)


def _plain(made: Forecast) -> tuple[tuple[float, ...], ...]:
    rows = (made.mean, made.median, made.lo80, made.hi80, made.lo95, made.hi95)
    return tuple(tuple(row.tolist()) for row in rows)


def _rows(rows: Any) -> FloatArray:
    import numpy as np

    return np.array(rows, dtype=np.float64)
