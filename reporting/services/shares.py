"""Links are made, changed, renewed, paused and revoked here."""

from __future__ import annotations

import datetime
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.addresses import public_url
from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock, row_save
from core import formats
from core.organisation import organisation_get, today
from reporting.models import Report, Share, ShareAccess, ShareAddress, Snapshot
from reporting.models.share import DEFAULT_DAYS, year_after
from reporting.selectors.reports import snapshots_visible
from reporting.selectors.share_versions import share_versions, shares_behind
from reporting.selectors.shares import SHARE, shareable, shares_following, token_hash
from reporting.selectors.shares_managed import shares_visible

KEPT = datetime.timedelta(days=90)
"""How long is kept who opened a link when."""
OWN = ("label", "downloads", "note")


@dataclass(frozen=True)
class Renewed:
    """How many links last longer now, and those that their author has to look at first: they do not show a
    newer version, as it tells more than they were made for."""

    count: int
    left: Sequence[Share]


def token_new() -> str:
    """256 random bits, as they stand in an address."""
    return secrets.token_urlsafe(32)


def token_of(key: str) -> str:
    """The token that is always made of this random key, which opens nothing itself."""
    made = salted_hmac("reporting.share", key, algorithm="sha256").digest()
    return urlsafe_b64encode(made).rstrip(b"=").decode()


@transaction.atomic
def share_create(
    *, user: Any, report: Report, values: Mapping[str, Any], token: str = "", seen: int | None = None
) -> tuple[Share, str]:
    """A link of one's own report for one recipient, and its token, which is kept nowhere. With a ``token``
    made before, a second call makes no second link and gives the same answer. ``seen``: the number of the
    version that its author has before their eyes; the link tells no more than that, else than the newest.

    ``values``: label and email; snapshot (a fixed one, else always the newest), expires_on (30 days),
    password, downloads, note.
    """
    _may_share(user)
    current = row_lock(report)
    if not row_lock(organisation_get()).sharing:  # or who turns it off waits, and revokes it
        raise _sharing_off()
    if current.author_id != user.pk:
        message = _("Only its author shares a report. Make a copy to share it yourself.")
        raise DomainError("not_author", message, status=403)
    token = token or token_new()
    if there := Share.objects.filter(token_hash=token_hash(token), report=current, author=user).first():
        return there, token
    versions = shareable(current).defer("sections")
    granted = values.get("snapshot") or versions.filter(number=seen or 0).first() or versions.first()
    if granted is None:
        message = _("Nothing of it was published for the outside yet: only that can be shared.")
        raise DomainError("not_published", message)
    share = Share(
        report=current,
        author=user,
        snapshot=values.get("snapshot"),
        granted_on=today(),
        expires_on=expiry_of(values.get("expires_on")),
        password=_hashed(values.get("password", "")),
        granted=granted,
        email=values.get("email", ""),
        token_hash=token_hash(token),
        **{name: values[name] for name in OWN if name in values},
    )
    check(share)
    share.save()
    return share, token


def share_mail(*, share: Share, url: str) -> bool:
    """Send the recipient the link, once, in the language of the report; never a figure nor the report's
    name. Straight to the mail server: what waits to be sent is kept, and the link must not be. Says whether
    it went.
    """
    if not Share.objects.filter(pk=share.pk, mailed_at=None).update(mailed_at=timezone.now()):
        return True
    with translation.override(share.report.language):
        context = {
            "by": share.author.name,
            "organisation": organisation_get().name,
            "until": formats.day(share.expires_on),
            "url": url,
            "has_password": bool(share.password),
        }
        subject = _("%(by)s shares a report with you") % {"by": " ".join(share.author.name.split())}
        body = render_to_string("shared/email/link.txt", context)
    message = EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [share.email])
    message.connection = get_connection(settings.MAIL_BACKEND)
    try:
        message.send()
    except OSError:  # as are the mail library's own
        Share.objects.filter(pk=share.pk).update(mailed_at=None)
        return False
    return True


def share_address_make(said: Mapping[str, Any]) -> str:
    """What the mail about a version says in the place of its address, when it goes: an address of its own
    that the link opens by, as the token of the one before is kept nowhere. ``said``: ``share``, ``snapshot``,
    and ``without``, what it says where the link does not show that version any more."""
    snapshot = Snapshot.objects.select_related("report").defer("sections").get(pk=said["snapshot"])
    share = shares_following(snapshot.report).filter(pk=said["share"]).first()
    if share is None or not share_versions(share).filter(pk=snapshot.pk).exists():
        return str(said["without"])
    token = token_new()
    ShareAddress.objects.update_or_create(
        share=share, snapshot=snapshot, defaults={"token_hash": token_hash(token)}
    )
    return share_url(token)


def share_url(token: str) -> str:
    """The address that a token opens."""
    return public_url(reverse("shared:report", args=[token]))


