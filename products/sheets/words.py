"""The words for what the sheets of products refuse; the codes are in ``refused``."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

MONTH_CLOSED = _(
    "months until %(until)s are closed and this row would change one; it can be imported as a correction, "
    "with a reason"
)
REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _(
        "several products have this code in different sources; say whose code it is, in a column or as the "
        "option code_source"
    ),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "code_means_another": _("already is another code of an existing product"),
    "product_code_reserved": _("is the name of a page, so it cannot be the code of a product"),
    "channel_unknown": _("no channel has this code or name"),
    "channel_ambiguous": _("several channels have this name; use the code"),
    "measure_unknown": _("no measure has this code or name"),
    "measure_not_of_line": _("products of this line do not have this measure"),
    "date_missing": _("no month, week or date"),
    "amount_missing": _("neither volume nor revenue"),
    "duplicate": _("line %(other)s of the file is about the same product, channel, measure and time"),
    "overlap_in_file": _("line %(other)s of the file covers the same time"),
    "overlap_day": _("there are figures by the day for this time: %(start)s"),
    "overlap_week": _("there are figures by the week for this time: the week of %(start)s"),
    "overlap_month": _("there are figures by the month for this time: %(start)s"),
    "month_closed": MONTH_CLOSED,
    "in_future": _("lies in the future; there can be figures up to %(until)s"),
    "line_unknown": _("no product line has this code or name"),
    "line_lacks_measure": _(
        "products of this line do not count “%(measure)s”, in which the product has figures: nothing would "
        "show them any more; let the line count that measure too, or undo the import of the figures, move "
        "the product and import them again"
    ),
    "kind_unknown": _("neither a good nor a service"),
    "too_long": _("too long"),
    "duplicate_code": _("line %(other)s of the file is about the same product"),
    "owner_unknown": _("nobody with this e-mail address works here"),
    "supplier_unknown": _("no supplier has this code or name"),
    "segment_unknown": _("no customer segment has this code or name"),
    "floor_not_seen": _("margin floors are for who may see costs: leave the column out"),
    "floor_not_a_share": _("not a share between -1 and 1, such as 0.25"),
    "review_not_months": _("not a whole number of months from 1 to 120"),
    "ends_before_launch": _("ends before it is launched"),
    "other_code_taken": _("this code already means another product"),
    "other_code_is_own": _("is the own code of another product"),
    "source_reserved": _("“any” and “own” cannot be the name of a source"),
    "subject_missing": _("neither a product nor a product line"),
    "budget_unknown": _("no budget has this code"),
    "budget_frozen": _("this budget is frozen and does not change any more"),
    "budget_other_year": _("this month is not in the year of the budget, %(year)s"),
}

CREATES: dict[str, Any] = {
    "products": _("products"),
    "lines": _("product lines"),
    "channels": _("channels"),
    "budgets": _("budgets"),
}
