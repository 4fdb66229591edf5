"""The words of a line for what all lines have: price (tariff, premium), customer (insured person), volume
(policies); as the nearest line says that has one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from products.models import Measure
from products.models.line import CUSTOMER_WORDS, PRICE_WORDS, VOLUME_WORDS

if TYPE_CHECKING:
    from .lines import LineTree

USUAL_MEASURE = "units"
_WORDS = {
    "price_word": dict(PRICE_WORDS),
    # "account (customer)" tells the word from others in a choice; in a sentence it is an account.
    "customer_word": dict(CUSTOMER_WORDS) | {"account": _("account")},
    "volume_word": dict(VOLUME_WORDS),
}


def line_word(tree: LineTree, line_id: int, field: str) -> str:
    """The line's word in the reader's language: ``price_word``, ``customer_word`` or ``volume_word``; the
    usual one where no line says any."""
    known: dict[str, Any] = _WORDS[field]
    said = tree.inherited(line_id, field).value
    return str(known.get(said) or next(iter(known.values())))


def measure_in_words(measure: Measure, volume_word: str | None) -> Measure:
    """The usual measure by the line's word for volume; one with a name of its own keeps that."""
    if measure.code != USUAL_MEASURE or not volume_word or volume_word == USUAL_MEASURE:
        return measure
    english, dutch = _both_languages(volume_word)
    return Measure(
        pk=measure.pk,
        code=measure.code,
        name_en=english,
        name_nl=dutch,
        unit_en=english,
        unit_nl=dutch,
        kind=measure.kind,
        leaves=measure.leaves,
        version=measure.version,
    )


@cache
def _both_languages(volume_word: str) -> tuple[str, str]:
    label = dict(VOLUME_WORDS).get(volume_word, volume_word)
    found = []
    for language in ("en", "nl"):
        with override(language):
            found.append(str(label))
    return found[0], found[1]
