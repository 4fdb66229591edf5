"""Errors of products added up by line, for the months in which something changed."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import AccuracySum, NightlyRun
from forecasting.selectors.accuracy_facts import Counted, LineSum, line_sums, lines_counted, sums_due
from forecasting.selectors.accuracy_sums import WIDTH
from forecasting.services.accuracy import accuracy_sums_write
from products.selectors.lines import LineTree

Unit = tuple[int, str]
"""Measure, and the unit the products count in where the measure leaves that to them."""
At = tuple[datetime.date, int]
"""Month and lag."""


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    yield {"accuracy_sums": True}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    tree = LineTree()
    leads = {line_id: tree.lead_measure(line_id).pk for line_id in tree.lines}
    counted = lines_counted()
    units = _units(tree, counted)
    structure = _structure(tree, leads, units, counted)
    months = sums_due(structure)
    if not months:
        return lambda: ChunkOutcome(skipped=1)
    sums = [
        _sum(key, at, parts, units, structure)
        for (key, at), parts in _by_line(tree, line_sums(leads, months)).items()
    ]

    def write() -> ChunkOutcome:
        accuracy_sums_write(run=run, months=months, sums=sums)
        return ChunkOutcome(computed=1)

    return write


def _units(tree: LineTree, counted: Iterable[Counted]) -> dict[int, set[Unit]]:
    """What the products of each line itself count in."""
    found: dict[int, set[Unit]] = defaultdict(set)
    for part in counted:
        measure = tree.lead_measure(part.line_id)
        inherited = tree.inherited(part.line_id, "unit").value or ""
        shared = measure.code != "units"
        found[part.line_id].add((measure.pk, "" if shared else part.unit or inherited))
    return found


def _structure(
    tree: LineTree, leads: Mapping[int, int], units: Mapping[int, set[Unit]], counted: Iterable[Counted]
) -> str:
    """A hash of all that decides which products are added up where, besides the rows themselves; a line
    without any changes nothing."""
    lines = [
        [line_id, [line.pk for line in tree.ancestors(line_id)], leads[line_id], sorted(own)]
        for line_id, own in sorted(units.items())
    ]
    signs = [[part.line_id, part.sign] for part in counted]
    return hashlib.sha256(json.dumps([lines, signs]).encode()).hexdigest()


def _by_line(tree: LineTree, own: Iterable[LineSum]) -> dict[tuple[int | None, At], list[LineSum]]:
    """Each line's own sums, also under the lines above it and under everything (None)."""
    found: dict[tuple[int | None, At], list[LineSum]] = defaultdict(list)
    for part in own:
        above: list[int | None] = [line.pk for line in tree.ancestors(part.line_id)]
        for key in [*above, None]:
            found[key, (part.month, part.lag)].append(part)
    return found


def _sum(
    line_id: int | None,
    at: At,
    parts: list[LineSum],
    units: Mapping[int, set[Unit]],
    structure: str,
) -> AccuracySum:
    counted = {unit for part in parts for unit in units.get(part.line_id, ())}
    measure, unit = next(iter(counted)) if len(counted) == 1 else (None, "")
    return AccuracySum(
        line_id=line_id,
        month=at[0],
        lag=at[1],
        measure_id=measure,
        unit=unit,
        rows=sum(part.rows for part in parts),
        unpriced=sum(part.unpriced for part in parts),
        afterwards=sum(part.afterwards for part in parts),
        plain=[sum(part.plain[place] for part in parts) for place in range(WIDTH)],
        priced=[sum(part.priced[place] for part in parts) for place in range(WIDTH)],
        structure=structure,
    )
