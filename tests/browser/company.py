"""The company of the story: a juice that levels off, an energy contract that slumps, a new care programme."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from core.months import month_add, month_start
from core.organisation import today
from forecasting import engine
from products.models import Channel, Measure, Product, SalesFact
from products.services.figures import figures_refresh
from products.services.rollup import rollup_rebuild
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

PRICES = {
    "SAP-100": Decimal("1.45"),
    "SAP-150": Decimal("1.95"),
    "GSV-012": Decimal(96),
    "NAZ-100": Decimal(160),
    "REV-020": Decimal(140),
}
# Comes by itself, on Saturday, before Sanne's file.
AHEAD = "REV-020"


@dataclass
class Company:
    """``last`` is the month that is not there yet, but of the product :data:`AHEAD`; ``volumes`` hold every
    product's months up to it."""

    sanne: User
    channel: Channel
    products: dict[str, Product]
    measures: dict[str, Measure]
    volumes: dict[str, dict[datetime.date, int]]
    last: datetime.date

    def rows(self, month: datetime.date) -> list[tuple[str, int, Decimal]]:
        """Code, volume and revenue of one month."""
        return [
            (code, months[month], months[month] * PRICES[code])
            for code, months in self.volumes.items()
            if month in months and code != AHEAD
        ]

    @property
    def touched(self) -> list[str]:
        """The products that last month's file is about."""
        return [code for code, _volume, _revenue in self.rows(self.last)]

    def book(self, months: Iterable[datetime.date]) -> None:
        """Have the sales of these months in, as if imported; those of :data:`AHEAD` a month further."""
        wanted = set(months)
        ahead = wanted | {self.last} if month_add(self.last, -1) in wanted else wanted
        SalesFact.objects.bulk_create(
            SalesFact(
                product_id=self.products[code].pk,
                channel_id=self.channel.pk,
                measure_id=self.measures[code].pk,
                start_date=month,
                period="M",
                volume=Decimal(volume),
                revenue=volume * PRICES[code],
            )
            for code, months in self.volumes.items()
            for month, volume in months.items()
            if month in (ahead if code == AHEAD else wanted)
        )
        rollup_rebuild()
        figures_refresh()


def growth_that_levels_off(month: datetime.date) -> list[int]:
    """Growth whose last month, ``month``, is the first that the engine calls maturity."""
    curve = [round(2_000 + 94_000 / (1 + math.exp((30 - step) / 5))) for step in range(96)]
    start = engine.month_ordinal(month_add(month, -95))
    path = engine.lifecycle(engine.Series(id="juice", start=start, values=curve, launch=start))
    stages = list(path.stages)
    turn = next(i for i in range(1, len(stages)) if stages[i - 1 : i + 1] == ["growth", "maturity"])
    return curve[: turn + 1]


def found_company() -> Company:
    organisation_factory(nightly_at=datetime.time(0), alert_min_amount=Decimal(1000))
    last = month_add(month_start(today()), -1)
    sanne = user_factory("product-manager", name="Sanne Vermeer", email="sanne@demo.example", language="nl")
    contracts = measure_factory(
        code="nieuw", name_nl="Instroom", name_en="Inflow", unit_nl="contracten", unit_en="contracts"
    )
    cartons = measure_factory(code="sell-in", name_nl="Sell-in", name_en="Sell-in", unit_nl="pakken")
    lines = {
        "SAP": line_factory(code="sappen", name="Sappen", owner=sanne, measures=[cartons]),
        "GSV": line_factory(code="energie", name="Energie", owner=sanne, measures=[contracts]),
        "NAZ": line_factory(code="zorg", name="Zorg", owner=sanne),
        "REV": line_factory(code="revalidatie", name="Revalidatie", owner=sanne),
    }
    units = Measure.objects.get(code="units")
    measures = {"SAP-100": cartons, "SAP-150": cartons, "GSV-012": contracts, "NAZ-100": units, AHEAD: units}
    juice = growth_that_levels_off(last)
    season = [math.sin(step * math.pi / 6) for step in range(60)]
    steady = [round(40_000 + 900 * wave + 300 * math.cos(step * 2.3)) for step, wave in enumerate(season)]
    inflow = [round(2_300 + 60 * wave + 40 * math.cos(step * 1.7)) for step, wave in enumerate(season)]
    inflow[-2:] = [round(volume * 0.45) for volume in inflow[-2:]]
    programme = [
        round(300 * (1 - math.exp(-(step + 1) / 9)) + 8 * math.cos(step * 1.9)) for step in range(40)
    ]
    series = {
        "SAP-100": juice,
        "SAP-150": steady,
        "GSV-012": inflow,
        "NAZ-100": [70, 110],
        AHEAD: programme,
    }
    names = {
        "SAP-100": "Sinaasappelsap 1 L",
        "SAP-150": "Appelsap 1,5 L",
        "GSV-012": "Groene Stroom Vast 1 jaar",
        "NAZ-100": "Nazorgprogramma Hart",
        AHEAD: "Revalidatieprogramma Long",
    }
    return Company(
        sanne=sanne,
        channel=channel_factory(code="KROON", name="Kroon Markten"),
        products={
            code: product_factory(
                code=code,
                name=name,
                line=lines[code[:3]],
                kind="good" if code.startswith("SAP") else "service",
                launched=month_add(last, 1 - len(series[code])),
            )
            for code, name in names.items()
        },
        measures=measures,
        volumes={
            code: {month_add(last, step + 1 - len(values)): value for step, value in enumerate(values)}
            for code, values in series.items()
        },
        last=last,
    )


def dutch(number: Any) -> str:
    """1234.5 as a Dutch spreadsheet writes it: 1.234,50."""
    return f"{number:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def spreadsheet(company: Company, *, spoiled: bool) -> bytes:
    """Last month's sales as saved from a Dutch spreadsheet; spoiled: two rows that cannot be taken."""
    lines = ["maand;artikel;kanaal;afzet;omzet"]
    month = f"{company.last:%Y-%m}"
    for code, volume, revenue in company.rows(company.last):
        lines.append(f"{month};{code};KROON;{dutch(volume)};{dutch(revenue)}")
    if spoiled:
        lines.append(f"{month};SAP-999;KROON;1.200,00;1.740,00")
        lines.append(f"{month};SAP-150;ONBEKEND;veel;90,00")
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def upload(page: Any, sheet: str, content: bytes, name: str = "verkopen.csv") -> None:
    page.goto("/data/upload/")
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": content})
    page.select_option("select[name=sheet]", sheet)
    page.locator("form[action='/data/upload/'] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/data/\d+/"))
