from __future__ import annotations

from celery import shared_task

from .services.shares import accesses_purge


@shared_task(name="reporting.share_purge")
def share_purge() -> None:
    """Every hour: who opened a shared link over 90 days ago."""
    accesses_purge()
