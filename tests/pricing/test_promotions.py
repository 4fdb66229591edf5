"""Promotions: rules of the database, four eyes, what stands in the way, moving and taking it back."""

from __future__ import annotations

import datetime
import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.http import Http404

from accounts.errors import DomainError, VersionConflict
from core.organisation import today
from pricing.models import ForbiddenPeriod, Promotion, PromotionChannel, PromotionEffect, PromotionProduct
from pricing.selectors.promotions import flags_of, place_of, promotion_get, promotions_visible, to_decide
from pricing.services.promotion_decisions import promotion_cancel, promotion_decide, promotion_propose
from pricing.services.promotions import (
    ProductPlan,
    forbidden_add,
    promotion_change,
    promotion_create,
    promotion_move,
    promotion_move_undo,
)
from pricing.words.promotions import effective_of, flag_lines
from products.models import FourEyesRule, Measure
from tests.factories import channel_factory, line_factory, price_factory, product_factory, user_factory
from tests.pricing.promotions import DAY, approved_factory, plan_of, promotion_factory

pytestmark = pytest.mark.django_db
State = Promotion.State


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"mechanic": "raffle"},
        {"state": "paused"},
        {"state": "approved"},
        {"store_end": datetime.date(2020, 1, 1)},
        {"delivery_start": datetime.date(2026, 1, 2)},
        {"delivery_start": datetime.date(2026, 1, 2), "delivery_end": datetime.date(2026, 1, 1)},
        {"own_share_rate": Decimal("1.1")},
        {"rate": Decimal(0)},
        {"amount": Decimal(-1)},
        {"quantity": 1},
        {"mechanic": "n_for", "quantity": 2},
        {"mechanic": "bonus_pack"},
        {"budget_amount": Decimal(-1)},
        {"planned_uplift_rate": Decimal(-1)},
    ],
)
def test_the_database_refuses(changed):
    values = {"name": "x", "mechanic": "display", "store_start": today(), "store_end": today()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.create(author=user_factory(), **values | changed)


def test_the_database_refuses_parts_twice_and_periods_of_nothing():
    row = promotion_factory(product_factory())
    there = row.rows.get()
    for bad in (
        lambda: PromotionProduct.objects.create(promotion=row, product=there.product),
        lambda: PromotionProduct.objects.create(promotion=row, product=product_factory(), price=0),
        lambda: PromotionProduct.objects.create(promotion=row, product=product_factory(), effective_price=-1),
        lambda: ForbiddenPeriod.objects.create(start_date=today(), end_date=today(), reason="x"),
        lambda: ForbiddenPeriod.objects.create(
            line=line_factory(), channel=channel_factory(), start_date=today(), end_date=today(), reason="x"
        ),
        lambda: ForbiddenPeriod.objects.create(
            line=line_factory(), start_date=today(), end_date=today() - DAY, reason="x"
        ),
        lambda: ForbiddenPeriod.objects.create(
            line=line_factory(), start_date=today(), end_date=today(), reason=""
        ),
        lambda: PromotionEffect.objects.create(
            promotion=row,
            product=there.product,
            measure=Measure.objects.get(code="units"),
            engine_version="1",
            input_hash="",
            computed_at=row.created_at,
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            bad()


@pytest.mark.parametrize("by", ["store", "delivery"])
def test_an_approved_promotion_that_has_begun_is_only_cancelled(by):
    dates = {"ahead": -3} if by == "store" else {"delivery_start": today(), "delivery_end": today() + 9 * DAY}
    row = approved_factory(product_factory(), channels=[channel_factory()], **dates)
    part, channel = row.rows.get(), row.channel_rows.get()
    for bad in (
        lambda: Promotion.objects.filter(pk=row.pk).update(name="Other"),
        lambda: Promotion.objects.filter(pk=row.pk).update(state="cancelled", budget_amount=1),
        lambda: Promotion.objects.filter(pk=row.pk).update(state="draft"),
        lambda: PromotionProduct.objects.filter(pk=part.pk).update(price=9),
        lambda: PromotionProduct.objects.create(promotion=row, product=product_factory()),
        lambda: PromotionProduct.objects.filter(pk=part.pk).delete(),
        lambda: PromotionChannel.objects.filter(pk=channel.pk).delete(),
        lambda: Promotion.objects.filter(pk=row.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="has begun"), transaction.atomic():
            bad()
    user = user_factory()
    with pytest.raises(DomainError) as refused:
        promotion_change(user=user, promotion=row, plan=plan_of(part.product), version=None)
    assert refused.value.code == "begun"
    promotion_cancel(user=user, promotion=row, note="Recalled")
    row.refresh_from_db()
    assert (row.state, row.cancel_note, row.cancelled_by) == ("cancelled", "Recalled", user)
    # And then for good.
    with pytest.raises(IntegrityError, match="has begun"), transaction.atomic():
        Promotion.objects.filter(pk=row.pk).update(state="approved")
    with pytest.raises(DomainError) as again:
        promotion_move(user=user, promotion=row, store_start=today(), store_end=today(), version=row.version)
    assert again.value.code == "cancelled"


def test_who_proposes_does_not_approve_unless_the_rule_says_so():
    maker, other = user_factory(), user_factory()
    row = promotion_factory(product_factory(), user=maker, budget_amount=Decimal(100))
    promotion_propose(user=maker, promotion=row)
    assert list(to_decide(other)) == [row]
    assert not to_decide(maker)
    with pytest.raises(DomainError) as refused:
        promotion_decide(user=maker, promotion=row, approve=True)
    assert (refused.value.code, refused.value.status) == ("four_eyes", 403)
    row.refresh_from_db()
    assert row.state == State.PROPOSED
    with pytest.raises(PermissionDenied):
        promotion_decide(user=user_factory("marketing"), promotion=row, approve=True)
    # What our part of the budget comes to decides whether two are needed.
    FourEyesRule.objects.create(decision_kind="promotion", mode="above", threshold_amount=60)
    promotion_change(
        user=maker,
        promotion=row,
        plan=plan_of(row.rows.get().product, budget_amount=Decimal(100), own_share_rate=Decimal("0.5")),
        version=None,
    )
    promotion_decide(user=maker, promotion=row, approve=True)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (State.APPROVED, maker)


def test_whoever_changes_a_proposal_has_proposed_it():
    maker, other = user_factory(), user_factory()
    product = product_factory()
    row = promotion_factory(product, user=maker)
    promotion_propose(user=maker, promotion=row)
    promotion_change(user=other, promotion=row, plan=plan_of(product, name="Bigger"), version=None)
    with pytest.raises(DomainError) as refused:
        promotion_decide(user=other, promotion=row, approve=True)
    assert refused.value.code == "four_eyes"


def test_an_approved_one_that_is_changed_has_to_be_approved_again():
    product, another = product_factory(), product_factory()
    row = approved_factory(product)
    version = row.version
    same = plan_of(product)
    promotion_change(user=user_factory(), promotion=row, plan=same, version=version)
    row.refresh_from_db()
    assert (row.state, row.version) == (State.APPROVED, version)
    promotion_change(user=user_factory(), promotion=row, plan=plan_of(product, another), version=version)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (State.PROPOSED, None)
    assert {part.product for part in row.rows.all()} == {product, another}


def test_a_rejection_says_why_and_leads_back_to_a_draft():
    row = promotion_factory(product_factory())
    promotion_propose(user=row.author, promotion=row)
    with pytest.raises(DomainError) as refused:
        promotion_decide(user=user_factory(), promotion=row, approve=False)
    assert refused.value.field == "note"
    promotion_decide(user=user_factory(), promotion=row, approve=False, note="Too dear")
    row.refresh_from_db()
    assert (row.state, row.decision_note) == (State.REJECTED, "Too dear")
    with pytest.raises(DomainError) as second:
        promotion_decide(user=user_factory(), promotion=row, approve=True)
    assert second.value.code == "not_proposed"
    promotion_propose(user=row.author, promotion=row)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (State.PROPOSED, None)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_the_second_is_told():
    row = promotion_factory(product_factory())
    promotion_propose(user=row.author, promotion=row)
    people = [user_factory(), user_factory()]
    said, start = [], threading.Barrier(2)

    def decide(user, approve):
        start.wait()
        try:
            promotion_decide(user=user, promotion=row, approve=approve, note="No")
            said.append("done")
        except DomainError as error:
            said.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(user, n == 0)) for n, user in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["done", "not_proposed"]


def test_overlaps_need_the_same_product_channel_and_days():
    product = product_factory()
    chain = channel_factory(kind="account")
    shop = channel_factory(kind="store", parent=chain)
    elsewhere = channel_factory()
    row = approved_factory(product, name="Ours", channels=[chain])
    for fields, meets in (
        ({"channels": [shop]}, True),
        ({"channels": []}, True),
        ({"channels": [elsewhere]}, False),
        ({"channels": [chain], "ahead": 43}, True),
        ({"channels": [chain], "ahead": 44}, False),
        ({"channels": [chain], "ahead": 17}, True),
        ({"channels": [chain], "ahead": 16}, False),
    ):
        other = promotion_factory(product, **fields)
        flags = flags_of(user_factory(), [place_of(promotion_get(user_factory(), other.pk))])[0]
        assert (row in flags.overlaps) == meets, fields
    other = promotion_factory(product_factory(), channels=[chain])
    assert not flags_of(user_factory(), [place_of(promotion_get(user_factory(), other.pk))])[0]
    # A draft is in nobody's way.
    assert not flags_of(user_factory(), [place_of(promotion_get(user_factory(), row.pk))])[0].overlaps


def test_a_forbidden_period_asks_for_a_reason():
    above = line_factory()
    product = product_factory(line=line_factory(parent=above))
    user = user_factory()
    forbidden_add(
        user=user,
        line=above,
        channel=None,
        start_date=today() + 40 * DAY,
        end_date=today() + 50 * DAY,
        reason="Stock count",
    )
    with pytest.raises(DomainError) as refused:
        promotion_create(user=user, plan=plan_of(product))
    assert refused.value.field == "exception_note"
    assert not Promotion.objects.exists()
    row = promotion_create(user=user, plan=plan_of(product, exception_note="Agreed with them"))
    flags = flags_of(user, [place_of(promotion_get(user, row.pk))])[0]
    assert ["Stock count" in line for line in flag_lines(flags)] == [True]
    free = promotion_create(user=user, plan=plan_of(product, ahead=51))
    start = today() + 30 * DAY
    with pytest.raises(DomainError) as moved:
        promotion_move(
            user=user, promotion=free, store_start=start, store_end=start + 13 * DAY, version=free.version
        )
    assert moved.value.code == "forbidden"


def test_a_move_takes_delivery_along_and_is_taken_back_with_its_approval():
    row = approved_factory(
        product_factory(),
        delivery_start=today() + 20 * DAY,
        delivery_end=today() + 33 * DAY,
    )
    before = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name != "version"}
    mover = user_factory("marketing")
    start = row.store_start + 7 * DAY
    moved, _flags = promotion_move(
        user=mover, promotion=row, store_start=start, store_end=start + 20 * DAY, version=row.version
    )
    assert (moved.state, moved.proposed_by) == (State.PROPOSED, mover)
    assert moved.delivery_start == today() + 27 * DAY
    with pytest.raises(VersionConflict):
        promotion_move(
            user=mover, promotion=row, store_start=today() + DAY, store_end=start, version=moved.version - 1
        )
    promotion_move_undo(user=mover, promotion=row, version=moved.version)
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in before} == before
    # Nothing else is ever taken back that way.
    with pytest.raises(DomainError) as refused:
        promotion_move_undo(user=mover, promotion=row, version=moved.version)
    assert refused.value.code == "nothing_to_undo"


def test_an_edit_is_not_taken_back_as_a_move():
    row = promotion_factory(product_factory())
    promotion_change(
        user=row.author, promotion=row, plan=plan_of(row.rows.get().product, name="Other"), version=None
    )
    row.refresh_from_db()
    with pytest.raises(DomainError) as refused:
        promotion_move_undo(user=row.author, promotion=row, version=row.version)
    assert refused.value.code == "nothing_to_undo"


def test_limits_to_lines_and_channels():
    own, foreign = line_factory(), line_factory()
    mine, theirs = product_factory(line=own), product_factory(line=foreign)
    channel, other = channel_factory(), channel_factory()
    both = promotion_factory(mine, theirs)
    away = promotion_factory(theirs)
    here = promotion_factory(mine, channels=[channel])
    there = promotion_factory(mine, channels=[other])
    person = user_factory(lines=[own])
    assert set(promotions_visible(person)) == {both, here, there}
    with pytest.raises(Http404):
        promotion_get(person, away.pk)
    with pytest.raises(DomainError) as refused:
        promotion_propose(user=person, promotion=both)
    assert refused.value.code == "only_a_part"
    assert set(promotions_visible(user_factory(channels=[channel]))) == {both, away, here}
    with pytest.raises(DomainError) as outside:
        promotion_create(user=user_factory(channels=[channel]), plan=plan_of(mine, channels=[other]))
    assert outside.value.field == "channels"
    with pytest.raises(Http404):
        promotion_create(user=person, plan=plan_of(theirs))


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({"mechanic": "price_cut"}, "rate"),
        ({"mechanic": "price_cut", "rate": Decimal("0.2"), "amount": Decimal(1)}, "rate"),
        ({"mechanic": "n_for", "amount": Decimal(3)}, "quantity"),
        ({"mechanic": "bonus_pack"}, "rate"),
        ({"days": 0}, "store_end"),
        ({"delivery_start": datetime.date(2026, 1, 1)}, "delivery_start"),
        (
            {
                "store_start": datetime.date(2031, 6, 1),
                "delivery_start": datetime.date(2031, 6, 15),
                "delivery_end": datetime.date(2031, 6, 20),
            },
            "delivery_start",
        ),
        ({"name": " "}, "name"),
        ({"products": []}, "product_1"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_at_its_field(plan, field):
    with pytest.raises(DomainError) as refused:
        promotion_create(user=user_factory(), plan=plan_of(product_factory(), **plan))
    assert refused.value.field == field
    assert not Promotion.objects.exists()


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("mechanic", ["price_cut", "n_for"])
def test_an_amount_of_nothing_is_refused_in_words(mechanic):
    plan = plan_of(product_factory(), mechanic=mechanic, amount=Decimal(0), quantity=2)
    with pytest.raises(DomainError, match="more than 0") as refused:
        promotion_create(user=user_factory(), plan=plan)
    assert refused.value.field == "amount"


def test_no_more_comes_off_than_the_lists_say_a_unit_costs():
    """Where the normal price is left to them; when it is proposed too, as a price may have come since."""
    product, user = product_factory(), user_factory()
    cut = {"mechanic": "price_cut", "amount": Decimal("2.20")}
    known = promotion_factory(product, user=user, **cut)
    price_factory(product=product, start_date=today(), amount=Decimal("2.19"))
    said = plan_of(product, **cut)
    for act in (
        lambda: promotion_create(user=user, plan=said),
        lambda: promotion_change(user=user, promotion=known, plan=replace(said, name="Other"), version=None),
        lambda: promotion_propose(user=user, promotion=known),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert (refused.value.code, refused.value.field) == ("more_than_price", "amount")
    promotion_create(user=user, plan=replace(said, amount=Decimal("2.19")))
    promotion_create(user=user, plan=replace(said, mechanic="cashback"))


@pytest.mark.parametrize(
    ("fields", "price", "expected"),
    [
        ({"mechanic": "one_plus_one"}, "2.99", "1.495"),
        ({"mechanic": "second_half"}, "2.99", "2.2425"),
        ({"mechanic": "n_for", "quantity": 2, "amount": Decimal(5)}, None, "2.5"),
        ({"mechanic": "price_cut", "rate": Decimal("0.25")}, "2.00", "1.5"),
        ({"mechanic": "price_cut", "amount": Decimal("0.40")}, "1.99", "1.59"),
        ({"mechanic": "bonus_pack", "rate": Decimal("0.25")}, "2.00", "1.6"),
        ({"mechanic": "display"}, "2.00", "2"),
        ({"mechanic": "one_plus_one"}, None, None),
    ],
)
def test_the_price_in_the_promotion(fields, price, expected):
    product = product_factory()
    parts = [ProductPlan(product, price and Decimal(price))]
    row = promotion_create(user=user_factory(), plan=plan_of(products=parts, **fields))
    found = effective_of(row, row.rows.get())
    assert found == (expected and Decimal(expected))
