"""What the demo company's customers get off the list price, and a bonus of last year that waits."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal

from accounts.models import User
from core.months import month_add
from pricing.engine.terms import Step
from pricing.selectors.bonuses import bonuses
from pricing.services.terms import bonus_settle, term_set
from products.models import Channel, ProductLine

# kind, channel, rate; an amount for a unit, days for a payment
TERMS: list[tuple[str, str, str | None, str | None, int | None]] = [
    ("payment", "retail", "0.01", None, 14),
    ("payment", "foodservice", "0.01", None, 14),
    ("invoice", "retail", "0.08", None, None),
    ("invoice", "kroon", "0.10", None, None),
    ("promotion", "kroon", "0.03", None, None),
    ("promotion", "boerhof", "0.02", None, None),
    ("logistics", "kroon", "0.015", None, None),
    ("invoice", "foodservice", "0.12", None, None),
    ("unit", "horeca-plus", None, "0.05", None),
]
# From how much in a year, in euros, which rate.
BONUSES = {
    "kroon": ((0, "0.01"), (5_000_000, "0.02"), (7_000_000, "0.025")),
    "boerhof": ((2_000_000, "0.01"), (5_000_000, "0.0175")),
    "vandaag": ((0, "0.01"), (2_500_000, "0.015")),
}
SINCE = 2
"""Agreed on the first of January so many years before the last month."""
PAID = {"kroon": Decimal(1), "boerhof": Decimal("0.5")}
"""Which part of last year's bonus was settled; of VanDaag nothing yet."""


def terms_create(people: Mapping[str, User], last: datetime.date) -> None:
    """Terms of the food trade; Kroon asked for a better invoice discount from next quarter on."""
    ruud, food = people["Ruud"], ProductLine.objects.get(code="food")
    channels = {channel.code: channel for channel in Channel.objects.all()}
    since = datetime.date(last.year - SINCE, 1, 1)
    for kind, channel, rate, amount, days in TERMS:
        term_set(
            user=ruud,
            kind=kind,
            channel=channels.get(channel),
            line=food,
            start_date=since,
            rate=None if rate is None else Decimal(rate),
            amount=None if amount is None else Decimal(amount),
            days=days,
        )
    for channel, steps in BONUSES.items():
        term_set(
            user=ruud,
            kind="bonus",
            channel=channels[channel],
            line=food,
            start_date=since,
            basis="revenue",
            steps=[Step(Decimal(begin), Decimal(rate)) for begin, rate in steps],
        )
    ahead = month_add(last, 4)
    term_set(
        user=ruud,
        kind="invoice",
        channel=channels["kroon"],
        line=food,
        start_date=ahead,
        rate=Decimal("0.11"),
    )
    for bonus in bonuses(people["Anna"], [last.year - 1, last.year - 2]):
        code = next(code for code, row in channels.items() if row == bonus.term.channel)
        part = PAID.get(code, Decimal(0)) if bonus.year == last.year - 1 else Decimal(1)
        if bonus.accrued and part:
            bonus_settle(
                user=people["Anna"],
                channel=channels[code],
                line=food,
                year=bonus.year,
                amount=(bonus.accrued * part).quantize(Decimal("0.01")),
                settled_date=datetime.date(bonus.year + 1, 3, 16),
                reference=f"CN-{bonus.year}-{code}",
            )
