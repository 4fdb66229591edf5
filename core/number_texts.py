"""Numbers as text: which decimal mark they speak for, and how they are read under one."""

from __future__ import annotations

import re

from django.utils.formats import get_format

DECIMALS = (".", ",")
INTEGER_DIGITS = 14
"""Before the decimal mark: what numeric(18,4) holds."""
_GROUPING = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009'’](?=\d{3}(?!\d))", re.ASCII)
_NO_CENTS = re.compile(r"^([+-]?\d+)[.,][-\u2013\u2014]{1,2}$|(?<=[.,])[-\u2013\u2014]{1,2}$", re.ASCII)
_NEGATIVE = re.compile(r"-\s*(?P<after>.+)|\((?P<inside>.+)\)")
_CURRENCY = re.compile(r"^(?:€|EUR|\$|£)|(?:€|EUR)$")
_NOT_FINITE = {"nan", "inf", "infinity", "-inf", "-infinity", "+inf", "+infinity", "-nan", "+nan"}
_SIGN = r"[+-]?"
_EXPONENT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+", re.ASCII)
_BY_DECIMAL = {
    decimal: re.compile(
        rf"({_SIGN})(\d+|[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+)?(?:{re.escape(decimal)}(\d*))?",
        re.ASCII,
    )
    for decimal, group in ((".", ","), (",", "."))
}
_AMBIGUOUS = re.compile(rf"{_SIGN}[1-9]\d{{0,2}}[.,]\d{{3}}", re.ASCII)


def decimal_mark() -> str:
    """Of the person's language."""
    return str(get_format("DECIMAL_SEPARATOR"))


def _bare(text: str) -> str:
    """Without blanks between groups and without currency; a dash for no cents (12,-) goes. A minus before the
    currency or at the end, and brackets, as ledgers write them, become a minus in front."""
    text = _GROUPING.sub("", text.replace("\u2212", "-").strip())
    minus = ""
    if negative := _NEGATIVE.fullmatch(text):
        minus, text = "-", (negative["after"] or negative["inside"]).strip()
    text = _NO_CENTS.sub(r"\1", _CURRENCY.sub("", text).strip())
    if len(text) > 1 and text.endswith("-") and text[0].isdigit():
        text = f"-{text[:-1]}"
    return f"{minus}{text}"


def without_percent(text: str) -> str:
    return text.rstrip().removesuffix("%")


def decimal_evidence(text: str) -> str | None:
    """What one value says: ``"."``, ``","``, ``"?"`` for a value that can be read two ways, ``None`` for
    nothing. A % behind it says nothing of the mark."""
    if "." not in text and "," not in text:
        return None
    bare = _bare(without_percent(text))
    if _AMBIGUOUS.fullmatch(bare):
        return "?"
    as_point = _BY_DECIMAL["."].fullmatch(bare) is not None
    as_comma = _BY_DECIMAL[","].fullmatch(bare) is not None
    if as_point == as_comma:
        return None
    return "." if as_point else ","


def number_read(text: str, decimal: str) -> tuple[str, str]:
    """``(number, "")`` as PostgreSQL reads it, or ``("", code)`` when it is none under this decimal mark."""
    bare = _bare(text)
    found = _BY_DECIMAL[decimal].fullmatch(bare)
    if found is None or (found[2] is None and not found[3]):
        if bare.lower() in _NOT_FINITE:
            return "", "number_not_finite"
        if _EXPONENT.fullmatch(bare) and decimal == ".":
            return float_read(float(bare))
        return "", "number_unreadable"
    sign, whole, fraction = found[1], found[2] or "0", found[3] or "0"
    whole = whole.replace("." if decimal == "," else ",", "").lstrip("0") or "0"
    if len(whole) > INTEGER_DIGITS:
        return "", "number_too_large"
    return f"{'-' if sign == '-' else ''}{whole}.{fraction}", ""


def float_read(value: float) -> tuple[str, str]:
    """A number that came as one (from XLSX), as :func:`number_read`."""
    if value != value or value in (float("inf"), float("-inf")):
        return "", "number_not_finite"
    if abs(value) >= 10**INTEGER_DIGITS:
        return "", "number_too_large"
    return repr(value), ""
