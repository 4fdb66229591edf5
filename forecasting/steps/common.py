"""What the steps share: how work is cut, and how one subject's trouble stays its own."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from core.models import Job
from core.registries import SubjectFailure
from forecasting.models import Decision, Finding, NightlyRun
from forecasting.selectors.inputs import Subject
from forecasting.selectors.prices import prices_last_year
from forecasting.selectors.series import SeriesLoader, Span, SubjectSeries, data_span, subjects_of_run
from forecasting.services.chunks import TRIES
from forecasting.services.night import last_closed_month, looks_back, step_group
from products.selectors.lines import LineTree

if TYPE_CHECKING:
    from forecasting.engine import Series

logger = logging.getLogger(__name__)

CHANGES = "changes"
SEASON_LENGTH = 12
HORIZON = 18
# So many series stay in a process while a run lasts, with what the engine found out about them.
KEPT_SERIES = 5000
# Of which only a share has work, or each only little; where hardly any has, half of all.
LARGEST_CHUNK = 1000
# What looking at a series takes to computing it; and the share up to which hardly any has work.
LIGHT = 0.1
Made = TypeVar("Made")
Result = TypeVar("Result")


def chunk_size(subjects: int, due_share: float = 1.0, *, takes: float = 1.0) -> int:
    """50 to 500: small enough to spread over workers, large enough to be worth a message, a commit and the
    statements of a chunk; more where only a share of them has work, or each ``takes`` less than computing."""
    wanted: int = getattr(settings, "NIGHT_CHUNK_SIZE", 0)
    size = wanted or max(50, min(500, subjects // 2))
    largest = LARGEST_CHUNK
    if due_share <= LIGHT:
        largest = max(largest, min(KEPT_SERIES, -(-subjects // 2)))
    return max(size, min(largest, int(size / max(due_share * takes, 0.01))))


def subject_chunks(
    run: NightlyRun, *, due_share: float = 1.0, takes: float = 1.0
) -> Iterator[Mapping[str, Any]]:
    """The run's products and families in chunks, with the months their data span as they are now; larger ones
    where only a share of them has work, or each takes little."""
    products, families, span = cut_of(run)
    size = chunk_size(len(products) + len(families), due_share, takes=takes)
    for name, ids in (("products", products), ("families", families)):
        for begin in range(0, len(ids), size):
            yield {name: ids[begin : begin + size], "span": span}


Cut = tuple[list[int], list[int], list[list[Any]]]
"""A run's products, families, and months of data."""


@dataclass
class _Kept:
    """What this process has read for one run; the next step asks for it again."""

    run: tuple[int, datetime.datetime | None]
    looked: bool = False
    cut: Cut | None = None
    span: list[list[Any]] = field(default_factory=list)
    loader: SeriesLoader | None = None
    subjects: dict[Subject, list[SubjectSeries]] = field(default_factory=dict)
    prices: dict[tuple[int, datetime.date], dict[int, float]] = field(default_factory=dict)
    series: int = 0


_kept = _Kept((0, None))


def kept_of(run: NightlyRun) -> _Kept:
    """What is kept of this run; of a run that is no row, and may be one of many, nothing."""
    global _kept
    if run.pk is None:
        return _Kept((0, None))
    if _kept.run != (run.pk, run.started_at):
        _kept = _Kept((run.pk, run.started_at))
    return _kept


def cut_of(run: NightlyRun) -> Cut:
    """What all steps of a run are cut by, in whatever process: to find it, all months are read."""
    kept = kept_of(run)
    if kept.cut is None:
        kept.cut = _cut_of_changes(run) or (*subjects_of_run(run), span_told(run.as_of))
    return kept.cut


def _cut_of_changes(run: NightlyRun) -> Cut | None:
    """As the step that looks at all of the run was cut; ``None`` where it was not."""
    if run.pk is None:
        return None
    jobs = Job.objects.filter(group=step_group(run.pk, CHANGES))
    payloads = list(jobs.order_by("pk").values_list("payload", flat=True))
    if not payloads:
        return None
    products, families = (
        sorted({pk for payload in payloads for pk in payload.get(name) or ()})
        for name in ("products", "families")
    )
    return products, families, payloads[0]["span"]


def span_told(as_of: datetime.date) -> list[list[Any]]:
    """The months of data up to this one, for a payload."""
    found = sorted(data_span(as_of).items())
    return [[line, measure, *map(str, months)] for (line, measure), months in found]


def span_now(run: NightlyRun) -> list[list[Any]]:
    """The months of data as they are now, also for a run that looks back: totals and alerts are of now."""
    return span_told(last_closed_month(run.local_date)) if looks_back(run) else cut_of(run)[2]


def series_of_chunk(run: NightlyRun, payload: Mapping[str, Any]) -> list[SubjectSeries]:
    """The chunk's series, as they were when this process first read them in this run: a figure that comes in
    between two steps is the next night's."""
    asked: list[Subject] = [(pk, None) for pk in sorted(payload.get("products") or ())]
    asked += [(None, pk) for pk in sorted(payload.get("families") or ())]
    if not asked:
        return []
    loader, kept = loader_of(run, payload), kept_of(run)
    missing = [subject for subject in asked if subject not in kept.subjects]
    read: dict[Subject, list[SubjectSeries]] = {}
    if missing:
        products = [pk for pk, _family in missing if pk]
        families = [pk for _product, pk in missing if pk]
        for series in loader.load(products, families):
            read.setdefault(series.subject, []).append(series)
        number = sum(map(len, read.values()))
        if kept.series + number <= KEPT_SERIES:
            kept.subjects |= read
            kept.series += number
    found = kept.subjects | read
    return [series for subject in asked for series in found.get(subject, ())]


