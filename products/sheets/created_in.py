"""In which line products are created that a file names no line for."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from exchange.sheets import Option
from products.models import ProductLine
from products.selectors.lines import lines_offered

CREATED_IN = "created_in"


def _offered(user: Any) -> list[tuple[str, Any]]:
    lines = ProductLine.objects.order_by("name") if user is None else lines_offered(user)
    return [(line.code, line.name) for line in lines]


OPTION = Option(
    CREATED_IN,
    _("In which product line are products created?"),
    _offered,
    fields=("product",),
    when_unclear=True,
    unsaid=_("the file's, else “New products”"),
)
