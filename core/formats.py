"""Numbers, amounts, dates and changes as people read them, in the language of the request.

Every function returns plain text and takes None (and NaN) as *missing*: "—", never 0. Rounding is half away
from zero, as in spreadsheets and ledgers. The template filters in `core.templatetags.core` wrap these.
"""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

MISSING = "—"
NBSP = "\u00a0"
MINUS = "\u2212"

Number = int | float | Decimal

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
MONTHS = {
    "nl": ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
SCALES = {"": Decimal(1), "k": Decimal(1000), "m": Decimal(1_000_000)}


def is_dutch() -> bool:
    """Whether the active language is Dutch; everything else reads the English forms."""
    return (get_language() or "en").startswith("nl")


def exact(value: Number | None) -> Decimal | None:
    """Return `value` as Decimal, or None when it is missing (None, NaN, infinity)."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    result = value if isinstance(value, Decimal) else Decimal(str(value))
    return result if result.is_finite() else None


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Round half away from zero; a result of nothing loses its sign."""
    result = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def digits(value: Decimal, decimals: int) -> str:
    """Write `value` with separators of the language and a real minus."""
    result = rounded(value, decimals)
    text = f"{abs(result):,.{decimals}f}"
    if is_dutch():
        text = text.translate(str.maketrans(",.", ".,"))
    return f"{MINUS}{text}" if result < 0 else text


def _needed_decimals(value: Decimal, most: int) -> int:
    """How many decimals, at most `most`, are needed to write `value`."""
    exponent = rounded(value, most).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def number(value: Number | None, decimals: int | None = None) -> str:
    """Write a number; without `decimals` as many as it needs, at most two."""
    found = exact(value)
    if found is None:
        return MISSING
    return digits(found, _needed_decimals(found, 2) if decimals is None else decimals)


def number_whole(value: Decimal) -> str:
    """Write a number with every decimal it has."""
    return digits(value, max(0, -int(value.normalize().as_tuple().exponent)))


def volume(value: Number | None, unit: str = "", decimals: int | None = None) -> str:
    """Write a volume in the product's unit; from 100 on whole, below with at most one decimal unless told."""
    found = exact(value)
    if found is None:
        return MISSING
    if decimals is None:
        decimals = 0 if abs(found) >= 100 else _needed_decimals(found, 1)
    text = digits(found, decimals)
    return f"{text}{NBSP}{unit}" if unit else text


def volume_decimals(values: Iterable[Number | None]) -> int:
    """How many decimals a column of volumes takes: as :func:`volume` writes the largest, the same for all."""
    found = [value for value in map(exact, values) if value is not None]
    if any(abs(value) >= 100 for value in found):
        return 0
    return max((_needed_decimals(value, 1) for value in found), default=0)


def million_word() -> str:
    """The short word for a million."""
    return pgettext("million, short", "m")


def compact_parts(value: Number | None) -> tuple[str, str]:
    """Split a large number into three telling digits and its word: ("1,14", "mln"), or ("488.000", "")."""
    found = exact(value)
    if found is None:
        return MISSING, ""
    billion, million = pgettext("billion, short", "bn"), million_word()
    for limit, word in ((Decimal(10**9), billion), (Decimal(10**6), million)):
        if abs(found) >= limit:
            scaled = found / limit
            return digits(scaled, 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0), word
    return volume(found), ""


def compact(value: Number | None, unit: str = "") -> str:
    """Write a large number shortly: "1,14 mln pakken"."""
    return NBSP.join(part for part in (*compact_parts(value), unit) if part)


def ends(low: Number, high: Number, unit: str = "") -> dict[str, str]:
    """Both ends of a range on one scale: 0,67 – 1,11 mln."""
    million = float(SCALES["m"])
    if max(abs(float(low)), abs(float(high))) < million:
        decimals = volume_decimals((low, high))
        return {"low": number(low, decimals), "high": volume(high, unit, decimals)}
    return {"low": number(float(low) / million, 2), "high": compact(high, unit)}


def currency_symbol(currency: str) -> str:
    """Return the sign of a currency, or its code where it has none here."""
    return SYMBOLS.get(currency, currency)


def with_currency(text: str, currency: str) -> str:
    """Put the currency before an already written amount, and before its sign in Dutch: "€ −1,00", in English
    "−€1.00"."""
    symbol = currency_symbol(currency)
    space = NBSP if is_dutch() or len(symbol) > 1 else ""
    if not is_dutch() and text.startswith((MINUS, "+")):
        return f"{text[0]}{symbol}{space}{text[1:]}"
    return f"{symbol}{space}{text}"


def money(value: Number | None, currency: str, decimals: int = 2, scale: str = "") -> str:
    """Write an amount: "€ 1.234,56".

    `scale` "k" or "m" divides by a thousand or a million and leaves sign and word to the column head
    (`scale_label`), "auto" writes millions as "€ 1,55 mln" and smaller amounts in whole units.
    """
    found = exact(value)
    if found is None:
        return MISSING
    if scale == "auto":
        text, word = compact_parts(rounded(found, 0))
        return with_currency(text, currency) + (f"{NBSP}{word}" if word else "")
    if scale:
        return digits(found / SCALES[scale], decimals)
    return with_currency(digits(found, decimals), currency)


def scale_label(scale: str, currency: str) -> str:
    """Say in a column head what amounts are multiplied by: "x € 1.000", "x € 1 mln", or only "€"."""
    if scale == "k":
        return f"x{NBSP}{with_currency(digits(SCALES['k'], 0), currency)}"
    if scale == "m":
        return f"x{NBSP}{with_currency('1', currency)}{NBSP}{million_word()}"
    return currency_symbol(currency)


def percent(rate: Number | None, decimals: int | None = 1) -> str:
    """Write a rate (0.412) as "41,2%"; without `decimals` as many as it needs, at most four."""
    found = exact(rate)
    if found is None:
        return MISSING
    return f"{digits(found * 100, _needed_decimals(found * 100, 4) if decimals is None else decimals)}%"


def percent_whole(rate: Decimal) -> str:
    """Write a rate (0.0225) with every decimal it has: "2,25%"."""
    return f"{number_whole(rate * 100)}%"


def share(rate: Number | None) -> str:
    """Write a part of a whole in whole percents; what is there but less than one: "< 1%"."""
    found = exact(rate)
    if found is not None and 0 < found < Decimal("0.01"):
        return f"<{NBSP}1%"
    return percent(rate, 0)


def index(value: Number | None) -> str:
    """Write an index (104.3, where 100 is last year) as "104"."""
    found = exact(value)
    return MISSING if found is None else digits(found, 0)


@dataclass(frozen=True)
class Delta:
    """A change in words: signed text, the arrow that follows the number, the class for good or bad."""

    text: str
    arrow: str
    css: str


def delta(
    value: Number | None, kind: str = "percent", good: str = "up", decimals: int | None = None, unit: str = ""
) -> Delta:
    """Describe a change.

    `kind`: "percent" (a rate, 0.041), "points" (a rate, said in percentage points), "number" (with `unit`),
    "money" (the currency in `unit`), "index" (104 reads against 100). `good`: "up", "down", or
    "none" when it is neither. A change that rounds to nothing is flat.
    """
    found = exact(value)
    if found is None:
        return Delta(MISSING, "", "missing")
    change = found - 100 if kind == "index" else found * 100 if kind in {"percent", "points"} else found
    places = (
        {"percent": 1, "points": 1, "money": 2, "index": 0, "number": 0}[kind]
        if decimals is None
        else decimals
    )
    shown = rounded(change, places)
    sign = "+" if shown > 0 else ""
    if kind == "index":
        text = index(found)
    elif kind == "money":
        text = with_currency(f"{sign}{digits(found, places)}", unit)
    else:
        tail = {"percent": "%", "points": NBSP + _("pp")}.get(kind, f"{NBSP}{unit}" if unit else "")
        text = f"{sign}{digits(change, places)}{tail}"
    if shown == 0:
        return Delta(text, "→", "flat")
    direction = "up" if shown > 0 else "down"
    is_good = direction == good
    if good == "none":
        tone = "plain"
    elif is_good == (direction == "up"):
        tone = ""  # up is good and down is bad: the plain classes say it
    else:
        tone = "good" if is_good else "bad"
    return Delta(text, "▲" if shown > 0 else "▼", f"{direction} {tone}".strip())


def month(value: dt.date | None) -> str:
    """Write a month: "nov 2026"."""
    if value is None:
        return MISSING
    return f"{MONTHS['nl' if is_dutch() else 'en'][value.month - 1]}{NBSP}{value.year}"


def week(value: dt.date | None) -> str:
    """Write the ISO week of a day: "wk 47"."""
    return MISSING if value is None else f"wk{NBSP}{value.isocalendar().week}"


def _local(value: dt.date) -> dt.date:
    """Bring an aware moment to the current time zone."""
    return timezone.localtime(value) if isinstance(value, dt.datetime) and timezone.is_aware(value) else value


def day(value: dt.date | None) -> str:
    """Write a date: "12-11-2026", in English "12 Nov 2026"; of a moment, its day in the current time zone."""
    if value is None:
        return MISSING
    local = _local(value)
    return f"{local:%d-%m-%Y}" if is_dutch() else f"{local.day}{NBSP}{month(local)}"


def moment(value: dt.datetime | None) -> str:
    """Write date and time in the current time zone: "12-11-2026 14:05"."""
    return MISSING if value is None else f"{day(value)} {_local(value):%H:%M}"


def ago(value: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """Say how long ago a moment was, in its largest whole unit; older than 30 days: its date."""
    if value is None:
        return MISSING
    seconds = int(((now or timezone.now()) - value).total_seconds())
    if seconds < 60:
        return _("just now")
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes) % {"count": minutes}
    if hours < 24:
        return ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {"count": hours}
    if days <= 30:
        return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": days}
    return day(value)