def prices_of(run: NightlyRun, as_of: Mapping[int, datetime.date]) -> dict[tuple[int, int], float]:
    """:func:`prices_last_year`, as they were when this process first read them in this run."""
    kept = kept_of(run).prices
    missing = {pk: month for pk, month in as_of.items() if (pk, month) not in kept}
    if missing:
        kept.update((key, {}) for key in missing.items())
        for (pk, measure), price in prices_last_year(missing).items():
            kept[pk, missing[pk]][measure] = price
    return {(key[0], measure): price for key in as_of.items() for measure, price in kept[key].items()}


def loader_of(run: NightlyRun, payload: Mapping[str, Any]) -> SeriesLoader:
    """Reads series as the chunk was told; with the lines as they were when this process first asked."""
    kept = kept_of(run)
    if kept.loader is None or kept.span != payload["span"]:
        kept.loader, kept.span = SeriesLoader(run, span_of(payload), LineTree()), payload["span"]
        kept.subjects, kept.series = {}, 0
    return kept.loader


def span_of(payload: Mapping[str, Any]) -> Span:
    """The months the data of each line and measure span, as the chunk was told."""
    day = datetime.date.fromisoformat
    return {
        (line, measure): (day(first), day(last), day(counts))
        for line, measure, first, last, counts in payload["span"]
    }


def complete_of(payload: Mapping[str, Any]) -> dict[tuple[int, int], datetime.date]:
    """The last whole month by line and measure, as the chunk was told: finding them reads all products."""
    return {key: last for key, (_first, last, _counts) in span_of(payload).items()}


def half_of(payload: Mapping[str, Any]) -> dict[tuple[int, int], datetime.date]:
    """The last whole months that were loaded half, by line and measure, as the chunk was told."""
    return {key: last for key, (_first, last, counts) in span_of(payload).items() if counts < last}


def engine_series(series: SubjectSeries, *, final_only: bool = False) -> Series:
    """The series as the engine takes it: what people decided applied, months as ordinals, NaN for missing; if
    asked, final months only."""
    cut = final_only and series.fit_until < series.as_of
    name = "final" if cut else "whole"
    return series.once(name, lambda: _decided(series, raw_series(series, final_only=cut)))


def _decided(series: SubjectSeries, raw: Series) -> Series:
    from forecasting.engine import decided, month_ordinal

    if not series.decisions:
        return raw
    confirmed = [d for d in series.decisions if d.state == Finding.State.CONFIRMED]
    return decided(
        raw,
        left_out=_ordinals(d for d in confirmed if d.kind != Finding.Kind.STEP),
        steps=[
            (month_ordinal(d.first), round(d.seen / d.expected, 6))
            for d in confirmed
            if d.kind == Finding.Kind.STEP and d.expected > 0
        ],
        trusted=_ordinals(
            d for d in series.decisions if d.state == Finding.State.REFUSED and d.kind != Finding.Kind.STEP
        ),
    )


def _ordinals(decisions: Iterable[Decision]) -> list[int]:
    from forecasting.engine import month_ordinal

    return [month for d in decisions for month in range(month_ordinal(d.first), month_ordinal(d.last) + 1)]


def raw_series(series: SubjectSeries, *, final_only: bool = False) -> Series:
    """The figures as they came, whatever people said of them."""
    name = "raw final" if final_only else "raw"
    return series.once(name, lambda: _raw(series, final_only))


def _raw(series: SubjectSeries, final_only: bool) -> Series:
    from forecasting.engine import Series, month_ordinal

    values = [float("nan") if value is None else value for value in series.values]
    start = month_ordinal(series.start)
    if final_only:
        values = values[: max(month_ordinal(series.fit_until) - start + 1, 0)]
    return Series(
        id="-".join(str(part) for part in series.key),
        start=start,
        values=values,
        kind="level" if series.kind == "level" else "flow",
        launch=month_ordinal(series.launch) if series.launch else None,
        end=month_ordinal(series.end) if series.end else None,
        season_profile=series.season_profile,
    )


def each_subject(
    found: Iterable[SubjectSeries],
    compute: Callable[[SubjectSeries], Made],
    tell: Callable[[SubjectSeries, Made], Result],
) -> tuple[list[Result], tuple[SubjectFailure, ...]]:
    """``tell`` of every series and what ``compute`` made of it; all are computed first, as models and what is
    made of their answers drive each other out of the processor's caches. One that fails three times becomes a
    failure with its reason; all of its subject's results are left out, the others go on."""
    failures: dict[Subject, SubjectFailure] = {}
    made = [(series, *one) for series in found if (one := _tried(series, partial(compute, series), failures))]
    results: list[tuple[Subject, Result]] = []
    for series, answer in made:
        for result in _tried(series, partial(tell, series, answer), failures):
            results.append((series.subject, result))
    return [result for subject, result in results if subject not in failures], tuple(failures.values())


def _tried(
    series: SubjectSeries, work: Callable[[], Made], failures: dict[Subject, SubjectFailure]
) -> tuple[()] | tuple[Made]:
    """What the work gives; nothing, and a failure of the subject, where it fails three times."""
    for attempt in range(1, TRIES + 1):
        try:
            return (work(),)
        except Exception as error:
            logger.warning("%s failed (try %s)", series.key, attempt, exc_info=True)
            if attempt == TRIES:
                failures[series.subject] = SubjectFailure(
                    code="crashed",
                    params={"type": type(error).__name__, "message": str(error)[:500]},
                    product_id=series.product_id,
                    family_id=series.family_id,
                )
    return ()
