"""What the forecast tab says of unusual months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from forecasting.selectors.findings import findings_of
from forecasting.selectors.forecasts import ForecastNow
from forecasting.selectors.subjects import Subject
from forecasting.words.findings import FindingRow, finding_row
from products.models import Family, Measure

# On the forecast tab; the rest is one click away.
SHOWN = 4


@dataclass(frozen=True)
class FindingsCard:
    """``rows`` are all of them; ``waiting`` those to be judged that are shown, ``more`` those that are not.
    ``outdated``: something was said after the forecast was
    made."""

    rows: list[FindingRow]
    waiting: list[FindingRow]
    more: int
    judged: list[FindingRow]
    can_judge: bool
    flag_url: str
    outdated: bool


def findings_card(
    user: Any, subject: Subject, measure: Measure, unit: str, now: ForecastNow | None
) -> FindingsCard:
    """For the page of who may see the subject's forecast. One query."""
    rows = [finding_row(finding, unit) for finding in findings_of(user, subject, measure)]
    waiting = [row for row in rows if row.is_open]
    judged = [row for row in rows if not row.is_open]
    name = "forecasting:family_flag" if isinstance(subject, Family) else "forecasting:flag"
    return FindingsCard(
        rows=rows,
        waiting=waiting[:SHOWN],
        more=max(0, len(waiting) - SHOWN),
        judged=judged,
        can_judge=user.has_perm("forecasting.edit"),
        flag_url=f"{reverse(name, args=[subject.code])}?measure={measure.code}",
        outdated=bool(
            now
            and any(
                (r.finding.decided_at or now.forecast.computed_at) > now.forecast.computed_at for r in judged
            )
        ),
    )
