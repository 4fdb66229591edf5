"""Imports that wait for a person or have come to their end: an alert, and word to who asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core import formats
from core.organisation import today
from exchange.messages import in_words
from exchange.models import Import
from exchange.selectors import imports_to_approve, imports_waiting
from exchange.services.imports import applying_refused

from .kinds import Words, waiting_kind
from .sentences import count_word
from .services.alerts import Candidate, Settled, alerts_settle
from .services.notifications import notify

KIND = "import_waiting"
UNATTENDED = (Import.Source.FOLDER, Import.Source.API)


def _candidate(row: Import) -> Candidate:
    return Candidate(
        subject=f"import:{row.pk}",
        fingerprint="failed" if row.state == Import.State.FAILED else "waiting",
        stake_amount=Decimal(0),
        evidence={
            "import": row.pk,
            "file": row.file_name,
            "refused": row.counts.get("refused", 0),
            "questions": len(row.questions),
            "error": row.error_code if row.state == Import.State.FAILED else "",
            "error_params": row.error_params if row.state == Import.State.FAILED else {},
        },
        recipient_id=None if _for_another(row) else row.created_by_id,
    )


def _for_another(row: Import) -> bool:
    """Whether it is checked and somebody other than who brought it has to apply it."""
    return row.state == Import.State.READY and applying_refused(row, row.created_by) is not None


def imports_settle() -> Settled:
    """Bring the alerts in line with the imports that wait: what was discarded meanwhile is over."""
    rows = {row.pk: row for row in imports_waiting()}
    rows |= {row.pk: row for row in imports_to_approve() if _for_another(row)}
    return alerts_settle(
        kind=KIND,
        candidates=[_candidate(row) for row in rows.values()],
        local_date=today(),
        ignore_threshold=True,
    )


def arrived(row: Import) -> None:
    """An import changed its state: alert when it came by itself, or somebody else has to apply it, and waits;
    and tell who uploaded it."""
    if row.source in UNATTENDED or row.counts.get("approval"):
        waits = row.is_open or row.state == Import.State.FAILED
        if row.source not in UNATTENDED:
            waits = _for_another(row)
        alerts_settle(
            kind=KIND,
            subjects=[f"import:{row.pk}"],
            candidates=[_candidate(row)] if waits else [],
            local_date=today(),
            ignore_threshold=True,
        )
    kind = {
        Import.State.ASKING: "import_ready",
        Import.State.READY: "import_ready",
        Import.State.APPLIED: "import_done",
        Import.State.UNDONE: "import_done",
        Import.State.FAILED: "import_failed",
    }.get(Import.State(row.state))
    stopped_by = row.error_params.get("user_id") if row.error_code == "stopped" else None
    # A command in a shell has its own answer, and who stops an import knows it.
    if kind is None or row.created_by_id in (None, stopped_by) or row.source == Import.Source.SHELL:
        return
    notify(
        users=[row.created_by],
        kind=kind,
        key=f"import:{row.pk}:{row.state}:{row.counts.get('refused', 0)}",
        params={"file": row.file_name, "state": row.state},
        url=reverse("exchange:detail", args=[row.pk]),
    )


def _words(alert: Any) -> Words:
    p = alert.evidence
    file = format_html("<b>{}</b>", p["file"])
    if p.get("error"):
        reason = in_words(p["error"], p.get("error_params") or {})
        text = format_html(gettext("{file} could not be imported: {reason}"), file=file, reason=reason)
    elif p.get("refused"):
        text = format_html(
            gettext("{file} was read, and {rows} of its rows cannot be taken over as they are."),
            file=file,
            rows=formats.number(p["refused"], 0),
        )
    elif p.get("questions"):
        text = format_html(gettext("{file} can be read in two ways: say which."), file=file)
    else:
        text = format_html(gettext("{file} is checked, and waits until somebody applies it."), file=file)
    return Words(gettext("import waits for you"), text)


def _tally(count: int) -> str:
    return ngettext("%(count)s import waits", "%(count)s imports wait", count) % {"count": count_word(count)}


WAITING = waiting_kind(
    KIND,
    _("Import waits"),
    "file-import",
    words=_words,
    url=lambda alert: reverse("exchange:detail", args=[alert.evidence["import"]]),
    action=_("Answer"),
    order=90,
    tally=_tally,
    permission="exchange.import",
)


def ready_words(p: Mapping[str, Any]) -> str:
    return gettext("%(file)s was checked: have a look and apply it.") % p


def done_words(p: Mapping[str, Any]) -> str:
    if p["state"] == Import.State.UNDONE:
        return gettext("The import of %(file)s was undone.") % p
    return gettext("%(file)s was imported.") % p


def failed_words(p: Mapping[str, Any]) -> str:
    return gettext("The import of %(file)s failed.") % p
