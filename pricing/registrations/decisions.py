"""What measured decisions add to the other rooms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import registries
from core.later import later_in
from core.registries import NightlyStep

later = later_in("pricing")


def register() -> None:
    registries.nightly_steps.register(
        NightlyStep(
            "decisions",
            _("What decisions did"),
            chunks=later("steps.decisions.chunks"),
            compute=later("steps.decisions.compute"),
            after=("forecast",),
            order=75,
        )
    )
