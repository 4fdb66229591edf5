"""Which alerts a person sees, and which are theirs to deal with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, Q, QuerySet, When, Window
from django.db.models.functions import Cast, RowNumber
from django.db.models.lookups import LessThanOrEqual
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.selectors.people import stands_for
from collaboration.kinds import AlertKind, Words, alert_kinds
from collaboration.models import Alert
from core.organisation import today
from products.models import Product
from products.selectors.access import forecasts_allowed, visible_channel_ids, visible_line_ids

DEAL = "collaboration.alerts"


@dataclass(frozen=True)
class AlertRow:
    """An alert with its words, for a list. ``can_act``: the person may snooze and close it; ``is_for`` names
    whose it is when it is not the person's own; ``history`` and the rest draw its sparkline. ``action``: the
    verb that leads to where it is dealt with."""

    alert: Alert
    kind: AlertKind
    words: Words
    url: str
    can_act: bool
    is_for: str
    history: list[float | None]
    forecast: list[float]
    low: list[float]
    high: list[float]
    action: Any

    @property
    def is_open(self) -> bool:
        return self.alert.state == Alert.State.OPEN or self.is_due

    @property
    def is_due(self) -> bool:
        until = self.alert.snoozed_until
        return self.alert.state == Alert.State.SNOOZED and until is not None and until <= today()

    @property
    def tone(self) -> str:
        return self.words.tone or self.kind.tone

    @property
    def icon(self) -> str:
        return self.words.icon or self.kind.icon

    @property
    def dot(self) -> str:
        return self.tone if self.tone in {"neg", "pos"} else ""


def open_now() -> Q:
    """Open, or snoozed until a day that has come: nobody waits for a night that did not run."""
    return Q(state=Alert.State.OPEN) | Q(state=Alert.State.SNOOZED, snoozed_until__lte=today())


def later_now() -> Q:
    return Q(state=Alert.State.SNOOZED, snoozed_until__gt=today())


def kinds_visible(user: Any) -> list[AlertKind]:
    """The kinds a person may see at all: by their right, and for people limited to channels only those that
    do not tell figures over all channels."""
    limited = visible_channel_ids(user) is not None
    return [
        kind
        for kind in alert_kinds
        if (not kind.permission or user.has_perm(kind.permission)) and not (limited and kind.all_channels)
    ]


def may_deal(user: Any, kind: AlertKind) -> bool:
    """Whether they have the right that dealing with what the kind is about takes."""
    return not kind.acts or user.has_perm(kind.acts)


def alerts_visible(user: Any) -> QuerySet[Alert]:
    """The alerts a person may see: about their lines' products and lines; what concerns no line only without
    limits, or when it is theirs (of some kinds also of those they are deputy for)."""
    if not user.has_perm("collaboration.view"):
        return Alert.objects.none()
    rows = Alert.objects.filter(kind__in=[kind.key for kind in kinds_visible(user)])
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    about = Q(product__isnull=False) | Q(line__isnull=False)
    if lines is not None:
        about = Q(product__line__in=lines) | Q(product=None, line__in=lines)
    general = Q(product=None, line=None)
    for kind in alert_kinds:
        if kind.for_deputies and (seen := kind.for_deputies(user)):
            general &= ~Q(kind=kind.key) | Q(recipient=user) | seen
    if lines is not None or channels is not None:
        told = [kind.key for kind in alert_kinds if kind.for_deputies]
        general &= Q(recipient=user) | Q(recipient__in=stands_for(user, today()), kind__in=told)
    if not user.has_perm("products.view"):
        about &= Q(pk__in=[])
    return rows.filter(about | general)


def alerts_mine(user: Any) -> QuerySet[Alert]:
    """What is theirs to deal with: their own, those of people they are deputy for, and what nobody owns."""
    if not user.has_perm(DEAL):
        return Alert.objects.none()
    people = list(stands_for(user, today()))
    return alerts_visible(user).filter(Q(recipient__in=people) | Q(recipient=None))


def alerts_ranked(user: Any, rows: QuerySet[Alert]) -> QuerySet[Alert]:
    """First what somebody asks of this person, then by money at stake."""
    return rows.order_by(_asked_first(user), "-stake_amount", "-pk")


def alerts_mixed(user: Any, rows: QuerySet[Alert], places: Sequence[int]) -> QuerySet[Alert]:
    """The same with what is asked in no more than half of the first so many ``places`` (the fewest first),
    where there is enough else: many approvals would hide what has money at stake."""
    asked = _asked_first(user)
    at = Window(RowNumber(), partition_by=[asked], order_by=[F("stake_amount").desc(), F("pk").desc()])
    halves = [When(LessThanOrEqual(at, count // 2), then=turn) for turn, count in enumerate(places)]
    turns = Case(*halves, default=len(places), output_field=IntegerField())
    return rows.order_by(turns, asked, "-stake_amount", "-pk")


def _asked_first(user: Any) -> Cast:
    """Cast, because of who is asked nothing a bare 1 is left, which to sort by means the first column."""
    asks = [kind.key for kind in alert_kinds if kind.asks and user.has_perm(DEAL)]
    whose = Q(recipient__in=list(stands_for(user, today()))) | Q(recipient=None)
    asked = whose & Q(kind__in=asks)
    own = asked & Q(evidence__author_id=user.pk)
    return Cast(Case(When(own, then=1), When(asked, then=0), default=1), IntegerField())


def alerts_open(user: Any) -> QuerySet[Alert]:
    """Those that wait for the person."""
    return alerts_mine(user).filter(open_now())


def alert_get(user: Any, pk: int) -> Alert:
    """One alert, or 404."""
    alert = alerts_worded(alerts_visible(user).filter(pk=pk)).first()
    if alert is None:
        raise Http404(pk)
    return alert


def alerts_worded(rows: QuerySet[Alert]) -> QuerySet[Alert]:
    """With what their words and sparklines need, in their order.

    Which rows those are is found on narrow ones: thousands of sparklines are not sorted to show twenty.
    """
    order: Any = rows.query.order_by or Alert._meta.ordering
    wide = Alert.objects.filter(pk__in=rows.values("pk")).order_by(*order)
    return wide.select_related("product__figures", "line", "recipient", "closed_by")


def alerts_of_product(user: Any, product: Product) -> QuerySet[Alert]:
    """The product's open alerts, the largest first."""
    return alerts_visible(user).filter(open_now(), product=product)


