"""Promotions in words: how the offer works, from when to when, what stands in its way."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from pricing.engine.mechanics import mechanic_price
from pricing.models import Promotion, PromotionProduct
from pricing.selectors.promotion_runs import days_run
from pricing.selectors.promotions import Flags, currency_of

from .prices import told_bound

Mechanic = Promotion.Mechanic


def money(promotion: Promotion, value: Decimal | float | None) -> str:
    """In its currency."""
    return formats.money(value, currency_of(promotion))


def mechanic_words(promotion: Promotion) -> str:
    """How the offer works, with its figures: "price cut, 25%"."""
    word = str(promotion.get_mechanic_display())
    if promotion.mechanic == Mechanic.N_FOR:
        return _("%(count)s for %(money)s") % {
            "count": promotion.quantity,
            "money": money(promotion, promotion.amount),
        }
    if promotion.rate is not None:
        sign = "+" if promotion.mechanic == Mechanic.BONUS_PACK else ""
        return f"{word}, {sign}{formats.percent(promotion.rate, None)}"
    return f"{word}, {money(promotion, promotion.amount)}" if promotion.amount is not None else word


def span_words(first: datetime.date, last: datetime.date) -> str:
    return f"{formats.day(first)} – {formats.day(last)}"


def ran_words(promotion: Promotion) -> tuple[str, str]:
    """Its days in the store and of delivery, of one that was stopped those it ran; "" for none."""
    store, delivery = (span_words(*days) if days else "" for days in days_run(promotion))
    return store, delivery


def delivery_words(promotion: Promotion) -> str:
    """From when to when the trade gets it; "" where that is not said."""
    first, last = promotion.delivery_start, promotion.delivery_end
    return "" if first is None or last is None else span_words(first, last)


def promotion_label(promotion: Promotion) -> str:
    """What a bar of the calendar says to who listens or points at it."""
    dates, delivered = ran_words(promotion)
    parts = [
        promotion.name,
        dates,
        _("delivery %(dates)s") % {"dates": delivered} if delivered else "",
        str(promotion.get_state_display()),
    ]
    return ", ".join(filter(None, parts))


def effective_of(promotion: Promotion, row: PromotionProduct) -> Decimal | None:
    """What a unit costs in the promotion: as said, else by its mechanic; in cents."""
    if row.effective_price is not None:
        return row.effective_price
    found = mechanic_price(
        promotion.mechanic,
        None if row.price is None else float(row.price),
        rate=None if promotion.rate is None else float(promotion.rate),
        amount=None if promotion.amount is None else float(promotion.amount),
        quantity=promotion.quantity,
    )
    # Rounded at a tenth of a cent first: 0.85 × 2.99 in floats is not quite what it is on paper.
    return None if found is None else formats.rounded(Decimal(str(round(found, 6))), 4)


def cut_of(
    row: PromotionProduct, listed: Decimal | None, currency: str
) -> tuple[Decimal | None, Decimal | None]:
    """What a unit normally costs and what it costs in the promotion, where a list in the currency says
    ``listed``: the normal price as said of the promotion, else that. An amount in another currency says
    nothing of it."""
    promotion = row.promotion
    if currency == currency_of(promotion):
        normal = listed if row.price is None else row.price
        said = PromotionProduct(price=normal, effective_price=row.effective_price)
        return normal, effective_of(promotion, said)
    if promotion.amount is None and row.effective_price is None:
        return listed, effective_of(promotion, PromotionProduct(price=listed))
    return listed, None


def flag_lines(flags: Flags) -> list[str]:
    """A sentence for each thing in its way."""
    said = [
        _("Overlaps with “%(name)s” (%(dates)s): same product and channel.")
        % {"name": other.name, "dates": span_words(other.store_start, other.store_end)}
        for other in flags.overlaps
    ]
    said += [
        _("%(product)s passes a bound: from %(day)s on %(source)s sets %(bound)s.")
        % {
            "product": product.name,
            "day": formats.day(datetime.date.fromisoformat(told["day"])),
            "source": told["source"],
            "bound": told_bound(told),
        }
        for product, told in flags.bounds
    ]
    return said + [
        _("Forbidden period of %(where)s (%(dates)s): %(reason)s.")
        % {
            "where": period.line or period.channel,
            "dates": span_words(period.start_date, period.end_date),
            "reason": period.reason,
        }
        for period in flags.forbidden
    ]


def state_css(promotion: Promotion) -> str:
    """The dot before its state."""
    return {"approved": "ok", "proposed": "wait"}.get(promotion.state, "")


def row_words(promotion: Promotion) -> dict[str, Any]:
    """What tables say of a promotion beside its name."""
    return {
        "mechanic": mechanic_words(promotion),
        "dates": span_words(promotion.store_start, promotion.store_end),
        "delivery": delivery_words(promotion),
        "state_css": state_css(promotion),
    }


def effect_reason(code: str) -> str:
    """Why an effect could not be measured; "" without a reason."""
    return {
        "": "",
        "level": _(
            "It counts a state. A promotion shows in what comes in; its line counts no single flow in the "
            "same unit that says so."
        ),
        "no_sales": _("There are no sales of these days and channels."),
        "short_history": _("Its history is too short: 26 weeks or 12 months are needed."),
        "few_normal": _("Too few weeks without a promotion to tell what is normal."),
        "gap": _("Sales of some of its days are missing."),
    }.get(code, code)


def earnings_reason(code: str) -> str:
    """Why it is not said what a promotion earned."""
    return {
        "no_effect": _("What it did to sales could not be measured."),
        "no_price": _("There is no revenue of the months before it, or of those it ran in."),
        "no_costs": _("No costs that move with its sales are known."),
        "state": _("It counts a state: what came in brings in for longer than is looked at here."),
    }[code]


def planned_words(params: Mapping[str, Any]) -> tuple[str, str]:
    """What an approved promotion ahead does to the forecast."""
    first, last = (datetime.date.fromisoformat(params[name]) for name in ("start", "end"))
    low, high = (formats.delta(value, "percent").text for value in params["range"])
    said = {
        "span": span_words(first, last),
        "mechanic": Mechanic(params["mechanic"]).label,
        "uplift": formats.delta(params["uplift"], "percent").text,
        "low": low,
        "high": high,
        "count": formats.number(params["count"], 0),
        "own": formats.number(params["own"], 0),
        "pulled": formats.percent(params["pulled"], 0),
    }
    text = _(
        "%(span)s, %(mechanic)s: %(uplift)s while it runs (%(low)s to %(high)s, 80%%), as %(count)s earlier "
        "ones did, %(own)s of them of this product; %(pulled)s of that is missing in the weeks after."
    )
    text %= said
    if params.get("price", 1.0) < 1:
        text += " " + _("Revenue ahead counts with %(price)s of the normal price in it.") % {
            "price": formats.percent(params["price"], 0)
        }
    if params["others"]:
        text += " " + ngettext("With %(n)s other ahead.", "With %(n)s others ahead.", params["others"]) % {
            "n": formats.number(params["others"], 0)
        }
    return _("Promotion %(name)s") % {"name": params["name"]}, text
