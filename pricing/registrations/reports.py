"""What the marketing mix offers for reports."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import registries
from core.later import later_in
from core.registries import CHART, TABLE, ReportField, ReportSection

later = later_in("pricing")


def register() -> None:
    registries.report_fields.register(
        ReportField("consumer_price", _("Prices to consumers"), order=110),
        ReportField("account_price", _("Prices of the one account it is for"), order=120),
        ReportField("prices", _("Prices on every list, and the next"), "internal", 130),
        ReportField("pocket", _("Pocket price, terms of customers"), "internal", 135),
        ReportField("promotion", _("Promotions that began"), order=140),
        ReportField("promotion_plan", _("Promotions to come, and what they did"), "internal", 150),
        ReportField("distribution", _("Distribution"), order=160),
        ReportField("listing", _("Listings, shares of channels"), "internal", 170),
        ReportField("positioning", _("Positioning"), "internal", 180),
    )
    pocket = {**TABLE, "pocket": _("Chart from list price to pocket price")}
    spread = {**TABLE, "distribution": _("Chart of distribution over time")}
    for order, place, key, label, blocks in (
        (60, "mix", "positioning", _("Positioning"), TABLE),
        (61, "prices", "prices", _("Prices"), pocket),
        (62, "prices", "price_charts", _("Price and volume over time"), CHART),
        (63, "mix", "place", _("Place"), spread),
        (64, "mix", "promotions", _("Promotions"), {**CHART, **TABLE}),
    ):
        build = later(f"report_sections.{place}.{key}_section")
        registries.report_sections.register(ReportSection(key, label, build, order, "pricing.view", blocks))
