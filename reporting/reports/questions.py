"""A recipient's question as something for Today."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from collaboration.kinds import Words, waiting_kind
from collaboration.sentences import count_word
from reporting.models import ShareQuestion
from reporting.selectors.shares_managed import SUBJECT, links_unseen, questions_visible

KIND = "report_question"


def subject_of(question: ShareQuestion) -> str:
    """What its alert is about."""
    return f"{SUBJECT}{question.pk}"


def _words(alert: Any) -> Words:
    said = alert.evidence
    text = format_html(gettext("<b>{by}</b> about “{report}”: {text}"), **said)
    return Words(gettext("a reader asks"), text)


def _tally(count: int) -> str:
    said = ngettext("%(count)s reader's question waits", "%(count)s readers' questions wait", count)
    return said % {"count": count_word(count)}


QUESTION = waiting_kind(
    KIND,
    _("Reader's question"),
    "message",
    words=_words,
    url=lambda alert: reverse("reporting:share", args=[alert.evidence["share"]]),
    action=_("Read"),
    order=85,
    tally=_tally,
    permission="reporting.share",
    for_deputies=questions_visible,
)


def links_unseen_words(owner: Any, deputy: Any) -> str:
    """What is said of a deputy who does not find all links of the owner."""
    count = links_unseen(owner, deputy)
    said = ngettext(
        "%(name)s may not see what %(count)s shared link shows; questions by it wait for %(owner)s.",
        "%(name)s may not see what %(count)s shared links show; questions by them wait for %(owner)s.",
        count,
    )
    return said % {"name": deputy.name, "count": count, "owner": owner.name} if count else ""
