"""What an address, a form or a kept scenario asks of a product, and the answer to it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from core import formats
from core.months import month_add, month_start
from core.numbers import int_read
from pricing.words.prices import price_decimals

from .models import Promotion
from .selectors.scenarios import channel_names
from .selectors.what_if import DAY, Answer, Asked, Ground, Question
from .selectors.what_if_distribution import DistributionAsked, Distributions
from .selectors.what_if_promotion import PromotionAsked, Promotions

WEEKS = 2


_AS_IT_WAS = ("kind", "channel", "part", "fewer", "assumed", "churn")


class Asker:
    """Reads and answers every kind of question of one product; what only one kind needs, when it is asked."""

    def __init__(self, user: Any, ground: Ground) -> None:
        self.user, self.ground = user, ground

    @cached_property
    def promotions(self) -> Promotions:
        return Promotions(self.user, self.ground)

    @cached_property
    def distributions(self) -> Distributions:
        return Distributions(self.user, self.ground, self.ground.volumes)

    def read(self, said: Any) -> Question:
        """``said``: a QueryDict or the values of a scenario; what cannot be read is as usual."""
        kind = said.get("kind")
        if kind == "promotion":
            return self._promotion(said)
        if kind == "distribution":
            return self._distribution(said)
        return self._price(said)

    def can_ask(self, values: Mapping[str, Any]) -> bool:
        """Whether what was kept can be asked as it was: its kind, channels, part and own assumptions."""
        read = self.read(values).values
        return all(read.get(name) == values.get(name) for name in _AS_IT_WAS)

    def channel_name(self, pk: int) -> str:
        """Also of a channel that nothing can be asked of any more."""
        sold = self.ground.volumes.channels.get(pk)
        return sold.name if sold else self._channel_names.get(pk, formats.MISSING)

    @cached_property
    def _channel_names(self) -> Mapping[int, str]:
        return channel_names()

    def _price(self, said: Any) -> Asked:
        usual = self.ground.usual()
        channel = next(_channels(said), None)
        channel = channel if channel in self.ground.channels else None
        named = tuple((said.get("part") or "").split(":", 1))
        part = next((one for one in self.ground.price_in(channel).several if one == named), None)
        fewer = _decimal(said.get("fewer"), Decimal(-1))
        asked = replace(
            usual,
            start=_day(said.get("start"), usual.start),
            channel=channel,
            part=part,
            churn=Decimal(machine(_decimal(said.get("churn"), usual.churn), 1)),
            fewer=None if fewer < 0 else Decimal(machine(fewer, 1)),
        )
        now = self.ground.asked_now(asked)
        # A slider says 11 for 11.00.
        price = Decimal(machine(_decimal(_slid(said, "price", slides(asked)), now), price_decimals(now)))
        return self.ground.bounded(replace(asked, price=price))

    def answer(self, asked: Question) -> Answer | None:
        """``None``: refused."""
        if isinstance(asked, PromotionAsked):
            return self.promotions.answer(asked)
        if isinstance(asked, DistributionAsked):
            return self.distributions.answer(asked)
        assert isinstance(asked, Asked)
        if self.ground.is_assumed and asked.fewer is None:
            return None
        return self.ground.answer(asked)

    def _promotion(self, said: Any) -> PromotionAsked:
        mechanic = said.get("mechanic")
        if mechanic not in Promotion.Mechanic.values:
            mechanic = self.promotions.mechanics[0]
        # The first Monday of the month after next: a promotion is not planned for tomorrow.
        usual = month_add(month_start(self.ground.day), 2)
        start = _day(said.get("start"), usual + (-usual.weekday() % 7) * DAY)
        channels = tuple(pk for pk in _channels(said) if pk in self.ground.volumes.channels)
        slid = _slid(said, "price", self.promotions.slides(mechanic, channels))
        return self.promotions.bounded(
            PromotionAsked(
                mechanic,
                _decimal(slid, self.promotions.usual_price(mechanic, channels)),
                start,
                _day(said.get("end"), start + (7 * WEEKS - 1) * DAY),
                channels,
                _decimal(said.get("budget"), Decimal(0)),
                _decimal(said.get("assumed"), Decimal(0)),
            )
        )

    def _distribution(self, said: Any) -> DistributionAsked:
        channel = next(_channels(said), 0)
        rate = _decimal(_slid(said, "rate", str(channel)), Decimal(-1))
        usual = self.ground.usual().start
        return self.distributions.bounded(
            channel,
            None if rate < 0 else rate,
            _day(said.get("start"), usual),
            _decimal(said.get("cost"), Decimal(0)),
        )


def slides(asked: Asked) -> str:
    """What a slider of a price is about: another list or part, and where it stood counts no more."""
    return "".join([str(asked.channel or ""), *(":".join(["", *asked.part]) if asked.part else "")])


def machine(value: Decimal, decimals: int) -> str:
    """As a field of the browser takes it, in every language."""
    return f"{value:.{decimals}f}"


def _all(said: Any, name: str) -> list[str]:
    return list(said.getlist(name) if hasattr(said, "getlist") else said.get(name) or ())


def _channels(said: Any) -> Iterator[int]:
    return (pk for pk in map(int_read, _all(said, "channel")) if pk is not None)


def _slid(said: Any, name: str, choice: str) -> Any:
    """Where a slider stands; nothing when it stood there for what was chosen before."""
    return said.get(name) if said.get("was", choice) == choice else None


def _decimal(said: Any, usual: Decimal) -> Decimal:
    try:
        number = Decimal(said or usual)
    except InvalidOperation:
        return usual
    return number if number.is_finite() else usual


def _day(said: Any, usual: datetime.date) -> datetime.date:
    try:
        return datetime.date.fromisoformat(said or str(usual))
    except ValueError:
        return usual
