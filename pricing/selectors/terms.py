"""The terms that hold where a customer buys: of each kind the nearest alone, so nothing is given twice."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from pricing.engine.terms import Step
from pricing.models import BonusSettlement, Term
from products.selectors.access import channels_reaching, visible_channel_ids, visible_line_ids
from products.selectors.lines import LineTree, line_tree

Place = tuple[int | None, int | None]
"""A channel and a line; ``None``: all."""


def terms_visible(user: Any) -> QuerySet[Term]:
    """Those of a person's channels and lines, and of what is above these or for all, as they hold there too;
    never those of another customer or line."""
    rows = Term.objects.select_related("channel", "line", "created_by").prefetch_related("steps")
    if not user.has_perm("pricing.view"):
        return rows.none()
    channels, lines = channels_reaching(user), visible_line_ids(user)
    if channels is not None:
        rows = rows.filter(Q(channel=None) | Q(channel__in=channels))
    if lines is not None:
        tree = line_tree()
        above_lines = {line.pk for pk in lines for line in tree.ancestors(pk)}
        rows = rows.filter(Q(line=None) | Q(line__in=above_lines))
    return rows


def terms_until(day: datetime.date) -> QuerySet[Term]:
    """All that begin until the day, whoever looks: for :func:`terms_on` a place that the person sees."""
    rows = Term.objects.filter(start_date__lte=day).select_related("channel", "line")
    return rows.prefetch_related("steps")


def settlements_visible(user: Any) -> QuerySet[BonusSettlement]:
    """Of the channels and lines within one's sight: what a year's bonus came to says what was sold there."""
    rows = BonusSettlement.objects.select_related("channel", "line", "created_by")
    if not user.has_perm("pricing.view"):
        return rows.none()
    channels, lines = visible_channel_ids(user), visible_line_ids(user)
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    return rows if lines is None else rows.filter(line__in=lines)


def place_seen(user: Any, channel_id: int | None, line_id: int | None) -> bool:
    """Whether all that is sold at a term's place lies within the person's limits."""
    channels, lines = visible_channel_ids(user), visible_line_ids(user)
    return (channels is None or channel_id in channels) and (lines is None or line_id in lines)


def ended(term: Term) -> bool:
    """Whether it says that there is none any more."""
    return term.rate is None and term.amount is None and not term.steps.all()


def steps_of(term: Term) -> list[Step]:
    return [Step(step.from_amount, step.rate) for step in term.steps.all()]


def terms_on(
    terms: Iterable[Term],
    day: datetime.date,
    channels: Sequence[int | None],
    lines: Sequence[int | None],
) -> dict[str, Term]:
    """Of each kind the term that holds there on the day. ``channels`` and ``lines`` are those of the place
    and above it, the nearest first, ``None`` for all last. The nearest channel goes first, of it the nearest
    line; one that has ended leaves it to what is above."""
    newest: dict[tuple[str, Place], Term] = {}
    for term in terms:
        key = (term.kind, (term.channel_id, term.line_id))
        there = newest.get(key)
        is_here = term.channel_id in channels and term.line_id in lines and term.start_date <= day
        if is_here and (there is None or there.start_date < term.start_date):
            newest[key] = term
    found: dict[str, Term] = {}
    far = lambda term: (channels.index(term.channel_id), lines.index(term.line_id))  # noqa: E731
    for term in sorted((term for term in newest.values() if not ended(term)), key=far):
        found.setdefault(term.kind, term)
    return found


def line_chain(tree: LineTree, line_id: int) -> list[int | None]:
    """The line, those above it, and all."""
    return [*(line.pk for line in tree.ancestors(line_id)), None]
