"""Files that could not be made as something for Today."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from collaboration.kinds import Words, waiting_kind
from collaboration.sentences import count_word


def _words(alert: Any) -> Words:
    said = alert.evidence
    text = gettext("<b>{title}</b>, version {number}: no {kind} of it, also not for who reads it by a link.")
    return Words(
        gettext("file of a report could not be made"),
        format_html(text, title=said["title"], number=said["number"], kind=said["kind"].upper()),
    )


def _tally(count: int) -> str:
    return ngettext(
        "%(count)s file of a report could not be made", "%(count)s files of reports could not be made", count
    ) % {"count": count_word(count)}


def _url(alert: Any) -> str:
    said = alert.evidence
    return reverse("reporting:snapshot_file", args=[said["report"], said["number"], said["kind"]])


FILE_FAILED = waiting_kind(
    "report_file_failed",
    _("File of a report failed"),
    "report",
    words=_words,
    url=_url,
    action=_("Try again"),
    order=86,
    tally=_tally,
    permission="reporting.edit",
)
