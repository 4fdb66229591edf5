"""Before all that compute products' results: whose inputs changed since theirs were made; later steps see to
those only.

The hash of a subject covers its series (with the months that count, what people said of them, predecessors
and successors), its launch plan, drivers (with what its line tells of moving holidays) and promotions, its
figures, the months of its vintages, where the financial year begins and the engine's version. Of most
products the database hashes the figures and no month is read (`selectors/outlines.py`). A step still compares
its own hash with its own row, so what is due for nothing costs time and changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.organisation import organisation_get
from core.registries import ChunkOutcome
from forecasting.models import NightlyRun, NightlyStep
from forecasting.selectors.decided_trial import decisions_left_out
from forecasting.selectors.inputs import (
    Subject,
    forecasts_listed,
    inputs_known,
    subjects_due,
    subjects_due_share,
    vintages_there,
)
from forecasting.selectors.outlines import Outline, outlines
from forecasting.selectors.week_series import by_the_week
from forecasting.services.inputs import inputs_found
from forecasting.services.night import looks_back
from products.selectors.lines import LineTree

from .common import CHANGES, LIGHT, kept_of, loader_of, series_of_chunk, subject_chunks
from .drivers import Drivers
from .launches import Launches
from .promoted import Promoted


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """Of a run of everything as of now; one that looks back or at single products sees to all it is about. As
    large as if as many were due as after the last night; where lines go by the week their series are read
    whoever is due."""
    if _forward(run):
        left_out, tree = decisions_left_out(run.as_of), LineTree()
        share = 1.0 if by_the_week(tree, tree.lines) else subjects_due_share()
        for payload in subject_chunks(run, due_share=share, takes=LIGHT):
            yield {**payload, "left_out": left_out}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    known = inputs_known(payload)
    digests = {
        subject: f"{digest[:40]} missing" if missing and known.get(subject, ("", ""))[1] == digest else digest
        for subject, (digest, missing) in _digests(run, payload).items()
    }
    noted = {subject: digest for subject, digest in digests.items() if known.get(subject) != (digest, digest)}
    changed = sum(known.get(subject, ("", ""))[1] != digest for subject, digest in digests.items())

    def write() -> ChunkOutcome:
        inputs_found(run=run, digests=noted)
        return ChunkOutcome(computed=changed, skipped=len(digests) - changed)

    return write


def due_chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The run's products and families, the fewer of them are due the more a chunk."""
    yield from subject_chunks(run, due_share=due_share(run))


def light_chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The same for a step that takes little of each."""
    yield from subject_chunks(run, due_share=due_share(run), takes=LIGHT)


def due_share(run: NightlyRun) -> float:
    """How many of its subjects the run has to see to; all, if it did not look."""
    return subjects_due_share() if looked(run) else 1.0


def due(run: NightlyRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload with the subjects that the run has to see to: all of them, if it did not look."""
    return {**payload, **subjects_due(payload)} if looked(run) else payload


def looked(run: NightlyRun) -> bool:
    """Whether the run has seen what changed."""
    kept = kept_of(run)
    if not kept.looked and _forward(run):
        kept.looked = run.steps.filter(name=CHANGES, state=NightlyStep.State.DONE).exists()
    return kept.looked


def _forward(run: NightlyRun) -> bool:
    return run.scope is None and not looks_back(run)


def _digests(run: NightlyRun, payload: Mapping[str, Any]) -> dict[Subject, tuple[str, bool]]:
    """The hash of each subject's inputs, and whether a forecast of it has gone missing, is stale or not in
    the list."""
    from forecasting.engine import ENGINE_VERSION

    products = payload.get("products") or ()
    outlined = outlines(loader_of(run, payload), products)
    found: dict[Subject, list[Outline]] = {(pk, None): own for pk, own in outlined.of.items()}
    for one in series_of_chunk(
        run, {**payload, "products": [pk for pk in products if pk not in outlined.of]}
    ):
        found.setdefault(one.subject, []).append(Outline(one, one.has_data))
    launches, drivers = Launches(run, payload), Drivers(run.as_of, payload)
    promoted = Promoted(run.as_of, payload)
    vintages, listed = vintages_there(payload), forecasts_listed(payload)
    year_begins = str(organisation_get().financial_year_first_month)

    def told(subject: Subject, own: list[Outline]) -> tuple[str, bool]:
        parts = [ENGINE_VERSION, year_begins, outlined.signs.get(subject[0] or 0, "")]
        missing = False
        for outline in own:
            one = outline.series
            months = vintages.months.get(one.key, set())
            earlier = sorted(month for month in months if month < one.as_of)
            more = (*launches.digest(one), *drivers.digest(one), *promoted.digest(one), outline.first)
            parts.append(one.digest(one.leads, one.temporary, earlier, *more))
            missing |= outline.has_data and one.as_of not in months
            missing |= one.key in vintages.stale
            if outline.has_data and one.leads and one.product_id:
                missing |= (one.product_id, one.measure_id, one.as_of) not in listed
        return hashlib.sha256("|".join(parts).encode()).hexdigest(), missing

    return {subject: told(subject, own) for subject, own in found.items()}
