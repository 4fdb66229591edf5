"""Inviting, changing and shutting out people."""

from __future__ import annotations

import datetime
import re
import time

import pytest
from django.core import mail
from django.test import Client
from django.utils.html import strip_tags

from accounts import services
from accounts.errors import DomainError, VersionConflict
from accounts.models import ApiToken, Role, User
from accounts.rights import right_label
from core.history import history_of
from core.models import Job
from tests.factories import PASSWORD, role_factory, user_factory

pytestmark = pytest.mark.django_db
VIEWER = {"name": "Kees", "email": "Kees@Example.com", "language": "nl"}
NEW_PASSWORD = "three quiet yellow boats"


@pytest.fixture
def admin():
    return user_factory("administrator", name="Ada")


def roles(*codes: str) -> list[Role]:
    return list(Role.objects.filter(code__in=codes))


def link(token: str) -> str:
    return f"https://pmtool.example/account/invitation/{token}/"


def invite(admin: User, **given: object) -> services.Invited:
    defaults = VIEWER | {"roles": roles("viewer")}
    return services.user_invite(by=admin, link=link, **defaults | given)


def update(admin: User, person: User, **given: object) -> User:
    current = {
        "version": person.version,
        "name": person.name,
        "email": person.email,
        "language": person.language,
        "roles": list(person.roles.all()),
    }
    return services.user_update(by=admin, user=person, **current | given)


