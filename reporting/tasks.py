from __future__ import annotations

from celery import shared_task

from .services.sendings import schedules_tick
from .services.shares import accesses_purge


@shared_task(name="reporting.schedules_tick")
def schedules_tick_task() -> None:
    """Every minute: send what is due, once its night is good."""
    schedules_tick()


@shared_task(name="reporting.share_purge")
def share_purge() -> None:
    """Every hour: who opened a shared link over 90 days ago."""
    accesses_purge()
