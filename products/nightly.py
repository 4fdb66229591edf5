"""The night's first step: sales figures of the list. A month also becomes complete by the calendar alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.registries import ChunkOutcome, NightlyStep, nightly_steps

from .services.figures import figures_refresh


def _chunks(run: Any) -> Iterable[Mapping[str, Any]]:
    return [{}]


def _compute(run: Any, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    def write() -> ChunkOutcome:
        figures_refresh()
        return ChunkOutcome(computed=1)

    return write


def register() -> None:
    nightly_steps.register(
        NightlyStep("figures", _("Sales figures"), chunks=_chunks, compute=_compute, order=5)
    )
