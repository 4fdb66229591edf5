"""The columns of the product list. Higher rooms add theirs by ``list_columns.register`` in ``ready()``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.registry import Registry

from .access import FORECASTS_RIGHT


@dataclass(frozen=True)
class ListColumn:
    """A column another room adds.

    ``annotation(user)`` is an expression over ``Product`` with one number a row (``None``: missing): it is
    only in the query when the column is shown, sorted by or filtered on. ``adds``: its values may be
    summed. ``url(product)`` makes the number a link. ``filter_label`` offers a filter "has any"; its key is
    the column's. ``small="money"``: an amount, shown in thousands. A person without ``permission`` never
    gets the column, nor its sort or filter.
    """

    key: str
    label: Any
    annotation: Callable[[Any], Any]
    small: Any = ""
    order: int = 0
    permission: str = ""
    adds: bool = True
    as_signal: bool = False
    decimals: int = 0
    filter_label: Any = ""
    shown: bool = True
    url: Callable[[Any], str] | None = None


list_columns: Registry[ListColumn] = Registry("columns of the product list")


@dataclass(frozen=True)
class Column:
    """A column as the list shows it. ``sort`` is what it is ordered by (empty: it is not), ``of_sales``: made
    over all channels; a person limited to some gets it for those only, or (forecast, stage) not at all. Who
    has not the right ``permission`` never gets it, nor its sort."""

    key: str
    label: Any
    small: Any = ""
    numeric: bool = False
    sort: str = ""
    shown: bool = False
    of_sales: bool = False
    added: ListColumn | None = None
    permission: str = ""


OWN: tuple[Column, ...] = (
    Column("stage", _("Stage"), sort="figures__stage", shown=True, of_sales=True, permission=FORECASTS_RIGHT),
    Column("trend", _("Trend"), _("36 months and forecast"), shown=True, of_sales=True),
    Column("revenue_12m", _("Revenue 12 months"), "money", True, "figures__revenue_12m", True, True),
    Column("growth", _("Growth"), _("on the year before"), True, "figures__growth_rate", True, True),
    Column(
        "forecast_12m",
        _("Forecast 12 months"),
        "money_band",
        True,
        "figures__forecast_12m_amount",
        True,
        True,
        permission=FORECASTS_RIGHT,
    ),
    Column("volume_12m", _("Volume 12 months"), "", True, "figures__volume_12m", False, True),
    Column(
        "forecast_volume",
        _("Forecast volume"),
        _("12 months (80% band)"),
        True,
        "figures__forecast_12m",
        False,
        True,
        permission=FORECASTS_RIGHT,
    ),
    Column("line", _("Line"), sort="line__name"),
    Column("owner", _("Owner"), sort="owner__name"),
    Column("status", _("Status"), sort="ended"),
    Column("kind", _("Kind"), sort="kind"),
    Column("launched", _("Launched"), sort="launched"),
    Column("ended", _("Ended"), sort="ended"),
    Column("supplier", _("Supplier"), sort="supplier__name"),
    Column("segment", _("Segment"), sort="segment__name"),
    Column("review", _("Next review")),
    Column("data_month", _("Data up to"), sort="figures__data_month", of_sales=True),
)


def columns_for(user: Any) -> list[Column]:
    """Every column the person may have, in order; those of other rooms come after the forecast."""
    added = [
        Column(entry.key, entry.label, entry.small, True, f"added_{entry.key}", entry.shown, added=entry)
        for entry in list_columns
        if not entry.permission or user.has_perm(entry.permission)
    ]
    own = [column for column in OWN if not column.permission or user.has_perm(column.permission)]
    position = next(index for index, column in enumerate(own) if column.key == "line")
    return [*own[:position], *added, *own[position:]]


def columns_chosen(available: Sequence[Column], keys: Sequence[str]) -> list[Column]:
    """The columns with these keys, in the given order; without keys those shown by default."""
    by_key = {column.key: column for column in available}
    chosen = [by_key[key] for key in dict.fromkeys(keys) if key in by_key]
    return chosen or [column for column in available if column.shown]
