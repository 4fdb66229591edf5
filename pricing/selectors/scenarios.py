"""What-ifs that people kept, as they were answered on their day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from pricing.engine.what_if import Range
from pricing.models import Scenario
from products.models import Channel, Product

from .elasticities import elasticities_allowed


@dataclass(frozen=True)
class Kept:
    """One of them; ``volumes`` and ``revenues`` by first day of the month, ``volumes_now`` and
    ``revenues_now`` what they were without the change by the forecast of that day, where it was kept by
    month."""

    row: Scenario
    volume: Range
    revenue: Range
    volume_now: float
    revenue_now: float
    volumes: Mapping[datetime.date, Range]
    revenues: Mapping[datetime.date, Range]
    volumes_now: Mapping[datetime.date, float]
    revenues_now: Mapping[datetime.date, float]

    @classmethod
    def of(cls, row: Scenario) -> Kept:
        said = row.result
        months = [datetime.date.fromisoformat(month) for month in said["months"]]

        def ranges(name: str) -> dict[datetime.date, Range]:
            return {month: Range(**one) for month, one in zip(months, said[name], strict=True)}

        def known(name: str) -> dict[datetime.date, float]:
            both = zip(months, said[name], strict=True)
            return {month: value for month, value in both if value is not None}

        return cls(
            row,
            Range(**said["volume"]),
            Range(**said["revenue"]),
            said["volume_now"],
            said["revenue_now"],
            ranges("volumes"),
            ranges("revenues"),
            known("volumes_now"),
            known("revenues_now"),
        )

    @property
    def day(self) -> datetime.date:
        return timezone.localtime(self.row.created_at).date()

    def by_month(self, of: str) -> Mapping[datetime.date, Range]:
        """Of a measure; no margin was kept."""
        return {"volume": self.volumes, "revenue": self.revenues}.get(of, {})

    def since(self, of: str, months: Sequence[datetime.date], now: Sequence[float]) -> float | None:
        """How much more or less the months that were kept and are still ahead come to without the change than
        they did that day, as a share; ``now``: what each comes to today."""
        then = {"volume": self.volumes_now, "revenue": self.revenues_now}[of]
        both = [(then[month], value) for month, value in zip(months, now, strict=True) if month in then]
        before = sum(was for was, _is in both)
        return sum(value for _was, value in both) / before - 1 if before > 0 else None


def channel_names() -> dict[int, str]:
    """Of every channel, those too that a question of today no longer knows; one query."""
    return dict(Channel.objects.order_by().values_list("pk", "name"))


def scenarios_kept(user: Any, product: Product) -> list[Scenario]:
    """What people kept of a product, the newest first."""
    if not elasticities_allowed(user):
        return []
    return list(Scenario.objects.filter(product=product).select_related("author"))
