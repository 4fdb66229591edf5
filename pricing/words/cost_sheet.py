"""The words that files of costs say things in, and why a row of one is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from pricing.models import CostLine
from products.sheets.words import MONTH_CLOSED

ALL = "all"
_ALL = {ALL, "alle", "alles", "all products", "alle producten"}
Basis, Base, Split = CostLine.Basis, CostLine.Base, CostLine.Key
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "basis": {
        Basis.UNIT: ("", "per unit", "eenheid", "per eenheid", "stuk", "per stuk"),
        Basis.CONTRACT_MONTH: ("per contract and month", "per contract en maand", "contract en maand"),
        Basis.MONTH: ("per month", "maand", "per maand"),
        Basis.SHARE: ("%", "percentage", "% of", "% van", "percentage of", "percentage van"),
        Basis.ONCE: ("eenmalig",),
    },
    "base": {
        Base.GROSS: ("gross sales", "bruto", "bruto-omzet", "bruto omzet"),
        Base.NET: ("net sales", "netto", "netto-omzet", "netto omzet"),
        Base.PURCHASE: ("inkoop",),
        Base.FREIGHT: ("purchase and freight", "inkoop en vracht"),
        Base.CIF: ("purchase and inbound logistics", "inkoop en inkomende logistiek"),
    },
    "split": {
        Split.VOLUME: ("by volume", "naar volume"),
        Split.REVENUE: ("by revenue", "omzet", "naar omzet"),
        Split.FIXED: ("by fixed shares", "vast", "vaste aandelen"),
    },
}
CODES = {
    field: {word: code for code, own in words.items() for word in (code, *own)}
    for field, words in WORDS.items()
}
REASONS: dict[str, Any] = {
    "month_closed": MONTH_CLOSED,
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "whose": _("a product, or a product line, or “all” as the line: one of them"),
    "line_unknown": _("no product line has this code or name"),
    "kind_unknown": _("no kind of cost has this code or name"),
    "measure_unknown": _("no measure has this code or name"),
    "supplier_unknown": _("no supplier has this code or name"),
    "channel_unknown": _("no channel has this code or name"),
    "word_unknown": _("not a word that is known here"),
    "limited": _("this concerns more than you may see"),
    "not_currency": _("three letters, such as EUR"),
    "too_long": _("too long"),
    "negative": _("below nothing"),
    "not_over_nothing": _("must be more than 0"),
    "not_whole": _("a whole number of at most 600"),
    "base_in_circle": _("this kind is part of that base itself"),
    "base_by_channel": _("what is bought is not known by channel: a share of it is of all channels"),
    "base_of_share": _("a percentage needs what it is of; other costs do not"),
    "measure_by_unit": _("only a cost per unit is of what is counted"),
    "split": _("an amount a month or once, of a line or of all, needs its split; other costs do not"),
    "shares": _(
        "a new line with fixed shares needs them: what each product bears, such as MILK=60; JUICE=40"
    ),
    "shares_of_other": _("only a line whose split is fixed has fixed shares"),
    "shares_unread": _("“%(said)s” is not a product code and a share, such as MILK=60, each product once"),
    "shares_missing": _("a month from which shares hold, and no shares"),
    "shares_taken": _("other shares are said of this month already: begin a later month"),
    "not_a_month": _("shares begin on the first day of a month"),
    "currency_of_share": _("a percentage is of an amount in our own currency"),
    "tail": _("only an amount a month goes on after the end"),
    "amount_places": _("more than six decimals: round it first"),
    "share_places": _("more than four decimals of a per cent: round it first"),
    "vat_places": _("more than two decimals of a per cent: round it first"),
    "amount_missing": _("no amount; where it ends, say so in the column “ends”"),
    "amount_and_end": _("an amount and an end; give one of them"),
    "not_by_unit": _("tiers and a minimum order are for costs per unit"),
    "once_ends": _("what is paid once does not end"),
    "share_too_large": _("over 1,000 per cent"),
    "no_exchange": _("an exchange rate, and the line is in our own currency"),
    "exchange_missing": _("no exchange rate, and the line is in another currency"),
    "line_differs": _(
        "the cost line that is there says otherwise: on its page the months after the end can change, and "
        "its split where all its rates are withdrawn"
    ),
    "shares_differ": _(
        "the cost line that is there has other shares: say in “shares from” from which month these hold"
    ),
    "rate_taken": _(
        "another amount holds from that day: one ahead is withdrawn first, one that has begun is corrected"
    ),
    "rate_undone": _(
        "the import of this rate was undone, so it holds in closed months alone: leave the row out, and "
        "begin it on %(day)s"
    ),
    "shares_undone": _(
        "the import of these shares was undone, so others hold from next month on: begin them in that month"
    ),
    "rate_duplicate": _("line %(other)s of the file is about the same cost and day"),
}
UNDOES = _(
    "Its rates are withdrawn, with what corrected them since, and their months are booked anew. Those that "
    "began in a closed month stay for the closed months: from the first open day what would have held "
    "without the file holds again. Fixed shares that have begun stay until the end of this month; cost lines "
    "that the file made stay, without its rates."
)
UNDID = _(
    "its rates are withdrawn, with what corrected them, and their months booked anew; what counted in closed "
    "months stays there, and from the first open day what would have held without the file holds"
)
MOST_SHARE = Decimal(10) ** 14


def says_all(text: str) -> bool:
    """Whether the line of a row is all products, in either language."""
    return text.strip().lower() in _ALL


def shares_text(shares: Iterable[tuple[str, Decimal]]) -> str:
    """Fixed shares in one cell, ``MILK=60;JUICE=40``: a product's code and what it bears in proportion to the
    others; a code with the separator in it stands between quotes."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="")
    writer.writerow(f"{code}={weight.normalize():f}" for code, weight in shares)
    return text.getvalue()


def shares_read(text: str) -> list[tuple[str, Decimal]]:
    """Codes and what they bear, four decimals at most; ``ValueError`` where it says something else."""
    found = []
    for each in next(csv.reader([text], delimiter=";", skipinitialspace=True), []):
        if not each.strip():
            continue
        code, _equals, said = each.rpartition("=")
        try:
            weight = Decimal(said.strip().replace(",", "."))
        except InvalidOperation:
            raise ValueError(each) from None
        if (
            not code.strip()
            or not weight.is_finite()
            or not 0 < weight < MOST_SHARE
            or weight != round(weight, 4)
        ):
            raise ValueError(each)
        found.append((code.strip(), weight))
    return found
