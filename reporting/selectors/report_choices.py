"""What somebody chooses for a report besides whole sections: one chart or table of a section, of all products
or of one; or a cost report that is kept under a name, or only its chart or table."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, fields
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import JSONObject

from core.registries import FrameRows, ReportSection
from products.models import SavedView

COST_REPORT = "cost-report"
"""The page whose kept views are cost reports."""


@dataclass(frozen=True)
class Choice:
    """What a part has of its section, as :class:`~reporting.models.ReportPart` keeps it; nothing said: all
    of it, of all products."""

    block: str = ""
    product_id: int | None = None
    query: str = ""
    name: str = ""

    @classmethod
    def of(cls, part: Any) -> Choice:
        """Of a part of a report."""
        return cls(**{each.name: getattr(part, each.name) for each in fields(cls)})

    @classmethod
    def read(cls, text: str) -> Choice:
        """The inverse of ``text``. What never was a choice is nothing chosen."""
        try:
            block, product, query, name = json.loads(text)
            return cls(str(block), None if product is None else int(product), str(query), str(name))
        except (TypeError, ValueError):
            return WHOLE

    @property
    def text(self) -> str:
        """As a form says it; of nothing chosen: nothing."""
        return "" if self == WHOLE else json.dumps(astuple(self))


WHOLE = Choice()


def choice_known(section: ReportSection, choice: Choice) -> bool:
    """Whether the section has what is chosen of it."""
    if choice.block and choice.block not in section.blocks:
        return False
    if section.asks:
        return bool(choice.query and choice.name) and choice.product_id is None
    return not choice.query and not choice.name


def cost_reports_kept(user: Any) -> QuerySet[SavedView]:
    """One's own, and those that others share."""
    return SavedView.objects.filter(Q(user=user) | Q(shared=True), page=COST_REPORT).select_related("user")


def cost_views(user: Any) -> FrameRows:
    """The same as chips, read with the frame around the page."""
    row = JSONObject(pk="pk", name="name", query="query", user_id="user_id")
    return FrameRows(
        cost_reports_kept(user).select_related(None).order_by(),
        row,
        lambda rows: sorted(rows, key=lambda view: view["pk"]),
    )
