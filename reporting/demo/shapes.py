"""Sales histories with a known course, drawn from a seed: what the demo's products sold a month."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

SEASONS: dict[str, Sequence[float]] = {
    "none": (1,) * 12,
    "summer": (0.82, 0.85, 0.93, 1.0, 1.1, 1.2, 1.24, 1.18, 1.04, 0.92, 0.86, 0.86),
    "winter": (1.2, 1.12, 1.02, 0.92, 0.85, 0.8, 0.78, 0.84, 0.96, 1.08, 1.18, 1.25),
    "december": (0.9, 0.88, 0.94, 0.96, 0.98, 0.98, 0.94, 0.95, 1.0, 1.04, 1.13, 1.3),
    "january": (1.7, 1.0, 0.9, 0.85, 0.85, 0.85, 0.8, 0.8, 0.95, 1.0, 1.1, 1.2),
}


@dataclass(frozen=True)
class Course:
    """How a product's level moves. ``months`` of history, ``size`` at its height.

    ``kind``: introduction, growth, turning (growth that has just become maturity), maturity, decline,
    revival, ended, young (a few months) or sparse (sells now and then).
    """

    kind: str
    months: int
    size: float
    season: str = "none"
    noise: float = 0.05


def _logistic(step: float, middle: float, pace: float) -> float:
    return 1 / (1 + math.exp(-(step - middle) / pace))


def _level(course: Course, step: int) -> float:
    """Of the height, 0 to about 1, in the ``step``-th month of the history."""
    last = course.months - 1
    match course.kind:
        case "introduction":
            return 0.02 + 0.05 * step / max(last, 1)
        case "young":
            return 0.05 + 0.03 * step
        case "growth":
            return 0.04 + 0.9 * _logistic(step, last * 0.95, max(last / 6, 2))
        case "turning":
            return 0.05 + 0.95 * _logistic(step, last * 0.42, max(last / 14, 2))
        case "decline":
            turn = last * 0.45
            rise = _logistic(step, last * 0.12, max(last / 20, 1.5))
            return rise * (1 if step < turn else math.exp(-0.022 * (step - turn)))
        case "revival":
            low, relaunch = last * 0.5, last - 9
            fall = 1 if step < last * 0.2 else max(0.45, 1 - 0.55 * (step - last * 0.2) / (low - last * 0.2))
            return fall if step < relaunch else min(fall * (1 + 0.085 * (step - relaunch)), 0.95)
        case "ended":
            return 1.0 if step < last * 0.5 else max(0.0, 1 - (step - last * 0.5) / (last * 0.5))
        case _:
            return 0.96 + 0.04 * math.sin(step / 9)


def volumes(course: Course, first_calendar_month: int, rng: random.Random) -> list[float]:
    """One volume a month, the first in that calendar month (1 to 12); never negative."""
    season = SEASONS[course.season]
    found = []
    drift = 0.0
    for step in range(course.months):
        drift = 0.6 * drift + rng.gauss(0, course.noise)
        level = course.size * _level(course, step)
        if course.kind == "sparse" and rng.random() > 0.35:
            found.append(0.0)
            continue
        found.append(max(0.0, level * season[(first_calendar_month - 1 + step) % 12] * math.exp(drift)))
    return found
