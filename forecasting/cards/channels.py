"""What the forecast tab says of channels."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from core.formats import volume_decimals
from forecasting.layers import Band
from forecasting.selectors.channels import ChannelSplit, channel_split
from forecasting.selectors.forecasts import ForecastNow
from forecasting.selectors.subjects import Subject
from products.models import Measure, Product


@dataclass(frozen=True)
class ChannelsCard:
    """``parts`` are of the year; ``shown`` is the one whose ``months`` are shown one by one."""

    parts: Sequence[ChannelSplit]
    shown: ChannelSplit
    months: Sequence[tuple[datetime.date, Band]]

    @property
    def decimals(self) -> int:
        return volume_decimals(v for part in self.parts for v in (part.mean, part.lo80, part.hi80))

    @property
    def month_decimals(self) -> int:
        return volume_decimals(v for _month, band in self.months for v in band)


def channels_card(
    subject: Subject, measure: Measure, now: ForecastNow | None, asked: str | None
) -> ChannelsCard | None:
    """Of a product with sales in more than one channel; month by month the one with this code, else the
    largest."""
    parts = channel_split(subject, measure, now) if now and isinstance(subject, Product) else []
    if now is None or len(parts) < 2:
        return None
    shown = next((part for part in parts if part.channel.code == asked), parts[0])
    months = [row.month for row in now.sold_months]
    return ChannelsCard(parts, shown, list(zip(months, shown.months, strict=False)))