@transaction.atomic
def share_change(*, user: Any, share: Share, values: Mapping[str, Any], version: int | None) -> Share:
    """What the recipient is called, downloads, note, expiry; ``password``: a new one, which who has it open
    has to give, or none at all with ``no_password``. Whose it is stays: their address has the link."""
    current = _managed(user, share)
    if values.get("email", current.email) != current.email:
        message = _("One recipient, one link: make a new one for another address.")
        raise DomainError("email", message, "email")
    fresh: dict[str, Any] = {name: values[name] for name in OWN if name in values}
    if values.get("password") or (values.get("no_password") and current.password):
        fresh |= {"password": _hashed(values.get("password", "")), "access": current.access + 1}
    if "expires_on" in values and values["expires_on"] != current.expires_on:
        fresh |= {"expires_on": expiry_of(values["expires_on"]), "granted_on": today()}
    row_save(current, version=version, values=fresh)
    return current


@transaction.atomic
def shares_act(*, user: Any, ids: Collection[int], act: str) -> int:
    """Pause, resume or revoke for good; how many that changed. Links that the act does not apply to stay as
    they are."""
    rows = _open(user, ids)
    again = F("access") + 1
    if act == "revoke":
        return rows.update(revoked_at=timezone.now(), access=again)
    if act == "pause":
        return rows.filter(paused_at=None).update(paused_at=timezone.now(), access=again)
    if act == "resume":
        return rows.filter(paused_at__isnull=False).update(paused_at=None)
    raise DomainError("act", _("This cannot be done with a link."), status=404)


@transaction.atomic
def shares_renew(*, user: Any, ids: Collection[int]) -> Renewed:
    """For 30 days from today, and for nothing more than before. Those that do not show a newer version are
    left as they are."""
    found = _locked(_open(user, ids))
    behind = shares_behind(found)
    for share in found:
        if share.pk not in behind:
            _lengthen(share)
    left = [share for share in found if share.pk in behind]
    return Renewed(len(found) - len(left), left)


@transaction.atomic
def share_renew(*, user: Any, share: Share, seen: int | None = None) -> Share:
    """One link for 30 days from today. ``seen``: it may also tell what the version of this number does, which
    they have before their eyes; where that is not the newest any more it is refused (409), and where they may
    not see all of it (403)."""
    found = _locked(_open(user, [share.pk]))
    if not found:
        raise DomainError("not_found", _("There is no such link."), status=404)
    current = found[0]
    if seen is not None and current.snapshot_id is None:
        newest = shareable(current.report).defer("sections")[0]
        if newest.number != seen:
            message = _("A newer version was published in the meantime: look at what that tells.")
            raise DomainError("changed", message, status=409)
        if not snapshots_visible(user).filter(pk=newest.pk).exists():
            message = _("Only who may see all of this version lets the link tell it.")
            raise DomainError("no_sight", message, status=403)
        current.granted = newest
    _lengthen(current)
    return current


def shares_revoke_all() -> int:
    """Sharing was turned off: no link opens again, also when it is turned on once more."""
    rows = Share.objects.filter(revoked_at=None)
    return rows.update(revoked_at=timezone.now(), access=F("access") + 1)


def accesses_purge() -> int:
    """Forget who opened what over 90 days ago; how many times."""
    return ShareAccess.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


def _open(user: Any, ids: Collection[int]) -> QuerySet[Share]:
    """Those of them that the person manages and that were not revoked."""
    _may_share(user)
    return Share.objects.filter(pk__in=shares_visible(user).filter(pk__in=ids).values("pk"), revoked_at=None)


def _locked(rows: QuerySet[Share]) -> list[Share]:
    found = rows.select_for_update(of=("self",)).select_related("report", "granted")
    return list(found.defer("granted__sections"))


def _lengthen(share: Share) -> None:
    share.granted_on = today()
    share.expires_on = max(share.expires_on, expiry_of(None))
    share.version += 1
    share.save(update_fields=["granted_on", "granted", "expires_on", "version"])


def _may_share(user: Any) -> None:
    right_require(user, SHARE)
    if not organisation_get().sharing:
        raise _sharing_off()


def _sharing_off() -> DomainError:
    return DomainError("sharing_off", _("Sharing is off. An administrator turns it on in the settings."))


def _managed(user: Any, share: Share) -> Share:
    _may_share(user)
    if not shares_visible(user).filter(pk=share.pk).exists():
        raise DomainError("not_found", _("There is no such link."), status=404)
    current = row_lock(share)
    if current.revoked_at:
        raise DomainError("revoked", _("This link was revoked, for good. Make a new one."), status=409)
    return current


def expiry_of(wanted: datetime.date | None) -> datetime.date:
    """The last day of a link: this one, where it may be, or in 30 days."""
    day = wanted or today() + datetime.timedelta(days=DEFAULT_DAYS)
    if not today() <= day <= year_after(today()):
        message = _("Choose a day from today on, within a year.")
        raise DomainError("expiry", message, "expires_on")
    return day


def _hashed(password: str) -> str:
    return make_password(password) if password else ""
