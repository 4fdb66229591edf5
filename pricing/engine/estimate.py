"""The elasticity of every product and what its promotions did: fit each alone, then shrink all together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .demand import ELASTICITIES, Demand, fit
from .design import Design
from .draws import Draws, draw
from .history import MIN_CHANGES, MIN_MONTHS, MIN_SPREAD, MIN_WEEKS, BoolArray, FloatArray, History
from .shrinkage import Posterior, shrink

_PROBABLE = 0.5


@dataclass(frozen=True)
class Fitted:
    """What one product says by itself. `refusal`: the code of why its elasticity has to be borrowed, or
    empty."""

    history: History
    demand: Demand | None
    refusal: str

    @property
    def log_likelihood(self) -> FloatArray:
        if self.refusal or self.demand is None:
            return np.zeros(len(ELASTICITIES))
        return self.demand.log_likelihood


@dataclass(frozen=True)
class Estimate:
    """`uplift_gross` is the mean over promotion weeks of units with and without the promotion, less 1;
    `uplift_net` the share of those extra units that is left after the weeks after. None without
    promotions."""

    id: str
    elasticity: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    uplift_gross: float | None
    uplift_net: float | None
    observations: int
    method: str
    reason: str
    reason_params: dict[str, float]
    posterior: Posterior


def fit_one(history: History) -> Fitted:
    """The part that is slow and stands alone; `estimates` puts all together."""
    if not history.observations:
        return Fitted(history, None, "no_sales")
    return Fitted(history, fit(history), refusal_of(history))


def refusal_of(history: History) -> str:
    """The code of why its elasticity has to be borrowed, or empty."""
    if not history.observations:
        return "no_sales"
    if history.observations < (MIN_MONTHS if history.monthly else MIN_WEEKS):
        return "few_months" if history.monthly else "few_weeks"
    if history.spread < MIN_SPREAD:
        return "price_still"
    return "few_changes" if history.monthly and history.changes < MIN_CHANGES else ""


def elasticities(histories: Sequence[History]) -> list[Estimate]:
    return estimates([fit_one(history) for history in histories])


def estimates(fitted: Sequence[Fitted]) -> list[Estimate]:
    """One a product, in their order."""
    if not fitted:
        return []
    categories = [one.history.category for one in fitted]
    monthly = [one.history.monthly for one in fitted]
    posteriors = shrink(np.stack([one.log_likelihood for one in fitted]), categories, monthly)
    speaking = {one.history.category for one in fitted if not one.refusal}
    return [
        _estimate(one, posterior, known=one.history.category in speaking)
        for one, posterior in zip(fitted, posteriors, strict=True)
    ]


def _estimate(fitted: Fitted, posterior: Posterior, *, known: bool) -> Estimate:
    history = fitted.history
    gross, net = uplift(fitted, posterior)
    lo80, hi80, lo95, hi95 = (posterior.quantile(q) for q in (0.1, 0.9, 0.025, 0.975))
    method, reason = _how(fitted, known=known)
    return Estimate(
        id=history.id,
        elasticity=posterior.median,
        lo80=lo80,
        hi80=hi80,
        lo95=lo95,
        hi95=hi95,
        uplift_gross=gross,
        uplift_net=net,
        observations=history.observations,
        method=method,
        reason=reason,
        reason_params=reason_params(fitted),
        posterior=posterior,
    )


def reason_params(fitted: Fitted) -> dict[str, float]:
    """What the reason's sentence needs."""
    history = fitted.history
    return {
        "weeks": history.observations,
        "spread_pct": 100 * history.spread,
        "needed": MIN_MONTHS if history.monthly else MIN_WEEKS,
        "changes": history.changes,
        "answered_pct": 100 * fitted.demand.answered if fitted.demand else 0.0,
    }


def _how(fitted: Fitted, *, known: bool) -> tuple[str, str]:
    if fitted.refusal or fitted.demand is None:
        return ("category" if known and fitted.history.category else "portfolio"), fitted.refusal
    return own_words(fitted.demand, monthly=fitted.history.monthly)


def own_words(demand: Demand, *, monthly: bool) -> tuple[str, str]:
    """Method and reason of a product that speaks for itself."""
    method = "control_function" if demand.made.strong else "quasi_poisson"
    if demand.answered > _PROBABLE:
        return method, "answered"
    return method, "own_months" if monthly else "own_weeks"


def uplift(fitted: Fitted, posterior: Posterior) -> tuple[float | None, float | None]:
    """Gross and net; medians over what is not known."""
    if fitted.demand is None:
        return None, None
    history, made = fitted.history, fitted.demand.made
    promoted = history.promoted[history.seen]
    if not promoted.any() or "promo" not in made.names:
        return None, None
    drawn = draw(fitted.demand, posterior)
    discount = np.log(history.price / history.regular)[history.seen]
    lift = np.outer(drawn.elasticity, discount) + np.outer(drawn.controls[:, made.at("promo")], promoted)
    if "display" in made.names:
        lift += np.outer(drawn.controls[:, made.at("display")], made.columns[:, made.at("display")])
    extra = np.exp(np.clip(lift[:, promoted], -3, 5)) - 1
    gross = float(np.median(extra.mean(axis=1)))
    return gross, _stays(fitted.demand, drawn, promoted, extra)


def _stays(demand: Demand, drawn: Draws, promoted: BoolArray, extra: FloatArray) -> float:
    """Share of the extra units of promotions that the weeks after do not take back."""
    made = demand.made
    usual = _usual(made, drawn)
    after = [made.at(name) for name in made.names if name.startswith("after")]
    taken = 1 - np.exp(np.minimum(drawn.controls[:, after] @ made.columns[:, after].T, 0.0))
    gained = np.maximum((extra * usual[:, promoted]).sum(axis=1), 1e-9)
    return float(np.median(np.clip(1 - (taken * usual).sum(axis=1) / gained, 0.0, 1.0)))


def _usual(made: Design, drawn: Draws) -> FloatArray:
    """Units without promotion, by draw and week, but for a factor."""
    kept = [i for i, name in enumerate(made.names) if name in ("trend", "sin1", "cos1", "sin2", "cos2")]
    return np.asarray(np.exp(drawn.controls[:, kept] @ made.columns[:, kept].T))
