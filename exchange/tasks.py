from __future__ import annotations

from celery import shared_task

from .services import folder


@shared_task(name="exchange.folder_tick")
def folder_tick() -> None:
    """Every minute: what was put into the watched folder."""
    folder.folder_scan()
