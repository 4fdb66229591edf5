"""What price sensitivity adds to the other rooms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import registries
from core.later import later_in
from core.registries import NightlyStep, Panel

later = later_in("pricing")


def register() -> None:
    registries.panels.register(
        Panel(
            "what-if",
            "mix_side",
            "pricing/_what_if_card.html",
            later("cards.what_if.what_if_panel"),
            10,
            "pricing.view",
        )
    )
    registries.nightly_steps.register(
        NightlyStep(
            "price_answers",
            _("Answers to price, product by product"),
            chunks=later("steps.elasticity.chunks"),
            compute=later("steps.elasticity.compute"),
            after=("forecast",),
            order=80,
        )
    )
    registries.nightly_steps.register(
        NightlyStep(
            "elasticity",
            _("Price sensitivity"),
            chunks=later("steps.elasticity.together_chunks"),
            compute=later("steps.elasticity.together"),
            after=("price_answers",),
            order=81,
        )
    )
