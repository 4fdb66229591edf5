"""The list of alerts with its filters, all in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from collaboration.kinds import AlertKind
from collaboration.models import Alert
from products.models import ProductLine
from products.selectors.access import lines_visible
from products.selectors.lines import line_tree

from .alerts import DEAL, alerts_mine, alerts_ranked, alerts_visible, kinds_visible, later_now, open_now

STATES = ("open", "later", "closed", "all")


@dataclass(frozen=True)
class AlertFilter:
    """What the person asked for: ``?state=&kind=&whose=&line=``; what does not exist is ignored."""

    state: str
    kind: str
    whose: str
    line: ProductLine | None
    kinds: list[AlertKind]
    lines: list[ProductLine]
    can_deal: bool

    @classmethod
    def read(cls, user: Any, asked: Mapping[str, str]) -> AlertFilter:
        kinds = kinds_visible(user)
        lines = list(lines_visible(user))
        can_deal = user.has_perm(DEAL)
        state, whose, kind = asked.get("state", ""), asked.get("whose", ""), asked.get("kind", "")
        return cls(
            state=state if state in STATES else "open",
            kind=kind if kind in {each.key for each in kinds} else "",
            whose=whose if can_deal and whose in {"mine", "all"} else ("mine" if can_deal else "all"),
            line=next((line for line in lines if line.code == asked.get("line")), None),
            kinds=kinds,
            lines=lines,
            can_deal=can_deal,
        )

    @property
    def states(self) -> list[tuple[str, str]]:
        return [("open", _("Open")), ("later", _("Later")), ("closed", _("Closed")), ("all", _("All"))]


def alert_page(user: Any, chosen: AlertFilter) -> QuerySet[Alert]:
    """The alerts asked for: what waits as on Today, what is over by when it was."""
    rows = alerts_mine(user) if chosen.whose == "mine" else alerts_visible(user)
    if chosen.state == "open":
        rows = rows.filter(open_now())
    elif chosen.state == "later":
        rows = rows.filter(later_now())
    elif chosen.state == "closed":
        rows = rows.filter(closed_at__isnull=False)
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    if chosen.line is not None:
        below = line_tree().descendants(chosen.line.pk)
        rows = rows.filter(product__line__in=below) | rows.filter(product=None, line__in=below)
    if chosen.state == "closed":
        rows = rows.order_by(F("closed_at").desc(), "-pk")
    elif chosen.state == "all":
        rows = rows.order_by("-raised_date", "-stake_amount", "-pk")
    else:
        rows = alerts_ranked(user, rows)
    return rows
