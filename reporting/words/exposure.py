"""What a report or a snapshot tells, counted in one sentence; and what waits to be told on purpose."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from collaboration.kinds import AlertKind, NotificationKind, Words
from collaboration.sentences import count_word
from core import formats, registries
from reporting.models import Snapshot
from reporting.selectors.grants import GRANT
from reporting.selectors.reports import Built
from reporting.selectors.share_versions import UNNAMED, More
from reporting.services.grants import DECIDED, WAITING


def exposure_sentence(told: Built | Snapshot, until: datetime.date | None = None) -> str:
    """ "14 fields of 3 products at 1 account, until 31 Dec 2026": what a snapshot, or a report as it would be
    published now, tells, and until when a link shows it."""
    if isinstance(told, Snapshot):
        fields, products = len(told.fields), len(told.product_ids)
        channels, accounts = len(told.channel_ids), told.about.get("accounts", [])
        is_all, lines = told.about.get("all_products", False), told.about.get("within", [])
    else:
        fields, products = len(told.fields), len(told.scope.products)
        channels, accounts = len(told.exposure.channels), told.exposure.accounts
        is_all, lines = told.exposure.all_products, told.exposure.within
    of = ngettext("%(n)s product", "%(n)s products", products)
    if is_all:
        of = gettext("all products of %(lines)s (%(n)s)") if lines else gettext("all products (%(n)s)")
    said = {
        "fields": _counted(ngettext("%(n)s field", "%(n)s fields", fields), fields),
        "products": of % {"n": formats.number(products, 0), "lines": ", ".join(lines)},
        "where": _where(channels, len(accounts)),
        "until": formats.day(until),
    }
    if until is None:
        return gettext("%(fields)s of %(products)s %(where)s") % said
    return gettext("%(fields)s of %(products)s %(where)s, until %(until)s") % said


def _where(channels: int, accounts: int) -> str:
    if not channels:
        return gettext("in all channels")
    if accounts:
        return _counted(ngettext("at %(n)s account", "at %(n)s accounts", accounts), accounts)
    return _counted(ngettext("in %(n)s channel", "in %(n)s channels", channels), channels)


def _counted(text: str, count: int) -> str:
    return text % {"n": formats.number(count, 0)}


def more_words(more: More) -> list[tuple[str, str]]:
    """What a version tells that a link was not made for: of what kind, and which, by name."""
    products = _products_named(more.products)
    if more.everything:
        text = gettext("all, also those that come later")
        if more.within:
            text = gettext("all of %(lines)s, also those that come later")
        products = [text % {"lines": ", ".join(more.within)}]
    said = (
        (gettext("Fields"), [field_label(key) for key in more.fields]),
        (gettext("Products"), products),
        (gettext("Told as a whole"), more.groups),
        (gettext("Channels"), [gettext("all")] if more.everywhere else more.channels),
        (gettext("Accounts whose figures are in it"), more.accounts),
        (gettext("Suppliers whose figures are in it"), more.suppliers),
    )
    return [(kind, ", ".join(names)) for kind, names in said if names]


def _products_named(names: Sequence[str]) -> list[str]:
    """The names, and how many products have none."""
    named = [name for name in names if name != UNNAMED]
    count = len(names) - len(named)
    if not count:
        return named
    if named:
        return [*named, gettext("and %(count)s more") % {"count": formats.number(count, 0)}]
    return [_counted(ngettext("%(n)s product", "%(n)s products", count), count)]


def field_label(key: str) -> str:
    """The key itself, where no room has the field any more."""
    return str(registries.report_fields.get(key).label) if key in registries.report_fields else key


def section_label(key: str) -> str:
    """Likewise of a section."""
    return str(registries.report_sections.get(key).label) if key in registries.report_sections else key


def _waiting_words(alert: Any) -> Words:
    said = alert.evidence
    text = format_html(
        gettext("{author} wants to tell <b>{field}</b> to the outside in “{report}”: {reason}"),
        **{**said, "field": field_label(said["field"])},
    )
    return Words(gettext("a field of a report waits for approval"), text)


def _waiting_tally(count: int) -> str:
    return ngettext(
        "%(count)s field of a report waits for approval",
        "%(count)s fields of reports wait for approval",
        count,
    ) % {"count": count_word(count)}


def _decided(params: Mapping[str, Any]) -> str:
    said = {
        "approved": gettext("%(who)s approved %(field)s in “%(report)s”"),
        "refused": gettext("%(who)s refused %(field)s in “%(report)s”: %(note)s"),
        "ended": gettext("%(who)s took back the approval of %(field)s in “%(report)s”"),
    }[params["state"]]
    return said % {**params, "field": field_label(params["field"])}


GRANT_WAITS = AlertKind(
    WAITING,
    _("Field of a report on purpose"),
    "eye",
    "warn",
    words=_waiting_words,
    url=lambda alert: reverse("reporting:grant", args=[alert.evidence["grant"]]),
    action=_("Decide"),
    order=58,
    tally=_waiting_tally,
    permission=GRANT,
    spark=False,
    asks=True,
)
GRANT_DECIDED = NotificationKind(DECIDED, _decided, "eye")