class refused:
    """The block must raise a DomainError of this code."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, trace) -> bool:
        assert isinstance(error, DomainError), f"expected a refusal {self.code}, got {error!r}"
        assert error.code == self.code
        return True


class TestInvite:
    def test_the_link_arrives_in_the_persons_language_and_sets_a_password_once(self, admin, client):
        invited = invite(admin)
        message = mail.outbox[0]
        assert message.to == ["kees@example.com"]
        assert invited.link in message.body
        path = re.search(r"https://pmtool.example(\S+)", message.body)[1]
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Language"] == "nl" or b'lang="nl"' in answer.content
        given = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
        assert client.post(path, given).status_code == 302
        invited.user.refresh_from_db()
        assert invited.user.check_password(NEW_PASSWORD)
        assert client.get(path).status_code == 404
        assert client.post(path, given | {"password": "x" * 14, "again": "x" * 14}).status_code == 404
        invited.user.refresh_from_db()
        assert invited.user.check_password(NEW_PASSWORD)

    def test_a_weak_password_is_refused_and_the_link_stays(self, admin, client):
        path = invite(admin).link.removeprefix("https://pmtool.example")
        answer = client.post(path, {"password": "kees", "again": "kees"})
        assert answer.status_code == 200
        assert not User.objects.get(email="kees@example.com").has_usable_password()
        assert client.post(path, {"password": NEW_PASSWORD, "again": "other"}).status_code == 200
        assert client.get(path).status_code == 200

    @pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 404)])
    def test_the_link_is_valid_for_seven_days(self, admin, client, monkeypatch, days, status):
        path = invite(admin).link.removeprefix("https://pmtool.example")
        later = time.time() + days * 86400
        monkeypatch.setattr("django.core.signing.time.time", lambda: later)
        assert client.get(path).status_code == status

    def test_a_forged_link_opens_nothing(self, admin, client):
        path = invite(admin).link.removeprefix("https://pmtool.example")
        assert client.get(path[:-5] + "AAAA/").status_code == 404

    def test_a_new_link_ends_the_earlier_one(self, admin, client):
        first = invite(admin)
        second = services.invitation_link_renew(by=admin, user=first.user, link=link)
        assert client.get(first.link.removeprefix("https://pmtool.example")).status_code == 404
        assert client.get(second.link.removeprefix("https://pmtool.example")).status_code == 200

    def test_the_mail_waits_for_the_server_and_the_link_is_there_to_pass_on(self, admin, settings):
        settings.EMAIL_BACKEND = "core.mail.JobBackend"
        invited = invite(admin)
        assert mail.outbox == []
        assert invited.link in Job.objects.get(kind="core.mail").payload["body"]

    def test_the_page_shows_the_link(self, admin, client):
        client.force_login(admin)
        roles = [Role.objects.get(code="viewer").pk]
        given = {"email": "kees@example.com", "name": "Kees", "language": "nl", "roles": roles}
        page = client.post("/people/invite/", given, follow=True).content.decode()
        path = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)[1]
        assert path in page

    def test_the_link_is_of_the_public_address_whatever_name_was_asked_by(self, admin, settings):
        settings.ALLOWED_HOSTS, settings.PUBLIC_ADDRESS = ["*"], "https://pm.example.org"
        client = Client(headers={"host": "evil.example"})
        client.force_login(admin)
        person = invite(admin).user
        for path in (f"/people/{person.pk}/link/", f"/people/{person.pk}/deactivate/"):
            client.post(path)
        page = client.post(f"/people/{person.pk}/reactivate/").content.decode()
        assert "https://pm.example.org/account/invitation/" in page
        for message in mail.outbox[1:]:
            assert "https://pm.example.org/account/invitation/" in message.body
            assert "evil.example" not in message.body
        assert len(mail.outbox) == 3

    def test_without_its_mail_there_is_no_invitation(self, admin, settings):
        settings.EMAIL_BACKEND = "no.such.Backend"
        with pytest.raises(ImportError):
            invite(admin)
        assert not User.objects.filter(email="kees@example.com").exists()

    def test_an_address_is_taken_whatever_its_capitals(self, admin):
        invite(admin)
        with refused("email_taken"):
            invite(admin, email="KEES@example.com")
        assert User.objects.filter(email__iexact="kees@example.com").count() == 1

    def test_only_an_administrator_invites(self):
        with refused("not_allowed"):
            invite(user_factory("product-manager"))
        assert not User.objects.filter(email="kees@example.com").exists()


class TestChange:
    def test_roles_hold_at_once_and_stand_in_the_history(self, admin):
        person = user_factory("viewer")
        assert not User.objects.get(pk=person.pk).has_perm("products.edit")
        update(admin, person, roles=roles("product-manager"))
        assert User.objects.get(pk=person.pk).has_perm("products.edit")
        texts = {(c.before, c.after) for entry in history_of(person) for c in entry.changes}
        assert ("", "Product manager") in texts
        assert ("Viewer", "") in texts

    def test_the_loser_of_a_race_sees_both_values(self, admin):
        person = user_factory("viewer", name="Kees")
        update(admin, person, name="Kees de Boer")
        with pytest.raises(VersionConflict) as caught:
            update(admin, person, name="K. de Boer", roles=roles("finance"))
        assert caught.value.details["fields"] == {
            "name": {"yours": "K. de Boer", "theirs": "Kees de Boer"},
            "roles": {"yours": "Finance", "theirs": "Viewer"},
        }
        person.refresh_from_db()
        assert person.name == "Kees de Boer"

    def test_saving_without_a_change_writes_nothing(self, admin):
        person = user_factory("viewer")
        events = len(history_of(person))
        assert update(admin, person).version == person.version
        assert len(history_of(person)) == events

    def test_a_new_address_is_verified_and_the_old_one_gone(self, admin):
        person = user_factory("viewer")
        update(admin, person, email="new@example.com")
        addresses = person.emailaddress_set.values_list("email", "verified", "primary")
        assert list(addresses) == [("new@example.com", True, True)]

    def test_the_last_administrator_keeps_the_right(self, admin):
        with refused("last_administrator"):
            update(admin, admin, roles=roles("viewer"))
        assert User.objects.get(pk=admin.pk).has_perm("accounts.manage")

    def test_with_another_administrator_it_can_be_given_up(self, admin):
        user_factory("administrator")
        update(admin, admin, roles=roles("viewer"))
        assert not User.objects.get(pk=admin.pk).has_perm("accounts.manage")

    def test_a_stale_right_to_manage_is_not_enough(self, admin):
        other = user_factory("administrator")
        assert other.has_perm("accounts.manage")  # read before it was taken
        update(admin, other, roles=roles("viewer"))
        with refused("not_allowed"):
            invite(other)


class TestDeactivate:
    def test_ends_sessions_and_tokens_at_once(self, admin, signed_in):
        person = user_factory("product-manager")
        browser = signed_in(person)
        _token, secret = services.token_create(
            user=person, name="sheet", expires=datetime.date.today() + datetime.timedelta(days=9)
        )
        assert browser.get("/account/").status_code == 200
        assert browser.get("/api/schema/", headers={"Authorization": f"Token {secret}"}).status_code == 200
        services.user_deactivate(by=admin, user=person)
        assert browser.get("/account/").status_code == 302
        assert not ApiToken.objects.filter(user=person).exists()
        answer = Client().get("/api/schema/", headers={"Authorization": f"Token {secret}"})
        assert answer.status_code == 401

    def test_an_old_session_does_not_come_back_with_the_person(self, admin, signed_in):
        person = user_factory("product-manager")
        browser = signed_in(person)
        services.user_deactivate(by=admin, user=person)
        services.user_reactivate(by=admin, user=person, link=link)
        assert browser.get("/account/").status_code == 302

    def test_who_is_back_already_gets_no_second_link(self, admin, client):
        person = user_factory("product-manager")
        services.user_deactivate(by=admin, user=person)
        person.refresh_from_db()
        assert services.user_reactivate(by=admin, user=person, link=link)
        mail.outbox.clear()
        assert services.user_reactivate(by=user_factory("administrator"), user=person, link=link) is None
        client.force_login(admin)
        answer = client.post(f"/people/{person.pk}/reactivate/")
        assert (answer.url, mail.outbox) == (f"/people/{person.pk}/", [])

    def test_the_password_no_longer_signs_in(self, admin, client):
        person = user_factory("viewer")
        services.user_deactivate(by=admin, user=person)
        client.post("/account/login/", {"login": person.email, "password": PASSWORD})
        assert client.get("/account/").status_code == 302

    def test_nobody_deactivates_themselves(self, admin):
        user_factory("administrator")
        with refused("own_account"):
            services.user_deactivate(by=admin, user=admin)
        assert User.objects.get(pk=admin.pk).is_active


class TestRoles:
    def test_history_names_rights_in_the_readers_language(self, client):
        role = Role.objects.get(code="finance")
        role.rights = ["pricing.view_costs", "core.settings"]
        role.save()
        client.force_login(user_factory("administrator", language="nl"))
        page = strip_tags(client.get("/people/roles/finance/").content.decode())
        assert "Kosten en marges zien" in page
        assert "De instellingen van de organisatie wijzigen" in page
        assert "view_costs" not in page
        assert "Shipped" not in page

    def test_every_right_of_a_shipped_role_has_a_name(self):
        codes = {code for role in Role.objects.filter(shipped=True) for code in role.rights}
        assert [code for code in codes if right_label(code) == code] == []

    def test_a_role_of_ones_own(self, admin):
        role = services.role_create(
            by=admin, name_en="Auditor", name_nl="Auditor", rights=["accounts.api", "core.settings"]
        )
        assert (role.code, role.rights) == ("auditor", ["accounts.api", "core.settings"])
        again = services.role_create(by=admin, name_en="Auditor", name_nl="Auditor", rights=[])
        assert again.code == "auditor-2"

    def test_unknown_rights_are_refused(self, admin):
        with refused("right_unknown"):
            services.role_create(by=admin, name_en="X", name_nl="X", rights=["universe.end"])

    def test_rights_of_rooms_to_come_wait_in_the_role(self, admin):
        role = role_factory(rights=["later.verb", "accounts.api"])
        services.role_update(
            by=admin, role=role, version=1, name_en=role.name_en, name_nl=role.name_nl, rights=[]
        )
        role.refresh_from_db()
        assert role.rights == ["later.verb"]

    def test_the_right_to_manage_cannot_leave_with_a_role(self, admin):
        role = Role.objects.get(code="administrator")
        with refused("last_administrator"):
            services.role_update(
                by=admin, role=role, version=role.version, name_en="A", name_nl="B", rights=["accounts.api"]
            )
        role.refresh_from_db()
        assert "accounts.manage" in role.rights
        assert role.name_en == "Administrator"

    def test_shipped_roles_and_roles_in_use_stay(self, admin):
        with refused("role_shipped"):
            services.role_delete(by=admin, role=Role.objects.get(code="viewer"))
        role = role_factory()
        person = user_factory("viewer")
        person.roles.add(role)
        with refused("role_in_use"):
            services.role_delete(by=admin, role=role)
        person.roles.remove(role)
        services.role_delete(by=admin, role=role)
        assert not Role.objects.filter(pk=role.pk).exists()
