"""The price in a promotion is held against the bounds of prices, when it is proposed and when it is
decided."""

from __future__ import annotations

import datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import DomainError
from core import formats
from core.organisation import today
from pricing.models import Bound, ForbiddenPeriod, Promotion, VatCode
from pricing.selectors.bounds import BoundsOn
from pricing.selectors.promotion_bounds import promotions_passing
from pricing.selectors.promotion_prices import AsSaid, lowered_prices, prices_paid, promotion_prices
from pricing.services.promotion_decisions import promotion_decide, promotion_propose
from pricing.services.promotions import (
    ProductPlan,
    promotion_change,
    promotion_move,
    promotion_move_undo,
)
from tests.factories import (
    bound_become,
    bound_factory,
    channel_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.promotions import DAY, plan_of, promotion_factory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
LONG_AGO = datetime.date(2020, 1, 1)
CUT = {"mechanic": "price_cut", "rate": D("0.25")}


def refused(act: Any) -> DomainError:
    with pytest.raises(DomainError) as found:
        act()
    return found.value


def test_a_bound_refuses_or_asks_for_a_reason_and_holds_again_at_approval() -> None:
    maker, other = user_factory(), user_factory()
    product = product_factory(name="Book")
    row = promotion_factory(product, user=maker, products=[ProductPlan(product, D("12.00"))], **CUT)
    bound = bound_factory(line=product.line, start_date=LONG_AGO, least=D("9.50"), source="Fixed price act")
    propose = lambda why="": promotion_propose(user=maker, promotion=row, exception=why)  # noqa: E731
    approve = lambda: promotion_decide(user=other, promotion=row, approve=True)  # noqa: E731
    said = refused(lambda: propose("They asked"))
    assert said.code == "beyond_bound"
    assert "Book: Fixed price act sets at least €9.50 without VAT" in str(said.message)
    bound_become(bound, beyond="reason")
    said = refused(propose)
    assert (said.code, said.field) == ("exception_needed", "exception")
    assert Promotion.objects.get().state == "draft"
    assert propose("Agreed with them").exception == "Agreed with them"
    # Set since, or gone from reason to refusal: what was let pass is held again.
    bound_become(bound, beyond="refuse")
    assert refused(approve).code == "beyond_bound"
    assert Promotion.objects.get().state == "proposed"
    bound_become(bound, beyond="reason")
    assert approve().state == "approved"


def test_the_page_asks_for_the_reason_and_shows_it() -> None:
    client, product = Client(), product_factory()
    client.force_login(user_factory())
    row = promotion_factory(product, products=[ProductPlan(product, D(12))], **CUT)
    bound_factory(product=product, start_date=LONG_AGO, least=D(10), beyond="reason")
    url = reverse("pricing:promotion_propose", args=[row.pk])
    asked = client.post(url)
    assert asked.status_code == 400
    assert "Why the exception" in (page := asked.content.decode())
    assert "Say why it may." in page
    assert client.post(url, {"exception": "Agreed with them"}).status_code == 302
    page = client.get(reverse("pricing:promotion", args=[row.pk])).content.decode()
    assert "Agreed with them" in page
    assert client.get(f"/api/v1/promotions/{row.pk}/").json()["exception"] == "Agreed with them"


@pytest.mark.parametrize("by_api", [False, True])
def test_who_approves_may_give_the_reason_too(by_api: bool) -> None:
    """A bound and a forbidden period that were set since, each asked for where it stands in the way."""
    product, approver = product_factory(), user_factory()
    row = promotion_factory(product, products=[ProductPlan(product, D(12))], **CUT)
    promotion_propose(user=row.author, promotion=row)
    bound_factory(product=product, start_date=LONG_AGO, least=D(10), beyond="reason")
    days = {"start_date": row.store_start, "end_date": row.store_end}
    ForbiddenPeriod.objects.create(line=product.line, reason="Stock count", **days)
    client, said = Client(), {}
    client.force_login(approver)
    page = reverse("pricing:promotion_decide", args=[row.pk])
    url = f"/api/v1/promotions/{row.pk}/approve/" if by_api else page

    def decided() -> Any:
        more = {} if by_api else {"decision": "approve"}
        return client.post(url, said | more, **({"content_type": "application/json"} if by_api else {}))

    for name, label in (("exception_note", "Why in a forbidden period"), ("exception", "Why the exception")):
        asked = decided()
        assert asked.status_code == 400
        assert Promotion.objects.get().state == "proposed"
        if by_api:
            assert name in asked.content.decode()
        else:
            assert label in asked.content.decode()
            assert all(f'value="{given}"' in asked.content.decode() for given in said.values())
        said[name] = f"Agreed, {name}"
    assert decided().status_code == (200 if by_api else 302)
    found = Promotion.objects.get()
    assert (found.state, found.exception, found.exception_note) == (
        "approved",
        "Agreed, exception",
        "Agreed, exception_note",
    )


def test_a_reason_is_not_for_a_bound_or_period_that_was_set_after_it() -> None:
    """Both were let pass when it was proposed; a second bound and a second period ask again."""
    product = product_factory()
    days = {}

    def forbid(reason: str) -> None:
        ForbiddenPeriod.objects.create(line=product.line, reason=reason, **days)

    start = today() + datetime.timedelta(30)
    days |= {"start_date": start, "end_date": start}
    forbid("Stock count")
    bound_factory(product=product, start_date=LONG_AGO, least=D(10), beyond="reason")
    said = {"exception_note": "They know", "exception": "Agreed"}
    row = promotion_factory(product, products=[ProductPlan(product, D(12))], **CUT, **said)
    promotion_propose(user=row.author, promotion=row)
    approve = lambda **more: promotion_decide(user=user_factory(), promotion=row, approve=True, **more)  # noqa: E731
    forbid("Fair")
    later = bound_factory(line=product.line, start_date=LONG_AGO, least=D(11), beyond="reason")
    Bound.objects.exclude(pk=later.pk).delete()
    for made in (ForbiddenPeriod.objects.get(reason="Fair"), later):
        made.events.update(pgh_created_at=timezone.now())
    version = Promotion.objects.get().version
    move = {"user": row.author, "promotion": row, "version": version}
    days = {"store_start": start, "store_end": start + datetime.timedelta(2)}
    assert "Fair" in str(refused(lambda: promotion_move(**move, **days)).message)
    found = refused(approve)
    assert (found.field, "Fair" in str(found.message)) == ("exception_note", True)
    found = refused(lambda: approve(exception_note="The fair too"))
    assert (found.field, "€11.00" in str(found.message)) == ("exception", True)
    done = approve(exception_note="The fair too", exception="That too")
    assert (done.exception, done.exception_note) == ("Agreed; That too", "They know; The fair too")


def test_who_changes_it_with_the_reason_of_before_is_told_what_to_do() -> None:
    """A bound and a period that were set after the reasons for others; the plan is sent back as it was."""
    product = product_factory()
    said = {"exception": "Agreed", "exception_note": "They know"}
    fields = {"products": [ProductPlan(product, D(12))], **CUT, **said}
    row = promotion_factory(product, **fields)
    promotion_propose(user=row.author, promotion=row)
    before = timezone.now() - datetime.timedelta(1)
    Promotion.pgh_event_model.objects.update(pgh_created_at=before)  # type: ignore[attr-defined]
    bound_factory(product=product, start_date=LONG_AGO, least=D(10), beyond="reason")

    def changed(**more: Any) -> Promotion:
        plan = plan_of(product, **fields | {"name": "Other"} | more)
        return promotion_change(user=row.author, promotion=row, plan=plan, version=None)

    todo = "That was set after the reason was written: add to the reason why it may pass this too."
    found = refused(changed)
    assert (found.code, found.field) == ("exception_needed", "exception")
    assert str(found.message).endswith(todo)
    assert changed(exception="Agreed, and that too").exception == "Agreed, and that too"
    days = {"start_date": row.store_start, "end_date": row.store_start}
    ForbiddenPeriod.objects.create(line=product.line, reason="Fair", **days)
    found = refused(lambda: changed(name="Third"))
    assert (found.field, str(found.message).endswith(todo)) == ("exception_note", True)


def test_who_approves_is_told_when_two_reasons_do_not_fit_and_loses_no_word() -> None:
    product = product_factory()
    row = promotion_factory(product, exception="a" * 390)
    promotion_propose(user=row.author, promotion=row)
    client = Client()
    client.force_login(user_factory())
    said = {"decision": "approve", "note": "Go on", "exception": "b" * 20}
    page = tight(client.post(reverse("pricing:promotion_decide", args=[row.pk]), said))
    assert "this one is 12 characters too long" in page
    assert 'value="Go on"' in page
    assert Promotion.objects.get().state == "proposed"
    done = promotion_decide(user=user_factory(), promotion=row, approve=True, exception="b" * 8)
    assert len(done.exception) == 400


def test_a_period_forbidden_since_the_draft_asks_when_it_is_proposed() -> None:
    client, product = Client(), product_factory()
    client.force_login(user_factory())
    row = promotion_factory(product)
    days = {"start_date": row.store_start, "end_date": row.store_end}
    ForbiddenPeriod.objects.create(line=product.line, reason="Stock count", **days)
    url = reverse("pricing:promotion_propose", args=[row.pk])
    asked = client.post(url)
    assert asked.status_code == 400
    assert "Why in a forbidden period" in asked.content.decode()
    assert Promotion.objects.get().state == "draft"
    assert client.post(url, {"exception_note": "Agreed with them"}).status_code == 302
    found = Promotion.objects.get()
    assert (found.state, found.exception_note) == ("proposed", "Agreed with them")
    # What its author said is enough for who approves.
    assert promotion_decide(user=user_factory(), promotion=found, approve=True).state == "approved"


@pytest.mark.parametrize(
    ("plan", "fields", "passes"),
    [
        (("12.00", None), CUT, False),
        (("13.00", None), CUT, True),
        ((None, None), CUT, False),  # 25 % off the list's 12.10 with VAT
        ((None, "9.00"), {"mechanic": "display"}, False),
        (("9.00", None), {"mechanic": "display"}, True),  # it lowers nothing
        (("18.00", None), {"mechanic": "one_plus_one"}, False),
        ((None, None), {"mechanic": "feature"}, True),
    ],
)
def test_what_a_unit_costs_in_it_is_held(plan: Any, fields: Any, passes: bool) -> None:
    """At least 9.50 with VAT; the product is 12.10 with it in the shop, and 4 to who sells it on there."""
    product, shop = product_factory(), channel_factory()
    for amount, with_vat, kind in ((D("12.10"), True, "advised"), (D(4), False, "own")):
        its = price_list_factory(channel=shop, with_vat=with_vat, kind=kind)
        price_factory(product=product, price_list=its, start_date=LONG_AGO, amount=amount)
    bound_factory(product=product, start_date=LONG_AGO, least=D("9.50"), with_vat=True)
    price, effective = (None if said is None else D(said) for said in plan)
    row = promotion_factory(
        product, channels=[shop], products=[ProductPlan(product, price, effective)], **fields
    )
    if passes:
        assert promotion_propose(user=row.author, promotion=row).state == "proposed"
    else:
        said = refused(lambda: promotion_propose(user=row.author, promotion=row))
        assert said.code == "beyond_bound"


def test_it_is_held_on_the_lists_of_its_channels() -> None:
    """Of each the nearest, and those below; in another currency only what a share takes off."""
    retail, web = channel_factory(name="Retail"), channel_factory(name="Web")
    chain = channel_factory(name="Chain", parent=retail)
    product = product_factory()
    for place, amount in ((None, 10), (retail, 8), (chain, 6), (web, 4)):
        its = price_list_factory(channel=place, name_en=str(place))
        price_factory(product=product, price_list=its, start_date=LONG_AGO, amount=D(amount))
    pounds = price_list_factory(channel=web, currency="GBP")
    price_factory(product=product, price_list=pounds, start_date=LONG_AGO, amount=D(5))

    def held(*channels: Any, **fields: Any) -> list[D]:
        row = promotion_factory(product, channels=list(channels), **(CUT | fields))
        found = promotion_prices(row, prices_paid([row], row.store_start), as_said=AsSaid())
        return sorted(one.effective for one in found if one.effective is not None)

    assert held(retail) == [D("4.5"), D(6)]
    assert held(chain) == [D("4.5")]
    assert held(web) == [D(3), D("3.75")]
    assert held(web, rate=None, amount=D(1)) == [D(3)]
    assert held(web, rate=None, amount=D(1), currency="GBP") == [D(4)]
    assert held(channel_factory()) == [D("7.5")]
    assert held() == [D(3), D("3.75"), D("4.5"), D(6), D("7.5")]


@pytest.mark.parametrize("later", ["bound", "price", "vat"])
def test_it_is_held_on_each_of_its_days_and_says_from_when(later: str) -> None:
    """25 % off 12.00 is 9.00. From its fifth day on at least 9.50; or the price is 11.00 by then, so 8.25,
    and that is under 8.50; or of what is 9.00 with VAT less is left by then, at 21 % under 8.00."""
    product, price_list = product_factory(name="Book"), price_list_factory(with_vat=later == "vat")
    VatCode.objects.create(product=product, code="low", start_date=LONG_AGO)
    price_factory(product=product, price_list=price_list, start_date=LONG_AGO, amount=D(12))
    row = promotion_factory(product, days=7, **CUT)
    day = row.store_start + datetime.timedelta(4)
    least = {"product": product, "source": "The law"}
    if later == "bound":
        bound = bound_factory(start_date=day, least=D("9.50"), **least)
    elif later == "vat":
        bound = bound_factory(start_date=LONG_AGO, least=D("8.00"), **least)
        VatCode.objects.create(product=product, code="high", start_date=day)
    else:
        bound = bound_factory(start_date=LONG_AGO, least=D("8.50"), **least)
        price_factory(product=product, price_list=price_list, start_date=day, amount=D(11))
    said = refused(lambda: promotion_propose(user=row.author, promotion=row))
    assert said.code == "beyond_bound"
    assert f"Book from {formats.day(day)} on: The law sets at least" in str(said.message)
    bound_become(bound, beyond="reason")
    assert refused(lambda: promotion_propose(user=row.author, promotion=row)).code == "exception_needed"
    bound.delete()
    bound_factory(start_date=row.store_end + datetime.timedelta(1), least=D("9.50"), **least)
    assert promotion_propose(user=row.author, promotion=row).state == "proposed"


def test_bounds_hold_when_it_is_moved_or_changed() -> None:
    """At least 9.50 from some day on: what is proposed or approved is not moved there at 9.00, nor changed to
    9.00, and the reason that lets it pass comes with the change."""
    maker, other = user_factory(), user_factory()
    product = product_factory(name="Book")
    fields = {"products": [ProductPlan(product, D(12))], "days": 7, **CUT}
    row, draft = (promotion_factory(product, user=maker, **fields) for _ in range(2))
    promotion_propose(user=maker, promotion=row)
    promotion_decide(user=other, promotion=row, approve=True)
    there = row.store_start + datetime.timedelta(30)
    bound = bound_factory(product=product, start_date=there, least=D("9.50"), source="Fixed price act")

    def moved(promotion: Promotion) -> Any:
        promotion.refresh_from_db()
        days = {"store_start": there, "store_end": there + datetime.timedelta(6)}
        return promotion_move(user=maker, promotion=promotion, version=promotion.version, **days)

    def changed(**more: Any) -> Promotion:
        plan = plan_of(product, store_start=there, **{**fields, **more})
        return promotion_change(user=maker, promotion=row, plan=plan, version=None)

    assert refused(lambda: moved(row)).code == "beyond_bound"
    assert refused(changed).code == "beyond_bound"
    row.refresh_from_db()
    assert (row.state, row.store_start) == ("approved", there - datetime.timedelta(30))
    assert moved(draft)[0].store_start == there
    bound_become(bound, beyond="reason")
    assert refused(changed).code == "exception_needed"
    found = changed(exception="Agreed with them")
    assert (found.state, found.exception) == ("proposed", "Agreed with them")
    promotion_decide(user=other, promotion=row, approve=True)
    # A move is taken back to what was approved only where that still may be.
    row.refresh_from_db()
    later = there + datetime.timedelta(10)
    days = {"store_start": later, "store_end": later + datetime.timedelta(6)}
    at = promotion_move(user=maker, promotion=row, version=row.version, **days)[0].version
    bound_become(bound, beyond="refuse")
    said = refused(lambda: promotion_move_undo(user=maker, promotion=row, version=at))
    assert said.code == "beyond_bound"
    row.refresh_from_db()
    assert row.store_start == later


@pytest.mark.parametrize(
    ("part", "fields", "passes"),
    [
        (("month", ""), CUT, False),
        (("unit", "night"), CUT, False),
        (("once", ""), CUT, True),  # no bound of that
        (("month", ""), {"mechanic": "price_cut", "rate": D("0.10")}, True),
        (("month", ""), {"mechanic": "price_cut", "amount": D(5)}, True),  # off the price per unit
        (("month", ""), {"mechanic": "display"}, True),
    ],
)
def test_what_it_leaves_of_every_part_is_held(part: Any, fields: Any, passes: bool) -> None:
    """8.00 a month at least, of the tier night too: a quarter off 10.00 is 7.50. Nothing is said of 10.00 a
    unit."""
    product, prices = product_factory(), price_list_factory()
    for component, tier in (("unit", ""), part):
        its = {"price_list": prices, "component": component, "tier": tier}
        price_factory(product=product, start_date=LONG_AGO, amount=10, **its)
    for component, tier in (("month", ""), ("unit", "night")):
        bound = {"component": component, "tier": tier, "least": D(8)}
        bound_factory(line=product.line, start_date=LONG_AGO, **bound)
    row = promotion_factory(product, **fields)
    if passes:
        assert promotion_propose(user=row.author, promotion=row).state == "proposed"
        return
    said = refused(lambda: promotion_propose(user=row.author, promotion=row))
    assert said.code == "beyond_bound"
    assert ("night" if part[1] else "per month") in str(said.message)


def test_of_the_only_price_there_is_an_amount_is_held_too() -> None:
    """A policy of 10.00 a month, 5.00 of it off: in the channel it runs in."""
    product, web = product_factory(), channel_factory()
    for channel, amount in ((web, 10), (channel_factory(), 6)):
        its = price_list_factory(channel=channel)
        price_factory(product=product, price_list=its, start_date=LONG_AGO, component="month", amount=amount)
    bound_factory(product=product, start_date=LONG_AGO, component="month", least=D("4.50"))
    off = {"mechanic": "price_cut", "amount": D(5)}
    here = promotion_factory(product, channels=[web], **off)
    assert promotion_propose(user=here.author, promotion=here).state == "proposed"
    row = promotion_factory(product, **off)
    assert refused(lambda: promotion_propose(user=row.author, promotion=row)).code == "beyond_bound"


def test_without_a_plain_price_it_is_held_once_by_the_part_it_has() -> None:
    """A subscription of 10.00 a month at 7.50: no price per unit, of which at least 8.00 is asked. Where no
    price holds what was said of it is a unit's."""
    product, web = product_factory(), channel_factory()
    its = price_list_factory(channel=web)
    price_factory(product=product, price_list=its, start_date=LONG_AGO, component="month", amount=10)
    bound_factory(product=product, start_date=LONG_AGO, least=D(8))
    plan = {"products": [ProductPlan(product, D(10))], **CUT}
    row = promotion_factory(product, channels=[web], **plan)
    [held] = lowered_prices(row, prices_paid([row], row.store_start), row.store_start, AsSaid())
    assert (held.component, held.amount) == ("month", D("7.5"))
    assert promotion_propose(user=row.author, promotion=row).state == "proposed"
    row = promotion_factory(product, channels=[channel_factory()], **plan)
    [held] = lowered_prices(row, prices_paid([row], row.store_start), row.store_start, AsSaid())
    assert (held.component, held.amount) == ("unit", D("7.5"))
    assert refused(lambda: promotion_propose(user=row.author, promotion=row)).code == "beyond_bound"


def test_a_promotion_is_held_on_days_on_which_something_of_its_own_products_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A price, a bound and a VAT of the one, and of its line; nothing of the other's."""
    one, other = (product_factory(line=line_factory()) for _ in range(2))
    rows = [promotion_factory(each, products=[ProductPlan(each, D(12))], **CUT) for each in (one, other)]
    start = rows[0].store_start
    price_factory(product=one, price_list=price_list_factory(), start_date=start + DAY, amount=12)
    bound_factory(product=one, start_date=start + 2 * DAY, least=1)
    bound_factory(line=one.line, start_date=start + 3 * DAY, least=1)
    VatCode.objects.create(line=one.line, code="low", start_date=start + 4 * DAY)
    held: dict[int, list[int]] = {row.pk: [] for row in rows}

    def lowered(row: Promotion, prices: Any, day: datetime.date, as_said: AsSaid) -> Any:
        held[row.pk].append((day - start).days)
        return lowered_prices(row, prices, day, as_said)

    monkeypatch.setattr("pricing.selectors.promotion_bounds.lowered_prices", lowered)
    promotions_passing(rows, BoundsOn(today()))
    assert list(held.values()) == [[0, 1, 2, 3, 4], [0]]
