"""How the first person gets in: by a link that who runs pmtool makes in the shell."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import translation

from accounts.models import User
from accounts.selectors import administrators_left

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
EMAIL = "first@example.org"


@pytest.fixture(autouse=True)
def _public(settings) -> None:
    settings.PUBLIC_ADDRESS = "https://pm.example.org"


def invite(email: str = EMAIL) -> str:
    out = StringIO()
    call_command("invite_administrator", email, "First Last", stdout=out)
    return out.getvalue().strip()


def test_the_link_lets_the_first_administrator_in(client) -> None:
    link = invite("First@Example.org")
    assert link.startswith("https://pm.example.org/")
    assert (administrators_left(), mail.outbox) == (1, [])
    password = "een lang wachtwoord 2026"
    client.post(
        link.removeprefix("https://pm.example.org"), {"password": password, "again": password}, follow=True
    )
    client.logout()
    page = client.post("/account/login/", {"login": EMAIL, "password": password})
    assert page.status_code == 302
    assert client.get("/people/").status_code == 200


def test_again_makes_a_new_link_until_a_password_is_chosen(client) -> None:
    first, second = invite(), invite()
    assert User.objects.count() == 1
    assert client.get(first.removeprefix("https://pm.example.org")).status_code == 404
    assert client.get(second.removeprefix("https://pm.example.org")).status_code == 200
    user = User.objects.get()
    user.set_password("een lang wachtwoord 2026")
    user.save()
    with translation.override("en"), pytest.raises(CommandError, match="already a person"):
        invite()


def test_superusers_are_pointed_to_it() -> None:
    with pytest.raises(CommandError, match="invite_administrator"):
        call_command("createsuperuser", interactive=False, email=EMAIL, name="First", verbosity=0)
    with pytest.raises(CommandError):
        invite("nonsense")
    assert not User.objects.exists()
