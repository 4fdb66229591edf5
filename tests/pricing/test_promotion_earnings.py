"""What a promotion earned: the worked case through the page, and who is told."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InternalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import DomainError
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import LedgerEntry, Promotion, PromotionCost, PromotionEffect
from pricing.selectors.promotion_costs import actual_cost
from pricing.selectors.promotion_earnings import Earnings, promotion_earnings
from pricing.selectors.promotion_effects import effects_shown
from pricing.services.promotion_costs import promotion_cost_say
from products.models import Measure, Product, SalesMonth
from tests.factories import (
    channel_factory,
    client_of,
    line_factory,
    measure_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.promotions import approved_factory, promotion_factory
from tests.pricing.test_margins import costs, sell

pytestmark = pytest.mark.django_db
D = Decimal


def ran(*products: Product, **fields: Any) -> tuple[Promotion, datetime.date]:
    """The whole of the month before last, and that month."""
    month = month_add(month_start(today()), -2)
    row = approved_factory(*products, ahead=30, **fields)
    Promotion.objects.filter(pk=row.pk).update(store_start=month, store_end=month_add(month, 1) - DAY)
    row.refresh_from_db()
    return row, month


DAY = datetime.timedelta(days=1)


def measured(row: Promotion, product: Product, sister: Product | None = None, **fields: Any) -> None:
    """The worked case of formulas: 420 sold above 200, 50 less after, 40 less of a sister."""
    sisters = {"sister_rows": [[sister.pk, -40, -60, -20]], "sisters": -40} if sister else {}
    given: dict[str, Any] = {
        "baseline": 200,
        "sold": 420,
        "uplift": 1.1,
        "uplift_lo80": 0.9,
        "uplift_hi80": 1.3,
    }
    given |= {"after": -50, "after_lo80": -70, "after_hi80": -30, "method": "weeks"}
    given |= {"engine_version": "1", "input_hash": "0", "computed_at": timezone.now()}
    measure = Measure.objects.get(code="units")
    PromotionEffect.objects.create(
        promotion=row, product=product, measure=measure, **given | sisters | fields
    )


def worked(**fields: Any) -> Promotion:
    """Normal price 10, cost 6, in the promotion 8; the sister leaves 3."""
    product, sister = product_factory(), product_factory()
    fields |= {"budget_amount": D(200), "own_share_rate": D("0.5"), "planned_uplift_rate": D(2)}
    row, month = ran(product, **fields)
    sell(product, month_add(month, -1), 200, D(2000))
    sell(product, month, 420, D(3360))
    sell(sister, month_add(month, -1), 100, D(500))
    sell(sister, month, 60, D(300))
    costs("purchase", "6", product=product)
    costs("purchase", "2", product=sister)
    measured(row, product, sister)
    return row


def earned(row: Promotion, user: Any = None) -> Earnings | None:
    user = user or user_factory("finance")
    return promotion_earnings(user, row, effects_shown(user, row), actual_cost(user, row))


def test_the_worked_case() -> None:
    found = earned(worked())
    assert found is not None
    [one] = found.rows
    assert (one.margin, one.given, round(one.break_even or 0, 6)) == (4, 840, 560)
    assert (found.extra, found.cost, found.result) == (pytest.approx(-280), 100, pytest.approx(-380))
    # 600 sold at a margin of 2, less 200 × 4, less 100
    assert found.planned == pytest.approx(300)
    assert found.return_rate == pytest.approx(-380 / 940)
    # Baselines 420 / 1.9 and 420 / 2.3, ± 20 after, ± 20 × 3 of the sister.
    assert found.lo80 == pytest.approx(-380 - ((4 * (420 / 1.9 - 200)) ** 2 + 80**2 + 60**2) ** 0.5)
    assert found.hi80 == pytest.approx(-380 + ((4 * (200 - 420 / 2.3)) ** 2 + 80**2 + 60**2) ** 0.5)


def test_below_nothing_no_break_even_is_needed() -> None:
    """What sister products sold more than pays for it, whatever it sells itself."""
    row = worked()
    PromotionEffect.objects.filter(promotion=row).update(sister_rows=[[_sister(row), 900, 880, 920]])
    found = earned(row)
    assert found is not None
    assert (found.rows[0].break_even or 0) < 0
    assert "none needed" in tight(client_of(user_factory("finance")).get(f"/pricing/promotions/{row.pk}/"))


def _sister(row: Promotion) -> int:
    return int(PromotionEffect.objects.get(promotion=row).sister_rows[0][0])


def test_a_budget_in_another_currency_is_not_counted_as_ours() -> None:
    """200 pounds are no 200 euro: what it brought is said, its result once the cost is known in ours."""
    price_list_factory(currency="GBP")
    row = worked(currency="GBP")
    found = earned(row)
    assert found is not None
    assert (found.extra, found.planned_cost, found.result) == (pytest.approx(-280), None, None)
    client = client_of(user_factory("finance"))
    page = tight(client.get(f"/pricing/promotions/{row.pk}/"))
    assert "Its budget is in GBP: enter what it cost us in EUR, and its result is shown here." in page
    assert "£200" in page
    promotion_cost_say(user=user_factory(), promotion=row, amount=D(120), known_date=today())
    found = earned(row)
    assert found is not None
    assert (found.cost, found.result) == (120, pytest.approx(-400))


def test_of_a_state_it_is_not_said() -> None:
    """What came in goes on to bring in: a month's margin of it is not what it earned."""
    level, new = measure_factory(kind="level"), Measure.objects.get(code="units")
    product = product_factory(line=line_factory(measures=[level, new]))
    row, month = ran(product)
    for back, volume in ((-1, 200), (0, 420)):
        SalesMonth.objects.create(
            product=product,
            channel=channel_factory(),
            measure=level,
            month=month_add(month, back),
            volume=volume,
            revenue=10 * volume,
            days=30,
        )
    costs("purchase", "6", product=product)
    measured(row, product)
    found = earned(row)
    assert found is not None
    assert ([one.reason for one in found.rows], found.extra) == (["state"], None)


