"""A family's page, its forecast tab and its stage set by hand."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from core import formats
from core.months import month_add
from forecasting.cards.families import family_now, family_panel
from forecasting.cards.family_list import family_growth, family_stages
from forecasting.models import Forecast, NightlyRun, StageEstimate, StageSetting
from forecasting.selectors.forecasts import forecast_current, forecasts_visible, stages_visible
from forecasting.selectors.series import subjects_of_run
from forecasting.selectors.subjects import subject_sales
from products.models import (
    BudgetRow,
    BudgetVersion,
    Family,
    FamilyMember,
    Measure,
    Product,
    ProductMonth,
    UnitFactor,
)
from products.selectors.family import family_budget, family_sales
from products.services.figures import figures_refresh
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
    user_factory,
)

from .conftest import LAST, months_give, run_now
from .test_pages import signed_in, text

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.date(2020, 1, 1)


def join(family: Family, *products: Product, day: datetime.date = LONG_AGO) -> None:
    for product in products:
        FamilyMember.objects.create(product=product, family=family, start_date=day)


def units() -> Measure:
    return Measure.objects.get(code="units")


def page_of(client: Any, family: Family) -> str:
    return text(client.get(reverse("products:family", args=[family.code])))


@pytest.fixture
def family(products) -> Family:
    found = family_factory(line=products[0].line, name="Oat drinks")
    join(found, *products)
    return found


@pytest.fixture
def manager(client):
    return signed_in(client, "product-manager")


# -- the page -------------------------------------------------------------------------------------------


def test_the_page_shows_members_figures_chart_and_stage(client, manager, family, products):
    run_now()
    answer = client.get(reverse("products:family", args=[family.code]))
    page = text(answer)
    for product in products:
        assert product.name in page
        assert product.get_absolute_url() in answer.content.decode()
    assert "What is expected in the next 18 months?" in page
    assert b'id="forecast-chart-spec"' in answer.content
    assert "Forecast, 12 months" in page
    assert "Revenue, 12 months" in page
    assert "Which stage is it in?" in page
    assert "Second opinion (Polli and Cook)" in page
    assert f"since {LONG_AGO.day} Jan 2020" in page
    assert reverse("forecasting:family", args=[family.code]) in answer.content.decode()


def test_a_family_is_recomputed_with_its_members_and_nothing_else(client, family, products):
    elsewhere = product_factory(line=products[0].line)
    months_give(elsewhere)
    run_now()
    signed_in(client, "administrator")
    page = client.get(reverse("forecasting:family", args=[family.code]))
    assert reverse("forecasting:family_run", args=[family.code]) in page.content.decode()
    answer = client.post(reverse("forecasting:family_run", args=[family.code]), {"nonce": "n"})
    assert answer.url == reverse("forecasting:family", args=[family.code])
    run = NightlyRun.objects.order_by("-pk").first()
    assert (run.kind, run.scope) == ("single", sorted(product.pk for product in products))
    assert subjects_of_run(run) == (run.scope, [family.pk])
    run.scope = run.scope[:-1]
    assert subjects_of_run(run) == (run.scope, [])


def test_the_figures_are_those_the_night_computed_from(family, products, manager):
    run_now()
    first = month_add(LAST, -11)
    shown = subject_sales(manager, family, units(), first, LAST)
    sold = ProductMonth.objects.filter(product__in=products, month=LAST).values_list("volume", flat=True)
    assert shown.months[-1].volume == sum(sold)
    with translation.override("en"):
        tiles = family_panel(manager, family)["tiles"]
    year = forecast_current(manager, family, units()).months[:12]
    assert len(tiles) == 3
    assert float(tiles[2].value.replace(",", "")) == pytest.approx(sum(m.mean for m in year), rel=0.01)


def test_members_that_left_stand_apart(client, manager, family, products):
    FamilyMember.objects.create(product=products[2], family=None, start_date=datetime.date(2026, 3, 1))
    run_now()
    page = page_of(client, family)
    assert "Total, 2 products" in page
    assert "Who was in it before?" in page
    assert "1 Jan 2020 to 28 Feb 2026" in page
    chart = client.get(reverse("products:family", args=[family.code])).content.decode()
    assert f"{products[2].name} left" in chart


def test_a_family_without_sales_says_what_will_stand_here(client, manager):
    family = family_factory()
    assert "No members yet" in page_of(client, family)
    join(family, product_factory(line=family.line))
    page = page_of(client, family)
    assert "No sales yet" in page
    assert "Which stage is it in?" not in page
    assert "No forecast yet" in text(client.get(reverse("forecasting:family", args=[family.code])))


def test_a_family_without_members_has_no_figures(manager):
    assert family_sales(manager, family_factory(), units(), LAST, LAST).month is None


def test_in_dutch_it_is_dutch(client, family):
    run_now()
    signed_in(client, "product-manager", language="nl")
    assert client.get(reverse("products:family", args=[family.code])).status_code == 200


def test_before_the_first_night_there_are_sales_and_a_word_on_the_forecast(client, manager, family):
    page = page_of(client, family)
    assert "How much was it until now?" in page
    assert "There is no forecast yet; the next night makes one." in page


def test_the_total_of_the_members_is_the_familys_figure(client, manager, family, products):
    with translation.override("en"):
        together = formats.volume(sum(p.figures.volume_12m for p in with_figures(products)))
    page = page_of(client, family)
    assert page.count(f"{together} units") == 2  # the strip on top, and the total under the members


def with_figures(products: list[Product]) -> list[Product]:
    figures_refresh(product_ids=[product.pk for product in products])
    return list(Product.objects.select_related("figures").filter(pk__in=[p.pk for p in products]))


def test_queries_do_not_grow_with_members(client, manager, family, products):
    run_now()
    address = reverse("products:family", args=[family.code])

    def queries() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        return len(found)

    few = queries()
    more = [product_factory(line=family.line) for _ in range(8)]
    for product in more:
        months_give(product, 12)
    join(family, *more)
    figures_refresh(product_ids=[product.pk for product in more])
    assert queries() == few
    assert few <= 22  # three of them the histories told on the page: family, stages, unusual months


# -- units and levels ----------------------------------------------------------------------------------


def test_unlike_units_are_never_added_only_their_revenue(client, manager):
    line = line_factory(reporting_unit="litre")
    family = family_factory(line=line)
    bottle, tank = product_factory(line=line, unit="bottle"), product_factory(line=line, unit="tank")
    for product, volume in ((bottle, 10), (tank, 30)):
        months_give(product, 24, volume=lambda step, volume=volume: volume)
    join(family, bottle, tank)
    run_now()
    sold = family_sales(manager, family, units(), LAST, LAST)
    assert (sold.adds, sold.unit, sold.months[0].volume, sold.months[0].revenue) == (False, "", None, 80)
    answer = client.get(reverse("products:family", args=[family.code]))
    page = text(answer)
    assert "count in units that do not add up" in page
    assert "What was invoiced?" in page
    assert "Forecast, 12 months" not in page
    assert re.search(r", 12 months — no data", page)
    tab = text(client.get(reverse("forecasting:family", args=[family.code])))
    assert "Its products count in units that cannot be added" in tab
    UnitFactor.objects.create(product=bottle, unit="litre", factor=2)
    UnitFactor.objects.create(product=tank, unit="litre", factor=100)
    run_now()
    sold = family_sales(manager, family, units(), LAST, LAST)
    assert (sold.adds, sold.unit, sold.months[0].volume) == (True, "litre", 3020)
    assert "litre a month" in client.get(reverse("products:family", args=[family.code])).content.decode()


def test_a_level_is_added_over_members_and_never_over_months(manager):
    level = measure_factory(kind="level", name_en="Contracts", unit_en="contracts")
    line = line_factory(measures=[level])
    family = family_factory(line=line)
    first, second = product_factory(line=line), product_factory(line=line)
    months_give(first, 24, measure=level, volume=lambda step: 1000 + step)
    months_give(second, 24, measure=level, volume=lambda step: 500)
    join(family, first, second)
    with translation.override("en"):
        tile = family_panel(manager, family)["tiles"][0]
    assert tile.label.startswith("Contracts, end of Oct")
    assert tile.value == "1,523"
    assert tile.change.text == "+0.8%"


# -- compared with what ---------------------------------------------------------------------------------


def plan(product: Product, measure: Measure, volume: int, revenue: int) -> None:
    version, _made = BudgetVersion.objects.get_or_create(code="b2026", name="Budget 2026", year=2026)
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=version,
            product=product,
            measure=measure,
            month=datetime.date(2026, month, 1),
            volume=volume,
            revenue=revenue,
        )
        for month in range(1, 13)
    )


def tables_of(client: Any, family: Family) -> tuple[dict[str, list[Any]], str]:
    panels = client.get(reverse("products:family", args=[family.code])).context["main_panels"]
    found = next((panel.context for panel in panels if panel.key == "family_compared"), None)
    assert found is not None
    return {table.key: list(table.rows) for table in found["tables"]}, found["note"]


def test_a_family_is_compared_with_last_year_and_the_budget_of_its_members(client, manager):
    line = line_factory()
    family = family_factory(line=line)
    first, second, other = (product_factory(line=line) for _ in range(3))
    for product, volume in ((first, 100), (second, 50), (other, 7)):
        months_give(product, 36, volume=lambda step, volume=volume: volume if step < 24 else 2 * volume)
        plan(product, units(), 90, 200)
    BudgetRow.objects.filter(product=second).delete()
    join(family, first, second)
    run_now()
    tables, note = tables_of(client, family)
    month, to_date, year, full = tables["volume"]
    assert (month.value, month.last_year, month.budget) == ("300", "150", "90")
    assert (to_date.value, to_date.budget, to_date.index) == ("3,000", "900", "200")
    assert year.value == "3,600"
    assert full.budget == "1,080"
    assert tables["revenue"][3].budget == "2,400"
    assert note == "budget of 1 of 2 members"


def test_a_level_of_a_family_ends_in_its_members_state(client, manager):
    level = measure_factory(kind="level", name_en="Contracts", unit_en="contracts")
    line = line_factory(measures=[level])
    family = family_factory(line=line)
    for volume in (100, 50):
        product = product_factory(line=line)
        months_give(product, 36, measure=level, volume=lambda _step, volume=volume: volume)
        plan(product, level, volume, 2 * volume)
        join(family, product)
    run_now()
    tables, note = tables_of(client, family)
    assert [row.value for row in tables["volume"]] == ["150"] * 4
    assert [row.budget for row in tables["volume"]] == ["150"] * 4
    assert [row.value for row in tables["revenue"]] == ["300", "3,000", "3,600", "3,600"]
    assert note == ""


def test_unlike_units_are_compared_in_money_only(client, manager):
    line = line_factory()
    family = family_factory(line=line)
    for unit in ("bottle", "tank"):
        product = product_factory(line=line, unit=unit)
        months_give(product, 24)
        plan(product, units(), 90, 200)
        join(family, product)
    tables, _note = tables_of(client, family)
    assert tables.keys() == {"revenue"}
    assert tables["revenue"][1].budget == "4,000"


def test_a_budget_counts_in_the_familys_unit_and_from_when_the_member_joined(manager):
    line = line_factory(reporting_unit="litre")
    family = family_factory(line=line)
    bottle, can = product_factory(line=line, unit="bottle"), product_factory(line=line, unit="can")
    for product, litres in ((bottle, "1.5"), (can, "0.5")):
        UnitFactor.objects.create(product=product, unit="litre", factor=Decimal(litres))
        plan(product, units(), 90, 200)
    join(family, bottle)
    join(family, can, day=datetime.date(2026, 4, 1))
    sold = family_sales(manager, family, units(), LAST, LAST)
    budget = family_budget(manager, sold, units(), datetime.date(2026, 1, 1), LAST)
    march, april = (budget.months[datetime.date(2026, month, 1)] for month in (3, 4))
    assert (march.volume, march.revenue) == (135, 200)
    assert (april.volume, april.revenue) == (180, 400)
    assert budget.planned == 2


def test_who_sees_one_channel_compares_that_channel(client, family, products):
    run_now()
    hers = channel_factory()
    plan(products[0], units(), 90, 200)
    user = signed_in(client, ["product-manager"], channels=[hers])
    sold = family_now(user, family).sold
    assert all(row.revenue is None for row in sold.months)
    found = client.get(reverse("products:family", args=[family.code])).context["main_panels"]
    assert "family_compared" not in {panel.key for panel in found}
    found = family_budget(user, sold, units(), LAST, LAST)
    assert (found.months, found.planned) == ({}, 0)
    BudgetRow.objects.update(channel=hers)
    assert family_budget(user, sold, units(), LAST, LAST).months[LAST].volume == 90


def test_a_month_that_lacks_a_large_member_is_a_gap_not_a_fall(manager):
    line = line_factory()
    family = family_factory(line=line)
    small, large = product_factory(line=line), product_factory(line=line)
    months_give(small, 12, volume=lambda step: 1)
    months_give(large, 12, volume=lambda step: 99)
    join(family, small, large)
    missing = month_add(LAST, -3)
    ProductMonth.objects.filter(product_id=large.pk, month=missing).delete()
    ProductMonth.objects.filter(product_id=small.pk, month=month_add(LAST, -5)).delete()
    months = {
        row.month: row.volume
        for row in family_sales(manager, family, units(), month_add(LAST, -11), LAST).months
    }
    assert months[missing] is None
    assert months[month_add(LAST, -5)] == 99
    assert months[LAST] == 100


def test_a_member_counts_from_the_month_it_joined_until_the_month_it_left(manager):
    line = line_factory()
    family = family_factory(line=line)
    product = product_factory(line=line)
    months_give(product, 6, volume=lambda step: 10)
    join(family, product, day=month_add(LAST, -3).replace(day=20))
    FamilyMember.objects.create(product=product, family=None, start_date=LAST.replace(day=15))
    months = family_sales(manager, family, units(), month_add(LAST, -5), LAST).months
    assert [row.volume for row in months] == [None, None, 10, 10, 10, None]


# -- who may see it ------------------------------------------------------------------------------------


def test_people_limited_to_channels_see_their_sales_and_read_why_no_forecast(client, family, products):
    run_now()
    signed_in(client, ["product-manager"], channels=[channel_factory()])
    page = page_of(client, family)
    assert "Which stage is it in?" not in page
    assert "Forecast, 12 months" not in page
    tab = text(client.get(reverse("forecasting:family", args=[family.code])))
    assert "made over all channels and all members" in tab
    assert client.get(reverse("forecasting:family_stage", args=[family.code])).status_code == 403


def test_who_does_not_see_all_members_sees_neither_forecast_nor_stage(client, family, products):
    stranger = product_factory(name="Out of sight")
    months_give(stranger, volume=lambda step: 5000)
    join(family, stranger)
    run_now()
    assert Forecast.objects.filter(family=family).exists()
    user = signed_in(client, "product-manager", lines=[family.line])
    page = page_of(client, family)
    assert "Out of sight" not in page
    assert "You see some of its members only" in page
    assert "Which stage is it in?" not in page
    sold = family_sales(user, family, units(), LAST, LAST)
    assert (sold.whole, sold.months[0].volume < 5000) == (False, True)
    assert not forecasts_visible(user).filter(family=family).exists()
    assert not stages_visible(user).filter(family=family).exists()
    assert client.get(reverse("forecasting:family_stage", args=[family.code])).status_code == 403
    assert client.post(reverse("forecasting:family_stage", args=[family.code]), GROWS).status_code == 403
    assert not StageSetting.objects.exists()
    whole = user_factory("product-manager")
    assert forecasts_visible(whole).filter(family=family).exists()


def test_a_family_out_of_sight_does_not_exist(client, family):
    signed_in(client, "product-manager", lines=[line_factory()])
    for name in ("products:family", "forecasting:family", "forecasting:family_stage"):
        assert client.get(reverse(name, args=[family.code])).status_code == 404
    assert client.post(reverse("forecasting:family_stage_withdraw", args=[family.code])).status_code == 404


def test_the_list_says_where_each_family_stands(client, manager, family, products):
    run_now()
    with CaptureQueriesContext(connection) as few:
        page = text(client.get(reverse("products:families")))
    now = forecast_current(manager, family, units())
    stage = StageEstimate.objects.get(family=family, current=True, measure=units())
    growth = sum(month.final for month in now.months[:12]) / sum(month.naive for month in now.months[:12])
    with translation.override("en"):
        assert f"since {formats.month(stage.stage_start)}".replace("\u00a0", " ") in page
        assert formats.delta(growth - 1).text in page
    set_stage(client, family)
    assert "revival" in text(client.get(reverse("products:families")))

    for other in products:
        join(family_factory(line=other.line), other, day=datetime.date(2090, 1, 1))
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("products:families"))
    assert len(many) == len(few) <= 12


def test_the_list_hides_what_is_made_of_more_than_one_sees(client, family, products):
    stranger = product_factory()
    months_give(stranger, volume=lambda step: 5000)
    join(family, stranger)
    run_now()
    for limits in ({"lines": [family.line]}, {"channels": [channel_factory()]}):
        user = signed_in(client, ["product-manager"], **limits)
        assert family.name in text(client.get(reverse("products:families")))
        assert family_stages(user, [family]) == family_growth(user, [family]) == {}
    whole = user_factory("product-manager")
    assert family_stages(whole, [family])
    assert family_growth(whole, [family])


# -- a stage set by hand --------------------------------------------------------------------------------

GROWS = {"stage": "revival", "until": "2099-12-31", "reason": "New recipe"}


def set_stage(client: Any, family: Family, **fields: str) -> Any:
    return client.post(reverse("forecasting:family_stage", args=[family.code]), GROWS | fields)


def test_a_stage_set_by_hand_is_shown_beside_the_nights_own(client, manager, family):
    run_now()
    own = StageEstimate.objects.get(family=family).stage
    assert own != "revival"
    assert set_stage(client, family).status_code == 302
    page = page_of(client, family)
    assert f"set by {manager.name} until 31 Dec 2099" in page
    assert "New recipe" in page
    assert "The night's own estimate:" in page
    ProductMonth.objects.filter(month=LAST).update(volume=Decimal(130))
    run_now()
    assert "New recipe" in page_of(client, family)
    form = client.get(reverse("forecasting:family_stage", args=[family.code]))
    assert form.context["form"].initial["until"] == datetime.date(2099, 12, 31)
    assert form.context["form"].initial["reason"] == "New recipe"


def test_back_to_the_nights_estimate_and_all_of_it_is_remembered(client, manager, family):
    run_now()
    set_stage(client, family)
    set_stage(client, family, stage="decline", reason="Lost a chain")
    back = reverse("forecasting:family_stage_withdraw", args=[family.code])
    assert "The stage is the night's own again." in text(client.post(back, follow=True))
    assert "No stage was set by hand any more" in text(client.post(back, follow=True))
    assert f"set by {manager.name} until" not in page_of(client, family)
    assert StageSetting.objects.filter(withdrawn_at=None).count() == 0
    form = text(client.get(reverse("forecasting:family_stage", args=[family.code])))
    assert form.index("Lost a chain") < form.index("New recipe")
    assert form.count(f"withdrawn by {manager.name}") == 2
    history = page_of(client, family)
    assert "Stage set by hand: stage revival" in history


def test_what_was_taken_back_the_same_day_is_no_mark_on_the_chart(client, manager, family):
    run_now()
    set_stage(client, family)
    address = reverse("products:family", args=[family.code])
    assert "New recipe" in str(client.get(address).context["main_panels"][0].context["chart"].spec)
    client.post(reverse("forecasting:family_stage_withdraw", args=[family.code]))
    assert "New recipe" not in str(client.get(address).context["main_panels"][0].context["chart"].spec)


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"reason": " "}, "required"), ({"until": "2020-01-01"}, "Choose today or a later day.")],
)
def test_a_setting_that_is_wrong_is_refused_with_the_input_kept(client, manager, family, fields, says):
    run_now()
    answer = set_stage(client, family, **fields)
    assert answer.status_code == 422
    assert says in text(answer)
    assert not StageSetting.objects.exists()


def test_a_viewer_sees_it_and_cannot_set_it(client, family):
    run_now()
    signed_in(client, "viewer")
    page = page_of(client, family)
    assert "Which stage is it in?" in page
    assert "Set the stage" not in page
    assert set_stage(client, family).status_code == 403
    assert not StageSetting.objects.exists()


def test_the_head_says_up_to_when_there_are_data(client, family, products):
    signed_in(client, "product-manager", language="en")
    overview, tab = (reverse(name, args=[family.code]) for name in ("products:family", "forecasting:family"))
    for path in (overview, "/forecasting/"):
        assert "data up to" not in text(client.get(path))
    assert "no sales data yet" in text(client.get(overview))
    figures_refresh()
    for path in (overview, tab, "/forecasting/"):
        assert "data up to Oct 2026" in text(client.get(path))
    signed_in(client, "product-manager", lines=[line_factory()], language="en")
    assert "data up to" not in text(client.get("/forecasting/"))


def test_both_ends_of_the_band_are_on_one_scale(client, family, products):
    signed_in(client, "product-manager", language="en")
    ProductMonth.objects.update(volume=F("volume") * 1_000, revenue=F("revenue") * 1_000)
    run_now()
    assert re.search(r"80% chance: \d\.\d\d – \d\.\d\d m", page_of(client, family))
