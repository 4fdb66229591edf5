from __future__ import annotations

from celery import shared_task

from .services.night import night_tick
from .services.vintages import vintages_purge


@shared_task(name="forecasting.nightly_tick")
def nightly_tick() -> None:
    """Every minute: start tonight's run when it is due, move on what is under way."""
    night_tick()


@shared_task(name="forecasting.purge")
def purge() -> None:
    """Every hour: months of forecasts that went while a night wrote them."""
    vintages_purge()