def test_what_is_not_known_is_said() -> None:
    product, sister = product_factory(), product_factory()
    row, month = ran(product)
    measured(row, product, sister)
    reasons = []
    for step in (
        lambda: sell(product, month_add(month, -1), 200, D(2000)),
        lambda: sell(product, month, 420, D(3360)),
        lambda: costs("purchase", "6", product=product),
    ):
        found = earned(row)
        assert found is not None
        assert found.result is None
        reasons.append(found.rows[0].reason)
        step()
    assert reasons == ["no_price", "no_price", "no_costs"]
    found = earned(row)
    assert found is not None
    assert (found.rows[0].sisters_left_out, found.result) == (True, pytest.approx(-160))


def test_prices_are_of_the_channels_it_ran_in() -> None:
    product, shop, other = product_factory(), channel_factory(), channel_factory()
    row, month = ran(product, channels=[shop])
    for each, price in ((shop, 10), (other, 50)):
        sell(product, month_add(month, -1), 200, D(200 * price), channel=each)
        sell(product, month, 420, D(420 * price), channel=each)
    costs("purchase", "6", product=product)
    measured(row, product)
    found = earned(row)
    assert found is not None
    assert (found.rows[0].margin, found.rows[0].given) == (4, 0)


def test_only_who_sees_costs_and_all_of_it_is_told() -> None:
    row = worked()
    for role, told in (("finance", True), ("product-manager", True), ("marketing", False), ("viewer", False)):
        client = Client()
        client.force_login(user_factory(role, language="en"))
        page = client.get(f"/pricing/promotions/{row.pk}/").content.decode()
        assert ("Did it pay?" in page) is told, role
        assert "Measured" in page
    assert earned(row, user_factory("finance", channels=[channel_factory()])) is None


def test_more_products_ask_no_more_queries() -> None:
    counts = []
    for products in (1, 4):
        made = [product_factory() for _ in range(products)]
        row, month = ran(*made)
        for product in made:
            sister = product_factory()
            sell(product, month_add(month, -1), 200, D(2000))
            sell(product, month, 420, D(3360))
            costs("purchase", "6", product=product)
            measured(row, product, sister)
        user = user_factory("finance")
        effects = effects_shown(user, row)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert promotion_earnings(user, row, effects) is not None
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_return_counts_with_what_it_cost_once_that_is_known() -> None:
    row, sanne = worked(), user_factory("product-manager", language="en", name="Sanne")
    client = Client()
    client.force_login(sanne)
    address = f"/pricing/promotions/{row.pk}/"
    page = tight(client.get(address))
    assert '<dt>What it cost us</dt><dd><span class="dim">not known yet</span></dd>' in page
    assert "this counts with what was planned" in page
    said = {"amount": "150", "known_date": str(today()), "source": "Invoice 7"}
    assert client.post(f"{address}cost/", said | {"dimension": "X"}).status_code == 422
    assert client.post(f"{address}cost/", said | {"known_date": str(today() + DAY)}).status_code == 422
    assert client.post(f"{address}cost/", said).status_code == 302
    found = earned(row)
    assert found is not None
    assert (found.planned_cost, found.actual_cost) == (100, 150)
    assert (found.result, found.planned) == (pytest.approx(-430), pytest.approx(300))
    assert found.return_rate == pytest.approx(-430 / 990)
    url = f"/products/{row.rows.get().product.code}/mix/promotions/"
    card = tight(client.get(url, headers={"HX-Request": "true"}))
    assert '<td class="num">0.2<span class="sub">planned 0.1</span></td>' in card
    page = tight(client.get(address))
    assert "this counts with what was planned" not in page
    assert ("€150.00" in page, "Sanne · Invoice 7" in page) == (True, True)


