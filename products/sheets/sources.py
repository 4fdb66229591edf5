"""Whose product codes a file has: the same number may mean one product at one customer and another elsewhere.

A row can say it in a column, else the answer to the question holds, which is asked once per file layout and
only when a code means several products without it.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.kept import kept_while_reading
from exchange.sheets import Field, Option
from products.models import ProductCode
from products.services.codes import RESERVED_SOURCES

ANY, *OWN_WORDS = RESERVED_SOURCES
OWN = OWN_WORDS[0]
CODE_SOURCE = "code_source"


@kept_while_reading
def sources_known(_user: Any = None) -> list[tuple[str, Any]]:
    """The answers: any source, one's own codes, and each source that a product has another code in."""
    names: dict[str, str] = {}
    for name in ProductCode.objects.order_by("source").values_list("source", flat=True).distinct():
        names.setdefault(name.lower(), name)
    if not names:
        return []
    said = [(name, name) for name in names.values()]
    return [(ANY, _("of any source")), (OWN, _("our own codes")), *said]


def source_wanted(text: str | None, answer: Any) -> str:
    """What a row says (``text``) or else the file's answer, in small letters: ``own``, a source, or '' for
    all of them."""
    wanted = (text or str(answer or "")).lower()
    return "" if wanted == ANY else OWN if wanted in OWN_WORDS else wanted


PRODUCT = Field(
    "product", "code", _("Product"), aliases=("sku", "code", "product_code", "artikel", "artikelnummer")
)
CHANNEL = Field(
    "channel", "code", _("Channel"), aliases=("kanaal", "klant", "afnemer", "account", "customer")
)
START_DATE = Field(
    "start_date", "date", _("From"), required=True, aliases=("from", "vanaf", "ingangsdatum", "datum")
)
FIELD = Field(
    CODE_SOURCE,
    "text",
    _("Source of the code"),
    aliases=("source_of_code", "source_of_the_code", "bron_van_de_code", "bron_van_code", "codebron"),
    help_text=_("Whose code it is: a source named with the product's other codes, or “own”."),
)
OPTION = Option(
    CODE_SOURCE,
    _("Whose product codes are these?"),
    sources_known,
    fields=("product",),
    when_unclear=True,
)
