from __future__ import annotations

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from . import jobs
from .idempotency import answers_purge
from .models import Heartbeat, Job


@shared_task(name="core.work")
def work(queue: str) -> None:
    """Do the best waiting job of the queue, then wake the next worker while more wait."""
    job = jobs.job_claim(queue)
    if job is None:
        return
    jobs.job_run(job)
    if Job.objects.filter(jobs.claimable(timezone.now()), queue=queue).exists():
        jobs.wake_on_commit(queue)


@shared_task(name="core.sweep")
def sweep() -> None:
    """Every 30 s: what a dead worker or a lost message left."""
    jobs.sweep()


@shared_task(name="core.purge")
def purge() -> None:
    """Every hour: jobs that were over long ago, what was answered once, sessions that have ended."""
    jobs.jobs_purge()
    answers_purge()
    SessionStore.clear_expired()


@shared_task(name="core.heartbeat")
def heartbeat() -> None:
    """Every 30 s, through the broker to a worker: proves beat, broker and worker alive."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"beat_at": timezone.now()})