def test_what_the_ledger_books_is_for_who_sees_it() -> None:
    row = worked()
    promotion_cost_say(
        user=user_factory(), promotion=row, amount=None, dimension="PROMO-1", known_date=today()
    )
    shown = [actual_cost(user_factory(role), row) for role in ("finance", "marketing")]
    assert [one and one.amount for one in shown] == [None, None]
    for number, amount in (("1", "90"), ("2", "-15.50"), ("3", "999")):
        LedgerEntry.objects.create(
            number=number,
            date=today(),
            month=month_start(today()),
            account="4500",
            dimension="PROMO-1" if number != "3" else "",
            amount=D(amount),
            currency="EUR",
            booked=D(amount),
        )
    shown = [actual_cost(user_factory(role), row) for role in ("finance", "marketing")]
    assert [one and one.amount for one in shown] == [D("74.50"), None]
    limited = user_factory("finance", channels=[channel_factory()])
    assert actual_cost(limited, row) is None


def test_an_amount_is_for_who_sees_costs_and_who_entered_it() -> None:
    """Page, history, card and API; what was planned is for everybody."""
    row, said = worked(), {"amount": D("1234.5"), "known_date": today()}
    emma = user_factory("marketing", name="Emma")
    promotion_cost_say(user=emma, promotion=row, **said)
    code = row.rows.get().product.code
    for user, sees, history in (
        (emma, True, False),
        (user_factory("finance"), True, True),
        (user_factory("marketing"), False, False),
    ):
        client = Client()
        client.force_login(user)
        page = client.get(f"/pricing/promotions/{row.pk}/").content.decode()
        assert ("€1,234.50" in page, "only for who sees costs" in page) == (sees, not sees)
        assert ("€100.00" in page, "Emma" in page) == (True, True)
        told = client.get(f"/pricing/promotions/{row.pk}/?history=1").context["history"]
        assert any("1234" in str(entry) or "1,234" in str(entry) for entry in told) is history
        card = tight(client.get(f"/products/{code}/mix/promotions/", headers={"HX-Request": "true"}))
        assert ('<td class="num">1.2<span class="sub">planned 0.1</span></td>' in card) is sees
        answer = client.get(f"/api/v1/promotions/{row.pk}/cost/").json()
        assert answer["amount"] == ("1234.50" if sees else None)


def test_what_was_said_of_it_stays() -> None:
    row, said = worked(), {"amount": D(9), "known_date": today()}
    first = promotion_cost_say(user=user_factory(), promotion=row, **said)
    promotion_cost_say(user=user_factory(), promotion=row, **said | {"amount": D(0)})
    found = actual_cost(user_factory(), row)
    assert (found and found.amount, row.costs.count()) == (0, 2)
    for act in (first.delete, lambda: PromotionCost.objects.update(amount=1)):
        with pytest.raises(InternalError, match=r"Cannot (update|delete)"), transaction.atomic():
            act()
    with pytest.raises(IntegrityError, match="amount_or_dimension"), transaction.atomic():
        PromotionCost.objects.create(promotion=row, created_by=user_factory(), known_date=today())
    for user, promotion, code in (
        (user_factory("viewer"), row, None),
        (user_factory(), promotion_factory(product_factory()), "not_begun"),
    ):
        with pytest.raises((DomainError, PermissionDenied)) as refused:
            promotion_cost_say(user=user, promotion=promotion, **said)
        assert getattr(refused.value, "code", None) == code
