"""New products in the night: borrowed, then their own; and products that follow others."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.http import Http404

from accounts.errors import DomainError
from collaboration.models import Alert
from core.months import month_add
from forecasting import engine
from forecasting.doctor import forecasts_whole
from forecasting.engine import launch
from forecasting.models import Forecast, LaunchPlan, LaunchReference, StageEstimate
from forecasting.selectors.launches import launch_plans_of
from forecasting.services.launches import launch_plan_set, launch_plan_withdraw
from forecasting.steps.drivers import Moved
from products.models import Measure, Product, ProductFigures, ProductMonth, Succession
from tests.factories import line_factory, measure_factory, organisation_factory, product_factory, user_factory

from .conftest import FORECASTS, LAST, months_give, run_now

pytestmark = pytest.mark.django_db
NEXT = month_add(LAST, 1)


@pytest.fixture
def units(db) -> Measure:
    return Measure.objects.get(code="units")


@pytest.fixture
def manager(db):
    return user_factory()


@pytest.fixture
def references(db) -> list[Product]:
    """A and B of the worked example, which go on steadily after their first six months."""
    line = line_factory(code="shelf", unit="pack")
    found = []
    for code, months in (("A", [10, 20, 30, 40, 50, 60]), ("B", [30, 30, 60, 60, 90, 90])):
        product = product_factory(code=code, name=f"Reference {code}", line=line)
        months_give(product, 30, volume=lambda step, row=months: row[min(step, 5)])
        found.append(product)
    return found


def new_product(references, months=()) -> Product:
    product = product_factory(code="NEW", name="New one", line=references[0].line)
    if months:
        months_give(product, len(months), volume=lambda step: months[step])
    return product


def plan(user, product, shelf, measure, **said) -> LaunchPlan:
    defaults = {
        "method": "like_items",
        "launch_month": NEXT,
        "scale": Decimal("0.8"),
        "references": [(shelf[0], Decimal(60)), (shelf[1], Decimal(40))],
    }
    return launch_plan_set(user=user, product=product, measure=measure, **defaults | said)


def forecast_of(product) -> Forecast:
    return Forecast.objects.get(product=product, current=True)


def means(product) -> list[float]:
    return [row.mean for row in forecast_of(product).months.order_by("month")]


# -- borrowed ---------------------------------------------------------------------------------------------


def test_a_product_without_a_month_borrows_all(manager, references, units):
    product = new_product(references)
    plan(manager, product, references, units, phase_in_months=3)
    run_now()
    made = forecast_of(product)
    assert (made.method, made.reason_code, made.reason_params) == (
        "like_item",
        "no_own_months",
        {"references": 2},
    )
    assert made.as_of == LAST
    assert means(product)[:6] == pytest.approx([4.8, 12.8, 33.6, 38.4, 52.8, 57.6])
    first = made.months.order_by("month")[0]
    assert first.month == NEXT
    assert first.naive is None
    assert first.lo95 < first.lo80 < first.mean < first.hi80 < first.hi95
    assert ProductFigures.objects.get(product=product).forecast_12m == pytest.approx(sum(means(product)[:12]))
    assert not StageEstimate.objects.filter(product=product).exists()


def test_a_launch_ahead_sells_nothing_before_it(manager, references, units):
    product = new_product(references)
    plan(manager, product, references, units, launch_month=month_add(NEXT, 3))
    run_now()
    assert means(product)[:6] == pytest.approx([0, 0, 0, 14.4, 19.2, 33.6])


def test_a_launch_that_passed_without_a_sale_is_still_ahead(manager, references, units):
    product = new_product(references)
    plan(manager, product, references, units, launch_month=month_add(LAST, -4))
    run_now()
    assert means(product)[:3] == pytest.approx([14.4, 19.2, 33.6])


def test_own_months_take_over_by_a_sixth_a_month(manager, references, units):
    product = new_product(references, [70, 110])
    run_now()
    own = means(product)
    assert own[0] == 100
    plan(manager, product, references, units, launch_month=month_add(LAST, -5))
    run_now()
    made = forecast_of(product)
    assert (made.method, made.reason_code) == ("blend", "own_months_take_over")
    assert made.reason_params == {"periods": 2, "own_pct": 33}
    # The curve began with the first sale, two months ago: its third month is next.
    assert means(product)[:2] == pytest.approx([100 / 3 + 33.6 * 2 / 3, 100 / 3 + 38.4 * 2 / 3], rel=1e-6)


def test_after_six_months_only_its_own_count(manager, references, units):
    product = new_product(references, [70, 110, 90, 80, 100, 120])
    run_now()
    before = means(product)
    plan(manager, product, references, units)
    run_now()
    assert means(product) == before
    assert forecast_of(product).method not in ("blend", "like_item")


def test_withdrawn_it_is_on_its_own_again(manager, references, units):
    product = new_product(references, [70, 110])
    plan(manager, product, references, units)
    run_now()
    assert forecast_of(product).method == "blend"
    assert launch_plan_withdraw(user=manager, product=product, measure=units) == 1
    assert launch_plan_withdraw(user=manager, product=product, measure=units) == 0
    run_now()
    assert forecast_of(product).method == "level"


def test_only_what_the_plan_touches_is_computed_anew(manager, references, units):
    product = new_product(references, [70, 110])
    plan(manager, product, references, units)
    run_now()

    def computed(run):
        step = run.steps.get(name="forecast")
        return step.computed, step.skipped

    assert computed(run_now()) == (0, 3)
    plan(manager, product, references, units, scale=Decimal("0.5"))
    assert computed(run_now()) == (1, 2)
    # A month of a reference that the curve borrows.
    ProductMonth.objects.filter(product=references[0], month=month_add(LAST, -27)).update(volume=41)
    first, _skipped = computed(run_now())
    assert first == 2


def test_references_that_lost_their_sales_say_so(manager, references, units):
    product = new_product(references)
    plan(manager, product, references, units)
    ProductMonth.objects.all().delete()
    run_now()
    made = forecast_of(product)
    assert (made.method, made.reason_code, made.months.count()) == ("none", "no_reference", 0)


def test_where_nothing_is_forecast_nothing_is_moved() -> None:
    """A plan whose references have no months, of a product with a price ahead."""
    nothing = np.empty(0)
    made = engine.Forecast("A", 0, *[nothing] * 6, "none", "no_reference")
    assert Moved((1.1,) * 18, {}).on(made) is None


def test_a_diffusion_with_numbers_given_or_borrowed(manager, references, units):
    product, other = new_product(references), product_factory(line=references[0].line)
    curve = launch.bass(0.03, 0.38, 10_000, horizon=30)
    source = product_factory(line=references[0].line)
    months_give(source, 30, volume=lambda step: curve[step])
    given = {"method": "bass", "p": 0.03, "q": 0.38, "market": 10_000.0, "references": []}
    plan(manager, product, references, units, **given)
    borrowed = {"method": "bass", "references": [(source, Decimal(1))], "scale": Decimal("0.5")}
    plan(manager, other, references, units, **borrowed)
    run_now()
    assert forecast_of(product).reason_code == "given_diffusion"
    assert means(product)[:3] == pytest.approx([357.58, 492.98, 654.44], abs=5e-3)
    assert forecast_of(other).reason_code == "no_own_months"
    assert means(other)[:3] == pytest.approx([178.79, 246.49, 327.22], rel=1e-3)
    assert list(forecasts_whole()) == []


def test_nothing_is_expected_after_the_end(manager, references, units):
    product = new_product(references)
    Product.objects.filter(pk=product.pk).update(ended=datetime.date(2027, 1, 15))
    plan(manager, product, references, units)
    run_now()
    assert means(product)[:4] == pytest.approx([14.4, 19.2, 33.6, 0])


# -- the alert --------------------------------------------------------------------------------------------


def test_the_alert_asks_for_a_comparable_product_and_goes_when_there_is_one(
    client, manager, references, units
):
    organisation_factory(alert_min_amount=0)
    product = new_product(references, [70, 110])
    Product.objects.filter(pk=product.pk).update(launched=month_add(LAST, -1), owner=manager)
    run_now(only=[*FORECASTS, "alerts"])
    alert = Alert.objects.get(kind="little_history", product=product, state="open")
    client.force_login(manager)
    page = client.get("/").content.decode()
    assert "Choose a like-item" in page
    assert "/products/NEW/forecast/launch/" in page
    plan(manager, product, references, units)
    run_now(only=[*FORECASTS, "alerts"])
    alert.refresh_from_db()
    assert alert.state == "gone"


# -- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"references": []}, "no_reference", "reference_1"),
        ({"references": [], "method": "bass"}, "no_reference", "reference_1"),
        ({"references": [("A", 1), ("A", 2)]}, "reference_twice", "reference_2"),
        ({"references": [("NEW", 1)]}, "own_reference", "reference_1"),
        ({"references": [("EMPTY", 1)]}, "reference_without_sales", "reference_1"),
        ({"references": [("SHORT", 1)], "method": "bass"}, "reference_too_short", "reference_1"),
        ({"references": [("A", 0)]}, "weight_positive", "weight_1"),
        ({"scale": Decimal(0)}, "scale_range", "scale"),
        ({"method": "bass", "p": 0.03}, "p_and_q", "q"),
        ({"method": "bass", "p": 3.0, "q": 0.3}, "p_range", "p"),
        ({"method": "bass", "market": -1.0}, "market_range", "market"),
        ({"method": "guess"}, "method_unknown", "method"),
    ],
)
def test_refused(manager, references, units, said, code, field):
    product = new_product(references)
    product_factory(code="EMPTY", line=product.line)
    months_give(product_factory(code="SHORT", line=product.line), 4)
    if "references" in said:
        said = said | {
            "references": [(Product.objects.get(code=name), Decimal(w)) for name, w in said["references"]]
        }
    with pytest.raises(DomainError) as refused:
        plan(manager, product, references, units, **said)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not LaunchPlan.objects.exists()


def test_a_level_is_no_diffusion_and_a_measure_must_be_of_the_line(manager, references, units):
    level = measure_factory(code="in-force", kind="level")
    product = product_factory(line=line_factory(measures=[level]))
    bass = {"method": "bass", "p": 0.03, "q": 0.38, "market": 10_000.0, "references": []}
    for measure, code in ((level, "bass_of_a_level"), (units, "measure_unknown")):
        with pytest.raises(DomainError) as refused:
            plan(manager, product, references, measure, **bass)
        assert refused.value.code == code


def test_who_is_limited_neither_plans_nor_borrows_outside(references, units):
    product = new_product(references)
    foreign = product_factory()
    months_give(foreign, 12)
    limited = user_factory(lines=[product.line])
    with pytest.raises(Http404):
        plan(limited, product, references, units, references=[(foreign, Decimal(1))])
    with pytest.raises(Http404):
        plan(limited, foreign, references, units)
    assert not LaunchPlan.objects.exists()


def test_said_twice_is_one_plan_and_said_anew_keeps_the_old_one(manager, references, units):
    product = new_product(references)
    first = plan(manager, product, references, units)
    assert plan(manager, product, references, units) == first
    second = plan(manager, product, references, units, note="Wider shelf")
    first.refresh_from_db()
    assert (first.withdrawn_by, second.withdrawn_at) == (manager, None)
    assert [seen.plan for seen in launch_plans_of(manager, product, units)] == [second, first]


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"method": "guess"}, "launch_method_known"),
        ({"launch_month": datetime.date(2026, 11, 2)}, "launch_month_is_a_month"),
        ({"scale": 0}, "launch_scale_in_range"),
        ({"phase_in_months": 40}, "launch_phase_in_in_range"),
        ({"p": 0.03}, "launch_diffusion_in_range"),
        ({"method": "bass", "p": 0.03}, "launch_diffusion_in_range"),
        ({"method": "bass", "market": 0}, "launch_market_positive"),
        ({}, "launch_one_in_force"),
    ],
)
def test_the_database_holds_the_rules(manager, references, units, wrong, name):
    product = new_product(references)
    valid = {"product": product, "measure": units, "method": "like_items", "launch_month": NEXT}
    row = LaunchPlan.objects.create(**valid, set_by=manager)
    LaunchPlan.objects.filter(pk=row.pk).update(withdrawn_at=None if not wrong else "2026-11-01T00:00Z")
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LaunchPlan.objects.bulk_create([LaunchPlan(**valid | wrong, set_by=manager)])


def test_a_reference_counts_once_and_weighs_something(manager, references, units):
    row = plan(manager, new_product(references), references, units)
    for wrong, name in (
        ({"product": references[0], "weight": 1}, "launch_reference_once"),
        ({"product": product_factory(), "weight": 0}, "launch_reference_weight_positive"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            LaunchReference.objects.bulk_create([LaunchReference(plan=row, **wrong)])
    for wrong, name in (
        ({"factor": 0}, "succession_factor_positive"),
        ({"phase_out_months": 61}, "succession_phase_out_in_range"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Succession.objects.create(
                predecessor=references[0], successor=references[1], start_date=LAST, **wrong
            )


# -- successors -------------------------------------------------------------------------------------------


def succession(old, new, start, **said) -> Succession:
    return Succession.objects.create(predecessor=old, successor=new, start_date=start, **said)


def steady(volume: float, months: int = 48, last: datetime.date = LAST, **fields) -> Product:
    product = product_factory(**fields)
    months_give(product, months, last=last, volume=lambda step: volume)
    return product


def test_a_successor_takes_over_history_by_its_factor(units):
    line = line_factory()
    old = steady(200, line=line, last=month_add(LAST, -2))
    new = steady(100, 2, line=line)
    succession(old, new, month_add(LAST, -1), factor=Decimal("0.5"))
    run_now()
    made = forecast_of(new)
    assert made.reason_code == "enough_history"
    assert made.reason_params["taken_over"] == 48
    assert means(new) == pytest.approx([100] * 18, rel=1e-3)
    old_made = forecast_of(old)
    assert (old_made.method, old_made.reason_code) == ("zero", "succeeded")
    assert set(means(old)) == {0}
    # A product that goes on is not introduced anew.
    assert StageEstimate.objects.get(product=new).stage != "introduction"


def test_a_planned_successor_without_a_month_gets_its_share_as_the_old_one_goes(units):
    line = line_factory()
    old, new = steady(100, line=line), product_factory(line=line)
    succession(old, new, month_add(LAST, 3), phase_out_months=4)
    run_now()
    left = [1, 1, 0.75, 0.5, 0.25, 0, 0]
    assert means(old)[:7] == pytest.approx([100 * share for share in left], rel=1e-3)
    assert means(new)[:7] == pytest.approx([100 * (1 - share) for share in left], rel=1e-3)
    assert forecast_of(old).reason_params["phased_out"] == 1


def test_in_the_middle_of_a_phase_out_both_add_up(units):
    line = line_factory()
    old = product_factory(line=line)
    falling = [100] * 46 + [75, 50]
    months_give(old, 48, volume=lambda step: falling[step])
    new = product_factory(line=line)
    months_give(new, 2, volume=lambda step: [25, 50][step])
    succession(old, new, month_add(LAST, -1), phase_out_months=4)
    run_now()
    assert means(old)[:3] == pytest.approx([25, 0, 0], rel=1e-3)
    assert means(new)[:3] == pytest.approx([75, 100, 100], rel=1e-3)


def test_a_product_that_was_there_keeps_its_own_and_adds(units):
    line = line_factory()
    old, new = steady(100, line=line), steady(300, line=line)
    succession(old, new, month_add(LAST, 3))
    run_now()
    assert means(new)[:4] == pytest.approx([300, 300, 400, 400], rel=1e-3)
    assert means(old)[:4] == pytest.approx([100, 100, 0, 0], rel=1e-3)


def test_a_chain_passes_on_all_and_a_start_within_a_month_counts_from_the_next(units):
    line = line_factory()
    first = steady(100, 40, line=line, last=month_add(LAST, -8))
    second = steady(100, 4, line=line, last=month_add(LAST, -4))
    third = steady(100, 4, line=line)
    succession(first, second, month_add(LAST, -7))
    succession(second, third, month_add(LAST, -4).replace(day=20))
    run_now()
    made = forecast_of(third)
    assert made.reason_params["periods"] == 48
    assert made.reason_params["taken_over"] == 44
    assert means(third)[0] == pytest.approx(100, rel=1e-2)
