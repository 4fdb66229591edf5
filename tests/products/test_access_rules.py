"""Limits of a person, and decisions by two people."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.errors import DomainError, VersionConflict
from accounts.models import User
from core import registries
from core.history import history_of
from products.models import FourEyesRule, LineLimit
from products.selectors.access import lines_visible
from products.selectors.four_eyes import four_eyes_needed
from products.services.four_eyes import decided, four_eyes_set
from products.services.limits import limits_set
from tests.factories import channel_factory, line_factory, user_factory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def price(monkeypatch):
    """A kind of decision, as the room of prices will register one."""
    monkeypatch.setattr(registries.decision_kinds, "_entries", {})
    registries.decision_kinds.register(registries.DecisionKind("price", "Price"))
    return "price"


@pytest.fixture
def admin():
    return user_factory("administrator")


class TestFourEyes:
    def test_always_unless_a_rule_says_otherwise(self):
        assert four_eyes_needed(line_factory(), "price", Decimal(1))

    def test_the_nearest_rule_wins_then_everywhere(self, admin, price):
        food = line_factory()
        juice = line_factory(parent=food)
        other = line_factory()
        four_eyes_set(by=admin, line=None, kind=price, mode="off")
        four_eyes_set(by=admin, line=food, kind=price, mode="always")
        assert [four_eyes_needed(line, price, None) for line in (food, juice, other, None)] == [
            True,
            True,
            False,
            False,
        ]
        four_eyes_set(by=admin, line=juice, kind=price, mode="off")
        assert not four_eyes_needed(juice, price, None)
        four_eyes_set(by=admin, line=juice, kind=price, mode="inherit")
        assert four_eyes_needed(juice, price, None)

    @pytest.mark.parametrize(
        ("amount", "needed"), [("999.99", False), ("1000", True), ("-1000", True), (None, True)]
    )
    def test_above_an_amount(self, admin, price, amount, needed):
        four_eyes_set(by=admin, line=None, kind=price, mode="above", threshold_amount=Decimal(1000))
        assert four_eyes_needed(line_factory(), price, amount and Decimal(amount)) is needed

    def test_one_person_cannot_do_both(self, price):
        anna = user_factory()
        with (
            pytest.raises(DomainError, match="Somebody else"),
            decided(proposer=anna, decider=anna, line=line_factory(), kind=price, amount=None),
        ):
            pytest.fail("the decision was written")

    @pytest.mark.parametrize(("mode", "said"), [("off", "four eyes is off"), ("above", "below the amount")])
    def test_where_one_may_the_history_says_why(self, admin, price, mode, said):
        anna, channel = user_factory(), channel_factory()
        amount = Decimal(500) if mode == "above" else None
        four_eyes_set(by=admin, line=None, kind=price, mode=mode, threshold_amount=amount)
        with decided(proposer=anna, decider=anna, line=None, kind=price, amount=Decimal(5)):
            channel.name = "Decided"
            channel.save()
        assert said in history_of(channel)[0].note

    def test_two_people_need_no_note(self, price):
        channel = channel_factory()
        with decided(proposer=user_factory(), decider=user_factory(), line=None, kind=price, amount=None):
            channel.name = "Decided"
            channel.save()
        assert history_of(channel)[0].note == ""

    def test_only_settings_change_it(self, price):
        with pytest.raises(DomainError) as caught:
            four_eyes_set(by=user_factory("product-manager"), line=None, kind=price, mode="off")
        assert caught.value.status == 403
        assert not FourEyesRule.objects.exists()

    def test_who_comes_second_sees_both_and_may_then_overwrite(self, client, admin, price):
        client.force_login(admin)
        food = line_factory()
        four_eyes_set(by=admin, line=None, kind=price, mode="off")
        address = "/products/four-eyes/"
        said = {"line": food.pk, "kind": price, "mode": "off"}
        said["seen"] = client.get(address).context["form"]["seen"].value()
        four_eyes_set(by=admin, line=None, kind=price, mode="always")
        four_eyes_set(by=admin, line=food, kind=price, mode="always")
        lost = client.post(address, said)
        assert lost.status_code == 409
        assert lost.context["conflict"].details["fields"]["mode"]["theirs"] == "always"
        said["seen"] = lost.context["form"]["seen"].value()
        assert client.post(address, said).status_code == 302
        assert FourEyesRule.objects.get(line=food).mode == "off"

    def test_a_threshold_needs_its_amount(self, admin, price):
        with pytest.raises(DomainError) as caught:
            four_eyes_set(by=admin, line=None, kind=price, mode="above")
        assert caught.value.field == "threshold_amount"
        with pytest.raises(IntegrityError, match="four_eyes_threshold"), transaction.atomic():
            FourEyesRule.objects.create(decision_kind=price, mode="above")


class TestLimits:
    def set(self, admin, person, **given):
        current = {"version": person.version, "lines": [], "channels": []}
        return limits_set(by=admin, user=person, **current | given)

    def test_hold_from_the_next_request_and_stand_in_the_history(self, admin):
        food, energy = line_factory(name="Food"), line_factory(name="Energy")
        juice = line_factory(parent=food)
        person = user_factory("product-manager")
        self.set(admin, person, lines=[food])
        assert set(lines_visible(User.objects.get(pk=person.pk))) == {food, juice}
        person.refresh_from_db()
        self.set(admin, person, lines=[energy])
        assert set(lines_visible(User.objects.get(pk=person.pk))) == {energy}
        changes = {(c.label, c.before, c.after) for entry in history_of(person) for c in entry.changes}
        assert ("Only product line", "", "Food") in changes
        assert ("Only product line", "Food", "") in changes

    def test_the_loser_of_a_race_sees_both(self, admin):
        food, retail = line_factory(name="Food"), channel_factory(name="Retail")
        person = user_factory()
        self.set(admin, person, lines=[food])
        with pytest.raises(VersionConflict) as caught:
            self.set(admin, person, channels=[retail], lines=[])
        assert caught.value.details["fields"] == {
            "lines": {"yours": "no limit", "theirs": "Food"},
            "channels": {"yours": "Retail", "theirs": "no limit"},
        }
        assert list(LineLimit.objects.values_list("line", flat=True)) == [food.pk]

    def test_only_an_administrator_sets_them(self):
        person = user_factory()
        with pytest.raises(DomainError) as caught:
            self.set(user_factory("product-manager"), person, lines=[line_factory()])
        assert caught.value.status == 403
        assert not LineLimit.objects.exists()
