"""One chunk of one step: compute outside a transaction, write and close in one; what happens if it dies."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from core import registries
from core.failpoints import passing
from core.jobs import JobContext, jobs_enqueue_many
from core.kept import reading
from core.models import Job
from core.registries import ChunkOutcome, SubjectFailure
from forecasting.models import NightlyFailure, NightlyRun

from .forecasts import forecasts_mark_stale
from .night import CHUNK, QUEUE, night_advance, subjects_of

logger = logging.getLogger(__name__)

# A product is tried so often before the night goes on without it.
TRIES = 3
# Into so many parts at most a chunk is cut that was given up.
PARTS = 1000


def chunk_run(context: JobContext) -> None:
    """The chunk's effect and its end are one transaction; then the run is moved on."""
    run = NightlyRun.objects.get(pk=context.payload["run"])
    step: str = context.payload["step"]
    outcome = ChunkOutcome()
    if run.state == NightlyRun.State.RUNNING and step in registries.nightly_steps:
        with reading():
            write = registries.nightly_steps.get(step).compute(run, context.payload)
        passing("night.computed")
        with context.effect(lambda: _result(outcome, context.payload)):
            outcome = _whole(write(), context.payload)
            failures_record(run=run, step=step, failures=outcome.failures, attempts=TRIES)
    else:
        with context.effect(lambda: _result(outcome, {})):
            pass
    night_advance(run_id=run.pk)


def run_open(context: JobContext) -> Mapping[str, Any]:
    """The first push of a run that was just asked for."""
    night_advance(run_id=context.payload["run"])
    return {}


def _whole(outcome: ChunkOutcome, payload: Mapping[str, Any]) -> ChunkOutcome:
    """What the step says nothing about had nothing to compute: it was skipped, so that the counts add up."""
    failed = len({(failure.product_id, failure.family_id) for failure in outcome.failures})
    rest = len(subjects_of(payload)) - outcome.computed - failed
    return replace(outcome, skipped=max(outcome.skipped, rest))


def _result(outcome: ChunkOutcome, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The counts, and which were skipped where the step says which were not."""
    counts = {"computed": outcome.computed, "skipped": outcome.skipped, "failed": len(outcome.failures)}
    if outcome.done is None:
        return counts
    busy = outcome.done | {(failure.product_id, failure.family_id) for failure in outcome.failures}
    return counts | {
        "skipped_products": [pk for pk in payload.get("products") or () if (pk, None) not in busy],
        "skipped_families": [pk for pk in payload.get("families") or () if (None, pk) not in busy],
    }


def chunk_failed(job: Job) -> None:
    """A chunk that was given up is cut into single products, one of thousands into parts that may be given up
    in their turn, so that one does not take the others along.

    A chunk of one has found its culprit: it is listed with its reason, and what is shown of it is stale.
    """
    run_id, step = job.payload["run"], job.payload["step"]
    subjects = subjects_of(job.payload)
    if len(subjects) > 1:
        size = -(-len(subjects) // PARTS)
        parts = [
            (name, ids[begin : begin + size])
            for name in ("products", "families")
            for ids in [job.payload.get(name) or []]
            for begin in range(0, len(ids), size)
        ]
        rest = {k: v for k, v in job.payload.items() if k not in ("products", "families")}
        jobs_enqueue_many(
            kind=CHUNK,
            group=job.group,
            queue=QUEUE,
            jobs=[(f"{job.key}:{name[0]}{ids[0]}", {**rest, name: ids}) for name, ids in parts],
            totals=[len(ids) for _name, ids in parts],
            priority=job.priority,
        )
        return
    name, pk = subjects[0] if subjects else ("", None)
    failure = SubjectFailure(
        code=job.error_code,
        params=job.error_params,
        product_id=pk if name == "products" else None,
        family_id=pk if name == "families" else None,
    )
    run = NightlyRun.objects.get(pk=run_id)
    failures_record(run=run, step=step, failures=(failure,), attempts=job.attempts)
    transaction.on_commit(lambda: _advance_quietly(run_id))


def _advance_quietly(run_id: int) -> None:
    """Move the run on; the next tick does it if this fails."""
    try:
        night_advance(run_id=run_id)
    except Exception:
        logger.exception("run %s could not be advanced", run_id)


def failures_record(
    *, run: NightlyRun, step: str, failures: tuple[SubjectFailure, ...], attempts: int
) -> None:
    """List what a step could not compute, each once; its old forecast stays, marked stale."""
    NightlyFailure.objects.bulk_create(
        [
            NightlyFailure(
                run=run,
                step=step,
                product_id=failure.product_id,
                family_id=failure.family_id,
                attempts=attempts,
                code=failure.code,
                params=dict(failure.params),
            )
            for failure in failures
        ],
        ignore_conflicts=True,
    )
    if step == "forecast":
        forecasts_mark_stale(
            product_ids=[f.product_id for f in failures if f.product_id],
            family_ids=[f.family_id for f in failures if f.family_id],
        )
