"""Terms and pocket prices in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from core import formats
from core.charts import Chart, ChartTable, Switch
from core.organisation import organisation_get
from pricing.charts.waterfall import waterfall_spec
from pricing.engine.terms import Step
from pricing.models import Price, Term
from pricing.selectors.bonuses import Bonus
from pricing.selectors.pocket import Pocket
from pricing.selectors.terms import ended, steps_of

from .prices import price_text
from .yearly import use_words

PRICES = ("list_price", "invoice_price", "net_price", "pocket_price")


def label(key: str) -> str:
    """A line of the waterfall."""
    return {
        "list_price": pgettext("waterfall", "list price"),
        "invoice_price": pgettext("waterfall", "invoice price"),
        "net_price": pgettext("waterfall", "net price"),
        "pocket_price": pgettext("waterfall", "pocket price"),
    }.get(key) or str(Term.Kind(key).label)


def place_words(term: Term) -> str:
    """For whom and of what it is."""
    return " · ".join([str(term.channel or _("everybody")), str(term.line or _("all product lines"))])


def term_words(term: Term) -> str:
    """What it gives: "2.5%, paid within 14 days"."""
    if ended(term):
        return _("ended")
    if term.kind == Term.Kind.BONUS:
        return "; ".join(step_words(term, step) for step in steps_of(term))
    if term.rate is None:
        return price_text(term.amount, organisation_get().currency)
    rate = formats.percent_whole(term.rate)
    if term.days is None:
        return rate
    said = ngettext("%(rate)s, paid within %(n)s day", "%(rate)s, paid within %(n)s days", term.days)
    return said % {"rate": rate, "n": term.days}


def step_words(term: Term, step: Step) -> str:
    return _("%(rate)s from %(amount)s") % {
        "rate": formats.percent_whole(step.rate),
        "amount": scale_text(term, step.begin, ""),
    }


def scale_text(term: Term, amount: Decimal, unit: str) -> str:
    """What a scale goes by: money, or volume in its unit."""
    if term.basis == Term.Basis.REVENUE:
        return formats.money(amount, organisation_get().currency, 0)
    return " ".join(filter(None, [formats.number(amount, 0), unit or _("units")]))


@dataclass(frozen=True)
class PocketLine:
    """A line of the waterfall, in words; ``about``: whose term it is."""

    label: str
    amount: str
    share: str | None
    about: str
    strong: bool


@dataclass(frozen=True)
class PocketSummary:
    """A channel beside the others; ``prices``: list, invoice, net and pocket price."""

    name: str
    url: str
    active: bool
    prices: Sequence[str]
    share: str | None


def pocket_name(pocket: Pocket) -> str:
    return str(pocket.channel) if pocket.channel else _("everybody")


def pocket_key(pocket: Pocket) -> str:
    return pocket.channel.code if pocket.channel else ""


def pocket_lines(pocket: Pocket) -> list[PocketLine]:
    """Kinds that take nothing off are left out."""
    currency, found = organisation_get().currency, []
    for row in pocket.rows:
        term = pocket.terms.get(row.key)
        if not row.is_total and not row.amount:
            continue
        about = str(pocket.price.price_list) if row.key == "list_price" else ""
        if term is not None:
            about = _about(pocket, term)
        share = pocket.share(row.key)
        found.append(
            PocketLine(
                label(row.key),
                price_text(row.amount, currency, pocket.places),
                None if share is None else formats.percent(share),
                about,
                row.is_total,
            )
        )
    return found


def _about(pocket: Pocket, term: Term) -> str:
    rate = pocket.rates[term.kind]
    said = formats.percent_whole(rate) if term.kind != Term.Kind.UNIT else ""
    if term.kind == Term.Kind.BONUS:
        said = (
            _("at least %(rate)s, by what the year comes to")
            if pocket.bonus_is_least
            else _("%(rate)s, by what the year is expected to come to")
        ) % {"rate": said}
    return ", ".join(filter(None, [said, place_words(term)]))


def pocket_summary(pocket: Pocket, chosen: Pocket, url: str) -> PocketSummary:
    currency = organisation_get().currency
    share = pocket.share("pocket_price")
    return PocketSummary(
        pocket_name(pocket),
        f"{url}?channel={pocket_key(pocket)}",
        pocket is chosen,
        [price_text(pocket.amount(key), currency, pocket.places) for key in PRICES],
        None if share is None else formats.percent(share),
    )


def pocket_chart(pocket: Pocket, switches: Sequence[Switch] = ()) -> Chart:
    """From list to pocket price, of one channel."""
    currency, lines = organisation_get().currency, pocket_lines(pocket)
    rows = [(label(row.key), row.amount, row.is_total) for row in pocket.rows if row.is_total or row.amount]
    customer = pocket.price.customer
    unit = str(Price.Component(pocket.price.component).label) if customer is None else _("a year")
    return Chart(
        id="pocket-chart",
        title=_("What is left of the list price?")
        if customer is None
        else _("What is left of what %(customer)s (%(uses)s) pays?")
        % {"customer": customer.name, "uses": use_words(customer)},
        subtitle=_("%(channel)s: %(currency)s %(unit)s, without VAT")
        % {"channel": pocket_name(pocket), "currency": currency, "unit": unit},
        spec=waterfall_spec(rows, lambda amount: price_text(amount, currency, pocket.places)),
        table=ChartTable(
            [_("Line of the waterfall"), currency, _("of the list price")],
            [[line.label, line.amount, line.share] for line in lines],
        ),
        description=_(
            "From the list price to the pocket price: each term as a step; the figures are in the table"
        ),
        switches=switches,
        css="h-mid",
    )


@dataclass(frozen=True)
class BonusLine:
    """A bonus of a year, in words; ``state`` ``wait`` where something is open of a year that is over."""

    bonus: Bonus
    line: str
    so_far: str | None
    expected: str | None
    rate: str | None
    note: str
    accrued: str | None
    settled: str
    open: str | None
    state: str
    state_word: str


def bonus_line(bonus: Bonus, currency: str) -> BonusLine:
    term, left = bonus.term, bonus.open
    money = lambda amount: None if amount is None else formats.money(amount, currency, 2)  # noqa: E731
    scale = lambda amount: None if amount is None else scale_text(term, amount, bonus.unit)  # noqa: E731
    state, word = "", pgettext("bonus", "running")
    if left is None:
        state, word = "wait", _("not known: what was sold is in different units")
    elif left < 0:
        state, word = "wait", _("settled more than it comes to")
    elif bonus.over:
        state, word = ("wait", _("to be settled")) if left else ("ok", _("settled"))
    note = ""
    if bonus.following is not None:
        note = _("next %(step)s") % {"step": step_words(term, bonus.following)}
    return BonusLine(
        bonus,
        str(term.line or _("all product lines")),
        scale(bonus.so_far),
        None if bonus.over else scale(bonus.expected),
        None if bonus.rate is None else formats.percent(bonus.rate, 2),
        note,
        money(bonus.accrued),
        formats.money(bonus.settled, currency, 2),
        money(left),
        state,
        word,
    )


def years_open(found: Sequence[Bonus], currency: str) -> list[tuple[str, str]]:
    """Years that are over with what is still open of them."""
    years: dict[int, Decimal] = {}
    for bonus in found:
        if bonus.over and bonus.open:
            years[bonus.year] = years.get(bonus.year, Decimal(0)) + bonus.open
    return [(str(year), formats.money(amount, currency, 2)) for year, amount in sorted(years.items())]
