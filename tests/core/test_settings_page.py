"""The settings of the organisation."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import translation

from core.history import history_of
from core.models import Organisation
from products.models import SalesFact
from tests.factories import (
    channel_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
URL = "/settings/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(user_factory("administrator", language="en", name="Ada"))
    return client


def form(**given: object) -> dict[str, object]:
    return {
        "name": "De Korenaar",
        "currency": "EUR",
        "time_zone": "Europe/Amsterdam",
        "language": "nl",
        "financial_year_first_month": "4",
        "nightly_at": "03:30",
        "alert_min_amount": "2,500.50",
        "watched_folder": "",
        "version": Organisation.objects.get(pk=1).version,
    } | given


def a_sale() -> None:
    SalesFact.objects.create(
        product=product_factory(),
        channel=channel_factory(),
        measure=measure_factory(),
        start_date=datetime.date(2026, 1, 1),
        period="M",
        volume=1,
    )


def test_what_is_saved_holds_and_stands_in_the_history(admin):
    assert admin.post(URL, form()).status_code == 302
    organisation = Organisation.objects.get(pk=1)
    assert (organisation.name, organisation.financial_year_first_month) == ("De Korenaar", 4)
    assert organisation.nightly_at == datetime.time(3, 30)
    assert organisation.alert_min_amount == Decimal("2500.50")
    with translation.override("en"):
        newest = history_of(organisation)[0]
    assert newest.who == "Ada"
    changes = {change.label: (change.before, change.after) for change in newest.changes}
    assert changes["Nightly run at"] == ("02:00", "03:30")
    assert changes["First month of the financial year"] == ("Jan", "Apr")
    assert b"De Korenaar" in admin.get(URL).content


def test_the_amount_is_read_in_the_persons_language(admin):
    client = Client()
    client.force_login(user_factory("administrator", language="nl"))
    client.post(URL, form(alert_min_amount="2.500,50"))
    assert Organisation.objects.get(pk=1).alert_min_amount == Decimal("2500.50")


def test_the_currency_is_fixed_once_there_are_sales(admin):
    a_sale()
    answer = admin.post(URL, form(currency="USD"))
    assert answer.status_code == 200
    assert "the currency is fixed" in answer.content.decode()
    assert Organisation.objects.get(pk=1).currency == "EUR"


def test_without_sales_the_currency_is_free(admin):
    admin.post(URL, form(currency="gbp"))
    assert Organisation.objects.get(pk=1).currency == "GBP"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "EURO"),
        ("time_zone", "Mars/Olympus"),
        ("financial_year_first_month", "13"),
        ("nightly_at", "25:00"),
        ("alert_min_amount", "-1"),
        ("alert_min_amount", "NaN"),
        ("watched_folder", "relative/path"),
        ("watched_folder", "/there/is/no/such/folder"),
        ("name", ""),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(admin, field, value):
    before = Organisation.objects.values().get(pk=1)
    answer = admin.post(URL, form(**{field: value}))
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {field}
    assert Organisation.objects.values().get(pk=1) == before


def test_a_lost_race_shows_both_and_saving_again_is_meant(admin):
    stale = form(name="Mine")
    organisation_factory(name="Theirs", version=2)
    answer = admin.post(URL, stale)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Theirs" in page
    assert 'value="Mine"' in page
    assert admin.post(URL, form(name="Mine", version=2)).status_code == 302
    assert Organisation.objects.get(pk=1).name == "Mine"


def test_saving_without_a_change_writes_nothing(admin):
    admin.post(URL, form())
    entries = len(history_of(Organisation.objects.get(pk=1)))
    admin.post(URL, form())
    assert len(history_of(Organisation.objects.get(pk=1))) == entries