def alert_rows(user: Any, alerts: Iterable[Alert]) -> list[AlertRow]:
    """The alerts in the reader's words. No query, when they come from :func:`alerts_worded`."""
    can_act = user.has_perm(DEAL)
    return [_row(user, alert, can_act) for alert in alerts]


def _row(user: Any, alert: Alert, can_act: bool) -> AlertRow:
    kind = alert_kinds.get(alert.kind)
    figures = getattr(alert.product, "figures", None) if alert.product_id else None
    own = alert.evidence.get("spark")
    history: list[float | None] = []
    forecast: list[float] = []
    low: list[float] = []
    high: list[float] = []
    if kind.spark and visible_channel_ids(user) is None:
        if own:
            history = own
        elif figures is not None:
            history = figures.spark_volumes
            if forecasts_allowed(user):
                forecast = figures.spark_forecast[:12]
                low, high = figures.spark_lo80[:12], figures.spark_hi80[:12]
    is_for = str(alert.recipient) if alert.recipient is not None and alert.recipient_id != user.pk else ""
    may = may_deal(user, kind) and alert.evidence.get("author_id") != user.pk
    action = kind.action if may else _("Look")
    words, url = kind.words(alert), kind.url(alert)
    return AlertRow(alert, kind, words, url, can_act, is_for, history, forecast, low, high, action)


def waiting_for(user: Any) -> Q:
    """The alerts that wait for this person: their own or those of whom they are deputy for, and of a kind
    that they may deal with."""
    kinds = [kind.key for kind in alert_kinds if may_deal(user, kind)]
    return Q(recipient__in=stands_for(user, today()), kind__in=kinds)


def of_others(user: Any) -> Q:
    """All but what the person asks of others, which is no news to them."""
    return Q(evidence__author_id__isnull=True) | ~Q(evidence__author_id=user.pk)


def tally(counts: dict[str, int], waiting: dict[str, int]) -> list[str]:
    """What the morning's sentence says of each kind of alert, most urgent kind first; ``waiting`` is how many
    of them wait for the reader."""
    said = []
    for kind in alert_kinds:
        count = counts.get(kind.key, 0)
        own = waiting.get(kind.key, 0) if kind.told else count
        if own:
            said.append(kind.tally(own))
        if kind.told and count > own:
            said.append(kind.told(count - own))
    return said
