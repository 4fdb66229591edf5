"""The history people read: who, when, from where, before and after."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pghistory
import pytest
from django.utils import translation

from accounts.models import Role, UserRole
from core.history import Related, _kin, history_of, history_words
from core.models import Organisation
from core.organisation import money_text
from forecasting.models import ConsensusMonth
from pricing.models import Bound
from products.models import Channel, Succession
from products.selectors.relations import DATED_ROWS
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    role_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def test_a_change_says_who_before_and_after():
    anna = user_factory(name="Anna")
    channel = channel_factory(name="Retail")
    with pghistory.context(user=anna.pk, url="/products/channels/"):
        channel.name = "Retail NL"
        channel.save()
    newest, created = history_of(channel)
    assert (newest.who, newest.kind, newest.source) == ("Anna", "changed", "")
    assert [(c.label, c.before, c.after) for c in newest.changes] == [("Name", "Retail", "Retail NL")]
    assert created.kind == "created"
    assert created.who == ""
    assert ("Name", "", "Retail") in [(c.label, c.before, c.after) for c in created.changes]


def test_a_save_that_changes_nothing_says_nothing():
    channel = channel_factory()
    Channel.objects.get(pk=channel.pk).save()
    channel.version += 1
    channel.save()
    assert [entry.kind for entry in history_of(channel)] == ["created"]


def test_values_are_words_in_the_language_of_the_reader():
    parent = channel_factory(name="Webshops")
    channel = channel_factory()
    channel.parent = parent
    channel.kind = Channel.Kind.STORE
    channel.save()
    after = {change.label: change.after for change in history_of(channel)[0].changes}
    assert after == {"Part of": "Webshops", "Kind": "store"}


def test_a_number_is_written_whole_or_by_its_words_and_in_the_readers_way(monkeypatch):
    organisation = organisation_factory(alert_min_amount=Decimal("12345.60"))
    for words, said in ((None, ("1.000", "12.345,6")), (money_text, ("€\u00a01.000,00", "€\u00a012.345,60"))):
        monkeypatch.setattr("core.history._words", {(Organisation, "alert_min_amount"): words})
        with translation.override("nl"):
            change = next(c for c in history_of(organisation)[0].changes if c.before)
        assert (change.before, change.after) == said


def test_what_one_request_did_is_one_entry_with_its_related_rows(monkeypatch):
    person = user_factory("viewer", name="Bo")
    role = role_factory(name_en="Auditor", name_nl="Auditor")
    monkeypatch.setattr("core.history._kin", {})
    with pghistory.context(user=person.pk, url="/api/v1/x/"):
        person.name = "Bo B."
        person.save()
        person.roles.add(role)
        person.roles.remove(person.roles.get(code="viewer"))
    entry = history_of(person, related=[Related(UserRole, "user", "Role")])[0]
    assert entry.source == "by the API"
    assert [(c.label, c.before, c.after) for c in entry.changes] == [
        ("Name", "Bo", "Bo B."),
        ("Role", "", "Auditor"),
        ("Role", "Viewer", ""),
    ]


def test_a_related_row_is_named_once_in_the_readers_language(product_pair):
    old, new = product_pair
    row = Succession.objects.create(predecessor=old, successor=new, start_date=datetime.date(2026, 9, 1))
    row.start_date = datetime.date(2026, 10, 1)
    row.save()
    with translation.override("nl"):
        found = history_of(new, related=DATED_ROWS)
    said = {(c.label, c.before, c.after) for entry in found for c in entry.changes}
    assert ("Voorganger", "", "Oud recept, vanaf 01-09-2026") in said  # figures as usual go without saying
    assert ("Voorganger · Vanaf", "01-09-2026", "01-10-2026") in said


@pytest.fixture
def product_pair():
    line = line_factory()
    return product_factory(line=line, name="Oud recept"), product_factory(line=line, name="Nieuw recept")


def test_of_a_list_only_what_came_and_went(monkeypatch):
    monkeypatch.setattr("core.history._words", {})
    history_words(Role, "rights", str.upper)
    role = role_factory(rights=["a.one", "a.two"])
    role.rights = ["a.two", "a.three"]
    role.save()
    change = history_of(role)[0].changes[0]
    assert (change.before, change.after) == ("A.ONE", "A.THREE")


def test_a_decision_by_one_person_says_so():
    channel = channel_factory()
    with pghistory.context(four_eyes="off", source="night"):
        channel.name = "Other"
        channel.save()
    entry = history_of(channel)[0]
    assert entry.note == "Decided by one person: four eyes is off for this kind of decision."
    assert entry.source == "by the night"


def test_queries_do_not_grow_with_the_entries(django_assert_num_queries):
    channel = channel_factory()
    for number in range(30):
        channel.name = f"Name {number}"
        channel.save()
    with django_assert_num_queries(2):
        assert len(history_of(channel, 20)) == 20


def test_an_agreed_month_is_told_without_names_that_nobody_gave():
    product = product_factory()
    ConsensusMonth.objects.create(
        product=product,
        measure=measure_factory(),
        month=datetime.date(2026, 3, 1),
        value=Decimal("1234.5"),
        baseline=1200.25,
        agreed_by=user_factory(),
    )
    with translation.override("nl"):
        entries = history_of(product, user=user_factory())
        said = {(c.label, c.after) for entry in entries for c in entry.changes}
    assert ("Afgestemde maand", "mrt\u00a02026, 1.234,5") in said


def test_what_belongs_to_an_object_is_read_by_who_may_see_it():
    """Rows that are not kept to some are read by all who may see what they belong to."""
    open_to_all = {
        (of.__name__, kin.model.__name__) for of, rows in _kin.items() for kin in rows if kin.within is None
    }
    assert open_to_all == {
        # Administrators alone.
        *(("User", name) for name in ("UserRole", "Deputy", "ApiToken", "LineLimit", "ChannelLimit")),
        # Its author, and who approves.
        *(("Report", name) for name in ("ReportPart", "ReportGrant")),
        # With the positioning itself.
        ("Positioning", "PositioningPoint"),
    }


def _forecast_rows(product):
    said = {"month": datetime.date(2026, 3, 1), "value": 7, "baseline": 6, "agreed_by": user_factory()}
    ConsensusMonth.objects.create(product=product, measure=measure_factory(), **said)


def _price_rows(product):
    day = datetime.date(2026, 1, 1)
    Bound.objects.create(product=product, least=28, start_date=day, currency="EUR", source="Contract")


@pytest.mark.parametrize(
    ("make", "right", "word"),
    [(_forecast_rows, "forecasting.view", "Agreed month"), (_price_rows, "pricing.view", "Bound of a price")],
)
def test_a_products_history_keeps_forecasts_and_prices_to_who_may_see_them(client, make, right, word):
    product = product_factory()
    make(product)
    channel = channel_factory()
    may, may_not = user_factory(rights=["products.view", right]), user_factory(rights=["products.view"])
    limited = user_factory(rights=["products.view", right], channels=[channel])
    told = []
    for user in (may, may_not, limited):
        client.force_login(user)
        told.append(word in client.get(f"/products/{product.code}/activity/").content.decode())
    assert told == [True, False, right == "pricing.view"]
