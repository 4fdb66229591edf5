"""What decisions about prices and positionings move, so which later one ends what an earlier one did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collaboration.models import Decision
from pricing.models import Positioning, PriceList, Proposal


@dataclass(frozen=True)
class Moved:
    """The price of a kind on a list (``place``), or the positioning in a segment; ``for_all``: all buyers, of
    a price those who pay in the ``currency``."""

    what: str
    place: int | None
    for_all: bool
    currency: str = ""

    @property
    def is_ours(self) -> bool:
        return self.what != PriceList.Kind.OBSERVED

    def ended_by(self, later: Moved) -> bool:
        if (later.what, later.currency) != (self.what, self.currency):
            return False
        return later.for_all or later.place == self.place


def moved_by(decisions: Iterable[Decision]) -> Mapping[int, Moved]:
    """By id of the decision, which is one of kind *price* or *positioning*."""
    by_kind: dict[str, dict[int, int]] = {"price": {}, "positioning": {}}
    for decision in decisions:
        by_kind[decision.kind][decision.reference] = decision.pk
    found = {}
    proposals = Proposal.objects.filter(pk__in=by_kind["price"]).select_related("price_list")
    for proposal in proposals:
        on = proposal.price_list
        for_all = on.channel_id is None and on.segment_id is None
        found[by_kind["price"][proposal.pk]] = Moved(on.kind, on.pk, for_all, on.currency)
    segments = Positioning.objects.filter(pk__in=by_kind["positioning"]).values_list("pk", "segment_id")
    for pk, segment in segments:
        found[by_kind["positioning"][pk]] = Moved("positioning", segment, segment is None)
    return found
