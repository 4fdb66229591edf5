"""What the stage card and the status line of the frame say."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.charts import StageSpan
from core.charts.model import stage_word
from core.months import month_add, month_start
from core.registries import FrameRows
from forecasting.models import NightlyRun, StageEstimate
from forecasting.models.stage import Stage
from forecasting.selectors.stages import StageNow, stage_current
from forecasting.selectors.subjects import Subject, subject_allowed
from forecasting.words.forecasts import evidence_words
from products.models import Family

# What usually follows; after decline nothing has to.
NEXT = {"introduction": "growth", "growth": "maturity", "maturity": "decline", "revival": "maturity"}
# Chances below this are not worth a line.
WORTH_A_LINE = 0.01


@dataclass(frozen=True)
class StageCard:
    """The stage with all it rests on, in words. ``likelier``: the stage with the best chance, where it is not
    the night's estimate."""

    now: StageNow
    sentence: str
    chances: list[tuple[str, float]]
    likelier: str
    next_stage: str
    next_word: str
    next_month: datetime.date | None
    next_first: datetime.date | None
    next_last: datetime.date | None
    second_opinion: str
    agrees: bool
    differs: bool
    can_set: bool
    set_url: str
    withdraw_url: str


def stage_card(user: Any, subject: Subject) -> StageCard | None:
    """The card's contents, or ``None`` when there is no stage or the person may not see it."""
    if not subject_allowed(user, subject):
        return None
    now = stage_current(user, subject)
    if now is None:
        return None
    estimate = now.estimate
    chances: list[tuple[str, float]] = []
    months: list[datetime.date | None] = [None, None, None]
    if estimate is not None and estimate.stage:
        shares = [(stage, float(getattr(estimate, f"p_{stage}"))) for stage in Stage.values]
        chances = sorted((s for s in shares if s[1] >= WORTH_A_LINE), key=lambda share: -share[1])
        months = [_ahead(estimate, name) for name in ("", "_lo", "_hi")]
    following = NEXT.get(estimate.stage, "") if estimate and months[0] else ""
    second = estimate.second_opinion if estimate else ""
    name = "forecasting:family_stage" if isinstance(subject, Family) else "forecasting:stage"
    return StageCard(
        now=now,
        sentence=evidence_words(estimate.evidence_code, estimate.evidence_params) if estimate else "",
        chances=chances,
        likelier=chances[0][0] if chances and estimate and chances[0][0] != estimate.stage else "",
        next_stage=following,
        next_word=stage_word(following) if following else "",
        next_month=months[0],
        next_first=months[1],
        next_last=months[2],
        second_opinion=second,
        agrees=bool(second and estimate and second == estimate.stage),
        differs=bool(now.by_hand and estimate and estimate.stage and estimate.stage != now.stage),
        can_set=user.has_perm("forecasting.edit") and not getattr(subject, "temporary", False),
        set_url=reverse(name, args=[subject.code]),
        withdraw_url=reverse(f"{name}_withdraw", args=[subject.code]),
    )


def stage_panel(user: Any, subject: Subject) -> Mapping[str, Any] | None:
    """The card on the overview of a product, or of a family."""
    card = stage_card(user, subject)
    return None if card is None else {"card": card}


def _ahead(estimate: StageEstimate, name: str) -> datetime.date | None:
    """The month that lies that many months ahead of the data."""
    months = getattr(estimate, f"months_to_next{name}")
    return None if months is None else month_add(estimate.as_of, round(months))


def stage_spans(card: StageCard | None) -> list[StageSpan]:
    """The strip under the chart: what was, what a person set, and what is expected next."""
    if card is None:
        return []
    changes: list[tuple[Any, str]] = []
    if card.now.estimate is not None:
        changes = [(_date(month), stage) for month, stage, *_shown in card.now.estimate.path]
    if card.now.setting is not None:
        since = month_start(card.now.setting.start_date)
        changes = [*(change for change in changes if change[0] < since), (since, card.now.setting.stage)]
    spans = []
    ahead = card.next_month if card.next_stage and not card.now.by_hand else None
    held = month_start(card.now.setting.until) if card.now.setting else None
    for place, (start, stage) in enumerate(changes):
        last = place == len(changes) - 1
        after = ahead if last else changes[place + 1][0]
        end = month_add(after, -1) if after else None
        if last and held:
            end = max(held, month_add(start, 1))  # one of a month is drawn as well
        certainty = ""
        if last and not card.now.by_hand:
            certainty = formats.percent(dict(card.chances).get(stage), 0)
        spans.append(StageSpan(stage, start, end, certainty=certainty))
    if ahead is not None:
        spans.append(StageSpan(card.next_stage, ahead, expected=True))
    return spans


def _date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def data_status(user: Any) -> FrameRows | None:
    """The frame's line on the last night."""
    if not user.has_perm("forecasting.view"):
        return None
    failed = Count("failures__product", distinct=True) + Count("failures__family", distinct=True)
    rows = NightlyRun.objects.filter(scope__isnull=True).annotate(failed=failed).order_by("-as_of", "-pk")[:1]
    return FrameRows(rows, JSONObject(day="local_date", state="state", failed="failed"), _last_night)


def _last_night(rows: list[Any]) -> Mapping[str, Any] | None:
    if not rows:
        return None
    night = rows[0]
    date = _date(night["day"])
    day = f"{date.day} {formats.month(date).split(formats.NBSP)[0]}"
    if night["state"] == NightlyRun.State.RUNNING:
        state, text = "running", _("Run of %(day)s is under way") % {"day": day}
    elif night["state"] == NightlyRun.State.FAILED:
        state, text = "error", _("Night of %(day)s failed") % {"day": day}
    elif night["failed"]:
        state = "warning"
        text = ngettext(
            "Night of %(day)s went through, %(count)s failure",
            "Night of %(day)s went through, %(count)s failures",
            night["failed"],
        ) % {"day": day, "count": formats.number(night["failed"])}
    else:
        state, text = "ok", _("Night of %(day)s went through") % {"day": day}
    return {"state": state, "text": text, "url": reverse("forecasting:runs")}
