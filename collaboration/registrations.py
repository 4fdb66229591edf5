"""What the room of collaboration adds to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import rights
from accounts.rights import Right
from core import registries
from core.registries import FramePart, ProductPanel, ProductReading

from .kinds import NotificationKind, alert_kinds, notification_kinds


def register() -> None:
    from exchange.listeners import ImportListener, import_listeners

    from . import imports
    from .selectors import panels, talk

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
    registries.product_panels.register(
        ProductPanel("follow", "head", "collaboration/_follow_button.html", panels.follow_panel, 10, view),
        ProductPanel("alerts", "side", "collaboration/_alerts_panel.html", panels.alerts_panel, 10, view),
        ProductPanel("actions", "side", "collaboration/_actions_panel.html", panels.actions_panel, 80, view),
        ProductPanel("comments", "activity", "collaboration/_comments.html", panels.comments_panel, 10, view),
    )
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


def _mentioned(p: Mapping[str, Any]) -> str:
    return gettext("%(by)s mentioned you at %(about)s: %(text)s") % p


def _commented(p: Mapping[str, Any]) -> str:
    return gettext("%(by)s said something about %(about)s: %(text)s") % p


def _action_given(p: Mapping[str, Any]) -> str:
    return gettext("%(by)s gave you an action item: %(title)s") % p


def _action_done(p: Mapping[str, Any]) -> str:
    return gettext("%(by)s did the action item “%(title)s”.") % p


def _followed(p: Mapping[str, Any]) -> str:
    label = alert_kinds.get(p["kind"]).label if p["kind"] in alert_kinds else ""
    return gettext("%(product)s, which you follow: %(what)s.") % {"product": p["product"], "what": label}
