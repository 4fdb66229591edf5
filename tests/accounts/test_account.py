"""What people do for themselves: profile, deputies, tokens."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts import selectors, services
from accounts.errors import DomainError, VersionConflict
from accounts.models import ApiToken, Deputy, User
from accounts.password_texts import HINTS, TOO_SHORT
from core.history import history_of
from tests.factories import line_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
TODAY = datetime.date(2026, 11, 24)


def deputy(owner: User, person: User, first: int, last: int) -> Deputy:
    start, end = TODAY + first * DAY, TODAY + last * DAY
    return services.deputy_set(by=owner, owner=owner, deputy=person, start_date=start, end_date=end)


class TestPassword:
    def test_every_hint_is_one_of_ours(self):
        with translation.override("en"):
            *plain, with_length = HINTS
            assert set(password_validators_help_texts()) == {*plain, with_length % {"min_length": 12}}

    def test_the_hints_call_a_dutch_reader_je(self, signed_in):
        page = signed_in(user_factory("viewer", language="nl")).get("/account/password/change/")
        words = re.sub(r"<[^>]*>", " ", page.content.decode())
        assert "Je wachtwoord moet minstens 12 tekens lang zijn." in words
        assert re.findall(r"[^.]*\b(?:U|Uw|uw)\b[^.]*", words) == []

    @pytest.mark.parametrize("language", ["nl", "en"])
    def test_a_short_one_is_refused_in_the_persons_language(self, language):
        with translation.override(language), pytest.raises(ValidationError) as refused:
            validate_password("9kz!Q")
        with translation.override(language):
            assert refused.value.messages == [str(TOO_SHORT % 12)]
        assert ("Dit wachtwoord is te kort" in refused.value.messages[0]) is (language == "nl")


def receiver(person, on_date):
    return selectors.deputies_on(on_date).get(person.pk, person)


class TestDeputy:
    def test_from_the_first_to_the_last_day(self):
        anna, bo = user_factory(), user_factory()
        deputy(anna, bo, 0, 2)
        got = [receiver(anna, TODAY + day * DAY) for day in (-1, 0, 2, 3)]
        assert got == [anna, bo, bo, anna]
        assert receiver(bo, TODAY) == bo

    def test_a_deputy_who_is_away_too_passes_it_on(self):
        anna, bo, cas = user_factory(), user_factory(), user_factory()
        deputy(anna, bo, 0, 9)
        deputy(bo, cas, 0, 9)
        assert receiver(anna, TODAY) == cas

    def test_two_who_name_each_other_both_keep_their_own(self):
        anna, bo = user_factory(), user_factory()
        deputy(anna, bo, 0, 9)
        deputy(bo, anna, 0, 9)
        assert receiver(anna, TODAY) == anna
        assert receiver(bo, TODAY) == bo

    def test_a_deputy_who_left_does_not_count(self):
        anna, bo = user_factory(), user_factory()
        deputy(anna, bo, 0, 9)
        services.user_deactivate(by=user_factory("administrator"), user=bo)
        assert receiver(anna, TODAY) == anna

    def test_two_at_a_time_are_refused_with_name_and_dates(self):
        anna, bo, cas = user_factory(), user_factory(name="Bo"), user_factory()
        deputy(anna, bo, 0, 5)
        with pytest.raises(DomainError, match=r"Bo is already deputy from .*2026 to .*2026") as caught:
            deputy(anna, cas, 5, 9)
        assert (caught.value.code, caught.value.status) == ("deputy_overlaps", 409)
        deputy(anna, cas, 6, 9)

    def test_the_database_refuses_two_at_a_time_too(self):
        anna, bo = user_factory(), user_factory()
        dates = {"start_date": TODAY, "end_date": TODAY + DAY}
        Deputy.objects.create(owner=anna, deputy=bo, **dates)
        with pytest.raises(IntegrityError, match="deputy_one_at_a_time"), transaction.atomic():
            Deputy.objects.create(owner=anna, deputy=user_factory(), **dates)

    @pytest.mark.parametrize(("first", "last", "left"), [(1, 5, None), (-3, 5, -1), (-5, -2, -2)])
    def test_ending_keeps_what_was(self, first, last, left):
        anna = user_factory()
        row = deputy(anna, user_factory(), first, last)
        services.deputy_end(by=anna, deputy=row, today=TODAY)
        found = Deputy.objects.filter(pk=row.pk).first()
        assert (found and found.end_date) == (None if left is None else TODAY + left * DAY)

    def test_nobody_names_a_deputy_for_somebody_else(self):
        anna, bo = user_factory(), user_factory()
        with pytest.raises(DomainError, match="administrator"):
            services.deputy_set(by=bo, owner=anna, deputy=bo, start_date=TODAY, end_date=TODAY)
        assert not Deputy.objects.exists()


class TestProfile:
    def test_language_holds_from_the_next_page_on(self, signed_in):
        anna = user_factory(language="en")
        browser = signed_in(anna)
        given = {"name": "Anna", "language": "nl", "time_zone": "Europe/Lisbon", "version": 1}
        browser.post("/account/", given)
        answer = browser.get("/account/")
        assert b'<html lang="nl">' in answer.content
        anna.refresh_from_db()
        assert (anna.name, anna.time_zone, anna.version) == ("Anna", "Europe/Lisbon", 2)

    def test_unknown_time_zones_are_refused(self):
        with pytest.raises(DomainError, match="time zone"):
            services.profile_update(user=user_factory(), time_zone="Mars/Olympus")

    def test_a_lost_race_shows_both(self, signed_in):
        anna = user_factory(name="Anna")
        services.profile_update(user=anna, name="Anna B.")
        with pytest.raises(VersionConflict):
            services.profile_update(user=anna, name="A. B.", version=1)
        given = {"name": "A. B.", "language": "en", "time_zone": "Europe/Amsterdam", "version": 1}
        answer = signed_in(anna).post("/account/", given)
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "Anna B." in page
        assert 'value="A. B."' in page

    def test_the_switch_keeps_the_language_with_the_person(self, signed_in):
        anna = user_factory(language="en")
        answer = signed_in(anna).post("/language/", {"language": "nl", "next": "/account/"})
        assert (answer.status_code, answer.url) == (302, "/account/")
        anna.refresh_from_db()
        assert anna.language == "nl"

    def test_guests_switch_by_cookie_and_stay_on_this_site(self, client):
        answer = client.post("/language/", {"language": "en", "next": "https://evil.example/"})
        assert answer.url == "/"
        assert b'<html lang="en">' in client.get("/account/login/").content
        client.post("/language/", {"language": "nl"})
        assert b'<html lang="nl">' in client.get("/account/login/").content
        assert client.post("/language/", {"language": "xx"}).status_code == 400


class TestTokens:
    def test_shown_once_and_kept_as_a_hash(self, signed_in):
        anna = user_factory("product-manager")
        browser = signed_in(anna)
        expires = timezone.localdate() + 30 * DAY
        answer = browser.post("/account/tokens/", {"name": "sheet", "expires": expires})
        token = ApiToken.objects.get(user=anna)
        assert answer.headers["Cache-Control"] == "no-store"
        secret = answer.context["secret"]
        assert secret.startswith("pmt_")
        assert secret in answer.content.decode()
        assert secret not in browser.get("/account/").content.decode()
        assert secret not in {token.digest, token.token_key, token.name}
        assert Client().get("/api/schema/", headers={"Authorization": f"Token {secret}"}).status_code == 200
        token.refresh_from_db()
        assert token.last_used_at is not None
        assert timezone.localdate(token.expiry) == expires
        browser.post(f"/account/tokens/{token.pk}/revoke/")
        with translation.override("en"):
            told = [c for entry in history_of(anna) for c in entry.changes if c.label == "API token"]
        assert {(bool(change.before), bool(change.after)) for change in told} == {
            (True, False),
            (False, True),
        }
        assert all("name sheet" in change.before + change.after for change in told)
        assert Client().get("/api/schema/", headers={"Authorization": f"Token {secret}"}).status_code == 401

    @pytest.mark.parametrize(("days", "code"), [(-1, "expires_past"), (367, "expires_late")])
    def test_lasts_a_year_at_most(self, days, code):
        with pytest.raises(DomainError) as caught:
            services.token_create(
                user=user_factory("product-manager"),
                name="sheet",
                expires=timezone.localdate() + days * DAY,
            )
        assert caught.value.code == code

    def test_needs_the_right(self, signed_in):
        with pytest.raises(DomainError) as caught:
            services.token_create(user=user_factory("viewer"), name="x", expires=timezone.localdate() + DAY)
        assert caught.value.status == 403
        given = {"name": "x", "expires": timezone.localdate() + DAY}
        assert signed_in(user_factory("viewer")).post("/account/tokens/", given).status_code == 403
        assert not ApiToken.objects.exists()

    def test_nobody_revokes_somebody_elses(self, signed_in):
        anna = user_factory("product-manager")
        token, _secret = services.token_create(user=anna, name="x", expires=timezone.localdate() + DAY)
        answer = signed_in(user_factory("product-manager")).post(f"/account/tokens/{token.pk}/revoke/")
        assert answer.status_code == 404
        assert ApiToken.objects.filter(pk=token.pk).exists()


class TestDeputyByAdministrator:
    def test_names_one_for_somebody_else_and_ends_it(self, signed_in):
        owner, deputy_of_it = user_factory(name="Anna"), user_factory(name="Bo")
        client = signed_in(user_factory("administrator", language="en"))
        url = f"/people/{owner.pk}/"
        given = {"deputy-start_date": "2999-01-01", "deputy-end_date": "2999-01-05"}
        refused = client.post(f"{url}deputies/", given)
        assert (refused.status_code, refused.context["deputy_form"].errors.keys()) == (200, {"deputy"})
        assert client.post(f"{url}deputies/", given | {"deputy-deputy": deputy_of_it.pk}).status_code == 302
        row = Deputy.objects.get(owner=owner, deputy=deputy_of_it)
        assert f"deputies/{row.pk}/end/" in client.get(url).content.decode()
        assert client.post(f"/people/{deputy_of_it.pk}/deputies/{row.pk}/end/").status_code == 404
        assert client.post(f"{url}deputies/{row.pk}/end/").status_code == 302
        assert not Deputy.objects.exists()

    def test_says_which_products_the_deputy_may_not_see(self, signed_in):
        owner, blind = user_factory(language="en"), user_factory(name="Bo", lines=[line_factory()])
        product_factory(owner=owner)
        product_factory(line=line_factory(owner=owner))
        given = {"start_date": "2999-01-01", "end_date": "2999-01-05", "deputy": blind.pk}
        page = signed_in(owner).post("/account/deputies/", given, follow=True).content.decode()
        assert "Bo may not see 2 of the products" in page
