"""Layers, reasons and verdicts of accuracy in words, and the sentence that sums a page up."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from forecasting.models.judgement import Reason
from forecasting.selectors.accuracy_sums import FINAL, Sums
from forecasting.value_added import Verdict


def layer_words(layer: str) -> str:
    """What a layer is called as a column or row: naive, statistical, driven, overridden or agreed."""
    return {
        "naive": _("as last year"),
        "statistical": _("calculated"),
        "driven": _("with known drivers"),
        "overridden": _("changed by hand"),
        "agreed": _("agreed"),
    }[layer]


def reason_words(code: str) -> str:
    """Why somebody changed a forecast."""
    return str(Reason(code).label) if code in Reason.values else code or _("reason not known")


def verdict_words(verdict: Verdict) -> str:
    return {
        Verdict.FEW: _("too few to say"),
        Verdict.HELPS: _("helps"),
        Verdict.HURTS: _("makes it worse"),
        Verdict.UNCLEAR: _("no clear difference"),
    }[verdict]


def lag_words(lag: int) -> str:
    return ngettext("%(count)s month ahead", "%(count)s months ahead", lag) % {"count": lag}


def summary_words(sums: Sums, lag: int, months: int) -> str:
    """One lag in a sentence or two; empty where nothing is defined."""
    final, naive = sums.layers[FINAL], sums.layers["naive"]
    if final.wape is None:
        return ""
    words = _("%(lag)s, the forecasts of the last %(months)s months were %(wape)s off.") % {
        "lag": lag_words(lag).capitalize(),
        "months": formats.number(months),
        "wape": formats.percent(final.wape),
    }
    if naive.wape is not None:
        words += " " + _("Repeating the year before would have been %(wape)s off.") % {
            "wape": formats.percent(naive.wape)
        }
    if final.coverage80 is not None:
        words += " " + _("The 80%% band held %(share)s of the months.") % {
            "share": formats.percent(final.coverage80, 0)
        }
    return words
