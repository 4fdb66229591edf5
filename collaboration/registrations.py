"""What the room of collaboration adds to the others."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import rights
from accounts.rights import Right
from core import registries
from core.later import later_in
from core.registries import (
    FramePart,
    MenuEntry,
    Panel,
    ProductReading,
    ReportField,
    ReportSection,
    Subject,
)

from .kinds import NotificationKind, alert_kinds, notification_kinds


def register() -> None:
    from exchange.listeners import ImportListener, import_listeners

    from . import imports
    from .decision_words import decision_card
    from .models import ActionItem, Alert
    from .selectors import panels, talk
    from .selectors.actions import actions_visible
    from .selectors.alerts import alerts_visible

    rights.register(
        Right("collaboration.view", _("See alerts, action items and comments")),
        Right("collaboration.comment", _("Comment and mention people")),
        Right("collaboration.act", _("Give, change and tick off action items")),
        Right(
            "collaboration.alerts",
            _("Deal with alerts"),
            _("Gets the alerts of one's own products; may snooze and close alerts."),
        ),
    )
    registries.frame_parts.register(
        FramePart("unread", lambda user: talk.unread(user) if _seen(user) else 0),
        FramePart("followed", lambda user: talk.followed(user) if _seen(user) else []),
        FramePart(
            "notifications_url", lambda user: reverse("collaboration:notifications") if _seen(user) else None
        ),
    )
    view = "collaboration.view"
    registries.product_readings.register(ProductReading("followed", talk.following))
    registries.panels.register(
        Panel("follow", "head", "collaboration/_follow_button.html", panels.follow_panel, 10, view),
        Panel("alerts", "side", "collaboration/_alerts_panel.html", panels.alerts_panel, 10, view),
        Panel("actions", "side", "collaboration/_actions_panel.html", panels.actions_panel, 80, view),
        Panel("work", "talk", "collaboration/_actions_panel.html", panels.actions_beside_talk, 5, view),
        Panel("decisions", "mix_side", "collaboration/_decision_card.html", decision_card, 60, view),
        Panel("comments", "talk", "collaboration/_comments.html", panels.comments_panel, 10, view),
    )
    none = ActionItem.objects.none()
    registries.menu.register(
        MenuEntry("decisions", _("Decisions"), "collaboration:decisions", "checks", 50, view)
    )
    registries.subjects.register(
        Subject(
            "alert", Alert, alerts_visible, Alert.get_absolute_url, _about_alert, lambda a: [a.recipient]
        ),
        Subject(
            "action",
            ActionItem,
            lambda user: actions_visible(user) if user.has_perm("collaboration.act") else none,
            ActionItem.get_absolute_url,
            people=lambda item: [item.owner, item.created_by],
        ),
    )
    registries.report_fields.register(
        ReportField("decision", _("Decisions and what came of them"), "internal", 300),
        ReportField("people", _("Names of colleagues"), "person", 905),
    )
    decisions = later_in("collaboration")("report_sections.decisions_section")
    registries.report_sections.register(ReportSection("decisions", _("Decisions"), decisions, 70, view))
    import_listeners.register(ImportListener("collaboration", imports.arrived))
    alert_kinds.register(imports.WAITING)
    notification_kinds.register(
        NotificationKind("mentioned", _mentioned, "message"),
        NotificationKind("commented", _commented, "message"),
        NotificationKind("action_given", _action_given, "checks"),
        NotificationKind("action_done", _action_done, "circle-check"),
        NotificationKind("followed", _followed, "bell"),
        NotificationKind("import_ready", imports.ready_words, "file-import"),
        NotificationKind("import_done", imports.done_words, "circle-check"),
        NotificationKind("import_failed", imports.failed_words, "alert-circle"),
    )


def _seen(user: Any) -> bool:
    return bool(user.has_perm("collaboration.view"))


def _about_alert(alert: Any) -> str:
    kind = str(alert_kinds.get(alert.kind).label) if alert.kind in alert_kinds else alert.kind
    about = alert.product or alert.line
    return f"{about}: {kind}" if about else kind


def _mentioned(p: Mapping[str, Any]) -> str:
    return gettext("%(by)s mentioned you at %(about)s: %(text)s") % p


def _commented(p: Mapping[str, Any]) -> str:
    return gettext("%(by)s said something about %(about)s: %(text)s") % p


def _action_given(p: Mapping[str, Any]) -> str:
    return gettext("%(by)s gave you an action item: %(title)s") % p


def _action_done(p: Mapping[str, Any]) -> str:
    return gettext("%(by)s did the action item “%(title)s”.") % p


def _followed(p: Mapping[str, Any]) -> str:
    """What the alert says, with its numbers as they were when it was raised."""
    kind = alert_kinds.get(p["kind"]) if p["kind"] in alert_kinds else None
    evidence = p.get("evidence")
    if kind is None or evidence is None:  # an older one, or of a room that is gone
        said = {"product": p["product"], "what": kind.label if kind else ""}
        return gettext("%(product)s, which you follow: %(what)s.") % said
    words = kind.words(SimpleNamespace(evidence=evidence))
    said = {"product": p["product"], "what": words.headline, "evidence": words.plain}
    return gettext("%(product)s, which you follow: %(what)s. %(evidence)s") % said
