"""The kinds of alerts the night raises, and the notification of a run that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext, ngettext_lazy, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from collaboration.kinds import AlertKind, NotificationKind, alert_kinds, notification_kinds
from collaboration.sentences import count_word
from core import formats

from . import words
from .thresholds import thresholds_register


def _product(alert: Any) -> str:
    return str(alert.product.get_absolute_url())


def _forecast(alert: Any) -> str:
    return reverse("forecasting:product", args=[alert.product.code])


def _total(alert: Any) -> str:
    return f"{reverse('forecasting:totals')}?line={alert.line.code}"


def _launch(alert: Any) -> str:
    return reverse("forecasting:launch", args=[alert.product.code])


def _run(alert: Any) -> str:
    if alert.product is not None:
        return _forecast(alert)
    return reverse("forecasting:run", args=[alert.evidence["run"]])


def _data(alert: Any) -> str:
    return reverse("exchange:list")


def _run_done(params: Mapping[str, Any]) -> str:
    failed = int(params.get("failed") or 0)
    if not failed:
        return gettext("The run you asked for is done.")
    return ngettext(
        "The run you asked for is done; %(count)s product could not be computed.",
        "The run you asked for is done; %(count)s products could not be computed.",
        failed,
    ) % {"count": formats.number(failed, 0)}


def _tally(said: Any) -> Callable[[int], str]:
    """The kind's part of the morning's sentence: "two forecasts moved"."""
    return lambda count: said % {"n": count, "count": count_word(count)}


def kinds_register() -> None:
    thresholds_register()
    alert_kinds.register(
        AlertKind(
            "failed",
            _("Not recomputed"),
            "alert-triangle",
            "",
            words=words.failed,
            url=_run,
            action=_("Look"),
            order=10,
            tally=_tally(
                ngettext_lazy(
                    "%(count)s product could not be recomputed",
                    "%(count)s products could not be recomputed",
                    "n",
                )
            ),
            all_channels=False,
            spark=False,
        ),
        AlertKind(
            "band",
            _("Outside expectation"),
            "trending-down",
            "neg",
            words=words.band,
            url=_product,
            action=_("Look"),
            order=20,
            permission="forecasting.view",
            tally=_tally(
                ngettext_lazy(
                    "%(count)s product sold clearly more or less than expected",
                    "%(count)s products sold clearly more or less than expected",
                    "n",
                )
            ),
        ),
        AlertKind(
            "stage",
            _("Stage proposed"),
            "timeline",
            "",
            words=words.stage,
            url=_forecast,
            action=_("Judge"),
            order=30,
            permission="forecasting.view",
            tally=_tally(
                ngettext_lazy(
                    "%(count)s stage waits for your judgement",
                    "%(count)s stages wait for your judgement",
                    "n",
                )
            ),
            acts="forecasting.edit",
            told=_tally(
                ngettext_lazy(
                    "%(count)s product seems to be in another stage",
                    "%(count)s products seem to be in another stage",
                    "n",
                )
            ),
        ),
        AlertKind(
            "moved",
            _("Forecast moved"),
            "trending-up",
            "fc",
            words=words.moved,
            url=_forecast,
            action=_("Look"),
            order=40,
            permission="forecasting.view",
            tally=_tally(ngettext_lazy("%(count)s forecast moved", "%(count)s forecasts moved", "n")),
        ),
        AlertKind(
            "budget",
            _("Off budget"),
            "target",
            "warn",
            words=words.budget,
            url=_product,
            action=_("Look"),
            order=50,
            permission="forecasting.view",
            tally=_tally(
                ngettext_lazy(
                    "%(count)s product is heading off its budget",
                    "%(count)s products are heading off their budget",
                    "n",
                )
            ),
        ),
        AlertKind(
            "line_budget",
            _("Line off budget"),
            "target",
            "warn",
            words=words.budget,
            url=_total,
            action=_("Look"),
            order=52,
            permission="forecasting.view",
            tally=_tally(
                ngettext_lazy(
                    "%(count)s product line is heading off its budget",
                    "%(count)s product lines are heading off their budget",
                    "n",
                )
            ),
            spark=False,
        ),
        AlertKind(
            "little_history",
            _("Too little history"),
            "hourglass",
            "",
            words=words.little_history,
            url=_launch,
            action=_("Choose a like-item"),
            acts="forecasting.edit",
            order=60,
            permission="forecasting.view",
            tally=_tally(
                ngettext_lazy(
                    "%(count)s new product has too little history",
                    "%(count)s new products have too little history",
                    "n",
                )
            ),
        ),
        AlertKind(
            "late",
            _("Data late"),
            "clock-exclamation",
            "warn",
            words=words.late,
            url=_data,
            action=pgettext_lazy("verb", "Import"),
            acts="exchange.import",
            order=70,
            tally=_tally(
                ngettext_lazy("data are late in %(count)s place", "data are late in %(count)s places", "n")
            ),
            all_channels=False,
            spark=False,
        ),
        AlertKind(
            "half",
            _("Loaded in part"),
            "clock-exclamation",
            "warn",
            words=words.half,
            url=_data,
            action=pgettext_lazy("verb", "Import"),
            acts="exchange.import",
            order=72,
            tally=_tally(
                ngettext_lazy(
                    "the last month of %(count)s product line seems loaded in part",
                    "the last month of %(count)s product lines seems loaded in part",
                    "n",
                )
            ),
            spark=False,
        ),
    )
    notification_kinds.register(NotificationKind("run_done", _run_done, "moon-stars"))
