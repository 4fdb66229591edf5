"""Where the demo's food lies: listings, two years of distribution, and where segments buy."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random

from accounts.models import User
from core.months import month_add
from pricing.models import Listing
from pricing.services.place import listing_set, segment_share_set
from products.models import Channel, Product, Segment

from .catalogue import CHANNELS_OF_LINE, Item, items
from .sales import top_line

SEED, MONTHS = 20261104, 24
SINCE = datetime.date(2022, 1, 1)
# Points of sale, and how much of what they turn over a well-spread product reaches.
POINTS = {
    "retail": 1600,
    "kroon": 640,
    "boerhof": 410,
    "vandaag": 380,
    "foodservice": 820,
    "horeca-plus": 310,
}
# By segment: the share of what it buys by channel.
BUYS = {
    "gezinnen": {"retail": "0.66", "online": "0.22", "foodservice": "0.12"},
    "senioren": {"retail": "0.84", "online": "0.07", "foodservice": "0.09"},
    "zakelijk": {"foodservice": "0.55", "online": "0.30", "retail": "0.15"},
}
BARISTA = "HVM-210"


def place_create(people: Mapping[str, User], last: datetime.date) -> None:
    """Every account lists what it sells; one takes in a product later, one takes one out, two are ahead."""
    ruud, anna = people["Ruud"], people["Anna"]
    products = {product.code: product for product in Product.objects.all()}
    channels = {channel.code: channel for channel in Channel.objects.all()}
    for segment in Segment.objects.all():
        for code, share in BUYS.get(segment.code, {}).items():
            segment_share_set(
                user=anna,
                segment=segment,
                channel=channels[code],
                start_date=SINCE,
                share_rate=Decimal(share),
            )
    accounts = [code for code, _share in CHANNELS_OF_LINE["food"]]
    for item in _food():
        product = products[item.code]
        for code in accounts:
            _list(ruud, product, channels[code], product.launched or SINCE, Listing.Status.LISTED)
            if product.ended and product.ended > (product.launched or SINCE):
                _list(ruud, product, channels[code], product.ended, Listing.Status.DELISTED)
    barista, ahead = products[BARISTA], month_add(last, 3)
    store, region = channels["kroon-utrecht"], channels["vergelijkers"]
    _list(ruud, barista, store, month_add(last, -9), Listing.Status.LISTED, "Proef met een koffiehoek")
    _list(ruud, barista, channels["foodservice"], ahead, Listing.Status.ANNOUNCED, "Tweede groothandel")
    for code in (BARISTA, "NOT-200"):
        _list(ruud, products[code], channels["albion"], ahead, Listing.Status.ANNOUNCED, "Eerste levering")
    _list(ruud, barista, region, ahead, Listing.Status.NEGOTIATING, "Marktplaats, op proef")
    listing_set(
        user=people["Anna"],
        product=barista,
        channel=channels["webshop"],
        start_date=ahead,
        status=Listing.Status.LISTED,
        terms="Uitgelicht op de voorpagina",
        fee="€ 1.500 voor de plek, per kwartaal",
    )
    smoothie = products["SMO-025"]
    _list(
        ruud, smoothie, channels["boerhof"], month_add(last, -5), Listing.Status.DELISTED, "Sanering koeling"
    )


def _list(
    user: User, product: Product, channel: Channel, day: datetime.date, status: str, terms: str = ""
) -> None:
    listing_set(user=user, product=product, channel=channel, start_date=day, status=status, terms=terms)


def _food() -> list[Item]:
    return [item for item in items() if top_line(item.line) == "food"]


def distribution_file(last: datetime.date, path: Path) -> None:
    """Two years by product, account and type of channel, as a file that can be imported."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["product", "kanaal", "maand", "numeriek", "gewogen", "verkooppunten"])
        products = {product.code: product for product in Product.objects.all()}
        for item in _food():
            for row in _rows(products[item.code], Random(f"{SEED} {item.code}"), last):
                out.writerow(row)


def _rows(product: Product, random: Random, last: datetime.date) -> Iterator[list[str]]:
    reached = random.uniform(0.35, 0.92)
    growth = random.uniform(-0.006, 0.009)
    for code, points in POINTS.items():
        own = reached * random.uniform(0.85, 1.05)
        for ago in range(MONTHS - 1, -1, -1):
            month = month_add(last, -ago)
            if (product.launched and month < product.launched.replace(day=1)) or (
                product.ended and month > product.ended
            ):
                continue
            weighted = min(max(own - growth * ago + random.gauss(0, 0.008), 0.05), 0.98)
            numeric = weighted**1.5
            figures = (f"{numeric * 100:.1f}", f"{weighted * 100:.1f}")
            yield [
                *(product.code, code, f"{month:%Y-%m}"),
                *(figure.replace(".", ",") for figure in figures),
                str(round(points * numeric)),
            ]
