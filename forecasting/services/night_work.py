"""Doing a run's work in this process: for the shell and the tests, where no worker may be there."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.jobs import job_claim, job_run, sweep, worker_alive
from core.models import Job
from forecasting.models import NightlyRun

from .night import QUEUE, night_advance, run_group


def run_work(*, run: NightlyRun, tell: Callable[[NightlyRun], None] | None = None) -> NightlyRun:
    """Work on the run here until it is final; workers elsewhere may help. ``tell`` hears of each chunk."""
    while True:
        job = job_claim(QUEUE, group_prefix=run_group(run.pk))
        if job is not None:
            job_run(job)
        elif _final(run):
            return run
        else:
            sweep()
            night_advance(run_id=run.pk)
            if not _final(run) and not _waiting(run):
                time.sleep(0.2)
        if tell is not None:
            tell(run)


def run_wait(*, run: NightlyRun, tell: Callable[[NightlyRun], None] | None = None) -> NightlyRun:
    """Wait until the run is final: while workers are alive they do it, otherwise this process does."""
    while not _final(run):
        if not worker_alive():
            return run_work(run=run, tell=tell)
        time.sleep(0.5)
        if tell is not None:
            tell(run)
    return run


def _final(run: NightlyRun) -> bool:
    run.refresh_from_db()
    return run.state != NightlyRun.State.RUNNING


def _waiting(run: NightlyRun) -> bool:
    return Job.objects.filter(
        group__startswith=run_group(run.pk), state=Job.State.QUEUED, run_after=None
    ).exists()
