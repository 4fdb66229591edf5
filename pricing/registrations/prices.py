"""What prices and their proposals add to the other rooms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import formats, registries
from core.history import Related, history_extend, history_words
from core.later import later_in
from core.registries import (
    DecisionKind,
    EventSource,
    JobKind,
    NightlyStep,
    Panel,
    PlannedSource,
    ProductReading,
)

later = later_in("pricing")


def prices_within(user: Any) -> Mapping[str, Any]:
    """Of histories: what only who sees the marketing mix may read."""
    return {} if user.has_perm("pricing.view") else {"pk__in": ()}


def register() -> None:
    from collaboration.kinds import alert_kinds, notification_kinds
    from exchange.sheets import sheets
    from pricing.decision_readings import PRICE
    from pricing.models import Bound, Levy, ReferenceUse, VatCode, VatRate
    from pricing.price_events import READING
    from pricing.selectors.prices import VAT_CODES, VAT_RATES
    from pricing.selectors.proposals import JOB
    from pricing.selectors.yearly import READING as USES
    from pricing.sheets.levies import LeviesSheet
    from pricing.sheets.prices import PricesSheet
    from pricing.sheets.terms import TermsSheet
    from pricing.words.approvals import DECIDED, READY, WAITING
    from pricing.words.bounds import OVERTAKEN
    from pricing.words.prices import price_number
    from products.models import Product, ProductLine

    # Prices have a page of their own, which keeps to lists and drafts that a person may see.
    history_extend(
        Product,
        Related(VatCode, "product", _("VAT"), frozenset({"line"}), prices_within),
        Related(Bound, "product", _("Bound of a price"), frozenset({"line"}), prices_within),
    )
    history_extend(ProductLine, *(Related(of, "line", within=prices_within) for of in (ReferenceUse, Levy)))
    for model in (VatRate, Levy):
        history_words(model, "rate", formats.percent_whole)
    for field in ("least", "most"):
        history_words(Bound, field, price_number)
    registries.panels.register(
        Panel(
            "price", "mix", "pricing/_price_card.html", later("cards.prices.price_panel"), 20, "pricing.view"
        )
    )
    registries.decision_kinds.register(DecisionKind("price", _("Price proposals"), 10, PRICE))
    registries.event_sources.register(EventSource("prices", later("price_events.price_events"), 30))
    registries.product_readings.register(ProductReading(READING, later("price_events.price_reading"), 70))
    registries.product_readings.register(ProductReading(USES, later("selectors.yearly.uses_reading"), 75))
    for key, reading in ((VAT_RATES, "vat_rates_reading"), (VAT_CODES, "vat_codes_reading")):
        expression = later(f"selectors.prices.{reading}")
        registries.product_readings.register(ProductReading(key, expression, 76))
    registries.planned_sources.register(
        PlannedSource(
            "price",
            later("selectors.planned_prices.price_changes"),
            later("words.prices.planned_words"),
            _("Own prices of its products"),
        )
    )
    for kind, of_members in (
        ("advised", _("Advised prices of its products")),
        ("segment", _("Prices of its products for a segment")),
        ("currency", _("Prices of its products in another currency")),
    ):
        changes = later(f"selectors.unmoving_prices.{kind}_changes")
        words = later("words.prices.unmoving_words")
        registries.planned_sources.register(PlannedSource(f"{kind}_price", changes, words, of_members, 10))
    registries.job_kinds.register(
        JobKind(
            JOB,
            later("services.proposals.proposal_fill"),
            _("Prices of a proposal"),
            failed=later("services.proposals.proposal_fill_failed"),
        )
    )
    registries.nightly_steps.register(
        NightlyStep(
            "price_bounds",
            _("Prices and their bounds"),
            chunks=later("steps.price_bounds.chunks"),
            compute=later("steps.price_bounds.compute"),
            order=61,
        )
    )
    alert_kinds.register(*WAITING, OVERTAKEN)
    notification_kinds.register(*DECIDED, READY)
    sheets.register(PricesSheet(), LeviesSheet(), TermsSheet())
