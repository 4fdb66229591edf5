"""Break-even and ABC on pages: the worked figures through the database, classes, filters, files, channels."""

from __future__ import annotations

import csv
import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from core.formats import month as month_words
from core.months import financial_year_start, month_add, month_end, month_start
from core.organisation import organisation_get, today
from forecasting.models import Forecast, ForecastMonth
from pricing.models import CostKind, CostMonth
from pricing.selectors.break_even import break_evens, ranked
from pricing.selectors.cost_to_serve import CostToServe
from pricing.selectors.earned_back import earned_back
from pricing.services.cost_months import BookedCost, cost_months_book
from pricing.words.behind import behind_words
from products.models import Channel, Measure, Product, ProductMonth, SalesMonth
from products.selectors.months import lines_behind
from products.services.figures import figures_refresh
from reporting.selectors.margin_report import margin_report
from reporting.selectors.report_query import report_query
from tests.factories import (
    channel_factory,
    forecast_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now
from tests.html import tight
from tests.pricing.test_margins import costs, sell

pytestmark = pytest.mark.django_db
D = Decimal


def last(back: int = 0) -> datetime.date:
    return month_add(month_start(today()), -1 - back)


def book() -> None:
    run_now(local_date=today(), only=["standard_costs"], kind="manual")


@pytest.fixture
def product() -> Product:
    """8,000 sold in a year at 50, 30 each to make, 10,000 a month fixed; overhead is no part of it."""
    made = product_factory(code="A", name="Oat drink")
    channel = channel_factory()
    for back in range(12):
        volume = 700 if back < 8 else 600
        sell(made, last(back), volume, volume * 50, channel=channel)
    costs("production", "30", product=made)
    costs("licences", "10000", product=made, basis="month")
    costs("overhead", "777", product=made, basis="month")
    return made


def test_the_worked_case_through_the_database(product: Product) -> None:
    found = break_evens([product], last(), lines_behind(last()))[product.pk]
    assert (found.fixed, found.sold) == (120000, 8000)
    assert found.unit_margin == 20
    assert [round(value or D(0), 3) for value in (found.units, found.safety, found.leverage)] == [
        6000,
        D("0.25"),
        4,
    ]


@pytest.mark.parametrize("first_month", [1, 4, 7, 10])
def test_the_day_it_is_reached_is_sold_and_expected(product: Product, first_month: int) -> None:
    organisation = organisation_get()
    organisation.financial_year_first_month = first_month
    organisation.save()
    begin = financial_year_start(month_add(last(), 1), first_month)
    months = (last().year - begin.year) * 12 + last().month - begin.month + 1  # of this year, sold
    made = Forecast.objects.create(
        product=product,
        measure=Measure.objects.get(code="units"),
        as_of=last(),
        engine_version="x",
        input_hash="x",
        content_hash="x",
        method="x",
        computed_at=datetime.datetime.now(datetime.UTC),
    )
    for step in range(1, 13 - max(months, 0)):
        ForecastMonth.objects.create(
            forecast=made,
            month=month_add(last(), step),
            **dict.fromkeys(("mean", "median", "lo80", "hi80", "lo95", "hi95"), 1.0),
            agreed=700.0,  # what is planned counts, not the statistical layer
        )
    day = break_evens([product], last(), lines_behind(last()))[product.pk].day
    assert day is not None
    left = D(6000)
    for step in range(12):  # written out: sold, then expected
        month = month_add(begin, step)
        volume = 700 if month > last() or month > last(8) else 600
        if left <= volume:
            break
        left -= volume
    days = month_end(month).day
    assert day == month + datetime.timedelta(days=min(days - 1, int(left / volume * days)))
    ForecastMonth.objects.all().delete()
    costs("quality", "99999", product=product, basis="month")
    assert break_evens([product], last(), lines_behind(last()))[product.pk].day is None


def test_without_margin_there_is_no_break_even_and_unknown_is_not_zero(product: Product) -> None:
    costs("claims", "25", product=product)
    found = break_evens([product], last(), lines_behind(last()))[product.pk]
    assert (found.units, found.safety, found.leverage, found.day) == (None, None, None, None)
    costs("service", "1", product=product, basis="contract")  # contracts of it are not known
    assert break_evens([product], last(), lines_behind(last())) == {}


@pytest.fixture
def service() -> Product:
    """Contracts of 10 a month that cost 6 each, rising from 100 to 210 in force, 420 a month fixed."""
    contracts = measure_factory(code="in-force", kind="level")
    line = line_factory(measures=[contracts])
    made, channel = product_factory(code="S", name="Service", line=line), channel_factory()
    for back in range(12):
        held = 100 + 10 * (11 - back)
        sell(made, last(back), held + 5, held * 10, channel=channel, measure=contracts, average_volume=held)
    costs("service", "6", product=made, basis="contract")
    costs("licences", "420", product=made, basis="month")
    return made


def test_of_contracts_in_force_it_is_how_many_on_average(service: Product) -> None:
    """155 on average and 210 at the end, never 1,860; 5,040 fixed / (4 × 12) = 105 in force pay for it."""
    found = break_evens([service], last(), lines_behind(last()))[service.pk]
    assert found.of_level
    assert (found.fixed, found.unit_margin, found.sold, found.units) == (5040, 4, 155, 105)
    assert found.safety is not None
    assert round(found.safety, 4) == D("0.3226")
    assert found.leverage is not None
    assert round(found.leverage, 4) == D("3.1")  # 7,440 / 2,400


@pytest.mark.usefixtures("english")
def test_contracts_in_force_on_the_page_in_the_file_and_by_api(service: Product, product: Product) -> None:
    book()
    client = Client()
    client.force_login(user_factory("finance"))
    page = tight(client.get("/costs/break-even/"))
    assert "in force 155, on average" in page
    assert "a contract and month" in page
    text = b"".join(client.get("/costs/break-even/export/csv/")).decode("utf-8-sig")
    assert '4,155,105,"contracts in force, on average"' in text
    both = client.get("/api/v1/break-even/").json()["results"]
    assert [row["product"] for row in both] == ["A", "S"]
    assert (both[0]["break_even"], both[0]["sold"], both[0]["safety"]) == ("6000.0000", "8000.0000", "0.2500")
    [row] = client.get("/api/v1/break-even/", {"product": "S"}).json()["results"]
    assert row == row | {
        "until": f"{month_end(last()):%Y-%m}-01",
        "net_sales": "18600.00",
        "cm3": "2400.00",
        "of_level": True,
        "fixed": "5040.00",
        "unit_margin": "4.0000",
        "sold": "155.0000",
        "break_even": "105.0000",
        "safety": "0.3226",
        "leverage": "3.1000",
        "abc": "B",
        "xyz": "X",
        "variation": "0.2326",  # 36.06 / 155
    }


def test_contracts_are_never_added_until_they_earned_back(service: Product) -> None:
    """The first month leaves 400 − 420, the second 440 − 420."""
    book()
    found = earned_back([service], last(), lines_behind(last()))[service.pk]
    assert (found.so_far, found.month, found.units) == (2400, last(10), None)


@pytest.fixture
def behind() -> Product:
    """75 a month at 50 in the year before the last month, which is not loaded yet; 30 each to make, 1,000 a
    month fixed."""
    made = product_factory(code="E", name="Energy bar", line=line_factory(code="bars", name="Bars"))
    channel = channel_factory()
    for back in range(1, 13):
        sell(made, last(back), 75, 3750, channel=channel)
    costs("production", "30", product=made)
    costs("licences", "1000", product=made, basis="month", tail_months=2)
    return made


def test_a_month_that_is_not_loaded_yet_has_no_costs_either(behind: Product) -> None:
    found = break_evens([behind], last(), lines_behind(last()))[behind.pk]
    assert (found.fixed, found.sold, found.units) == (12000, 900, 600)
    assert found.safety is not None
    assert round(found.safety, 4) == D("0.3333")


def test_a_closed_month_in_which_nothing_was_sold_is_known(behind: Product) -> None:
    """Three of them, with their costs; what was sold in the nine before stands beside these."""
    for rows in (SalesMonth, ProductMonth):
        rows.objects.filter(month__gt=last(3)).delete()
    assert lines_behind(last()) == {behind.line_id: last(3)}
    book()
    organisation_factory(closed_until=last(1))
    assert lines_behind(last()) == {behind.line_id: last(1)}
    organisation_factory(closed_until=last())
    assert lines_behind(last()) == {}
    (row,) = ranked(user_factory(), last()).rows
    assert (row.last, row.net, row.cm3) == (last(), 33750, 33750 - 9 * 75 * 30 - 12000)


def test_all_of_a_line_that_ended_in_a_month_that_is_not_loaded_yet(
    behind: Product, product: Product
) -> None:
    behind.ended = last() + datetime.timedelta(days=19)
    behind.save()
    book()
    found = break_evens([behind], last(), lines_behind(last()))[behind.pk]
    assert (found.fixed, found.sold) == (12000, 900)
    figures_refresh()
    (row,) = ranked(user_factory(), last(), text=behind.name).rows
    assert (row.last, row.cm3) == (last(1), 6000)
    assert behind.line_id not in lines_behind(month_add(last(), 1))


def test_contracts_of_a_month_that_is_not_loaded_yet(service: Product) -> None:
    """Those of the months before it, 145 on average, and the costs of these."""
    for rows in (SalesMonth, ProductMonth):
        rows.objects.filter(month=last()).delete()
    sell(service, last(12), 95, 900, measure=Measure.objects.get(code="in-force"), average_volume=90)
    found = break_evens([service], last(), lines_behind(last()))[service.pk]
    assert (found.fixed, found.unit_margin, found.sold, found.units) == (5040, 4, 145, 105)


def test_what_ended_keeps_the_costs_that_go_on(behind: Product) -> None:
    product_factory(line=behind.line)
    behind.ended = month_end(last(1))
    behind.save()
    found = break_evens([behind], last(), lines_behind(last()))[behind.pk]
    assert (found.fixed, found.sold) == (12000, 825)


def test_the_day_it_is_reached_where_a_month_is_not_loaded_yet(behind: Product) -> None:
    """The forecast counts from that month on."""
    organisation = organisation_get()
    organisation.financial_year_first_month = last().month
    organisation.save()
    forecast_factory(last(1), 600, months=12, product=behind)
    day = break_evens([behind], last(), lines_behind(last()))[behind.pk].day
    assert day == month_end(last())


def test_classes_and_the_page_end_where_a_line_does(behind: Product, product: Product) -> None:
    book()
    user = user_factory("finance", language="en")
    by_code = {row.product.code: row for row in ranked(user, last()).rows}
    assert (by_code["E"].net, by_code["E"].cm3, by_code["E"].last) == (45000, 6000, last(1))
    assert (by_code["A"].net, by_code["A"].cm3, by_code["A"].last) == (400000, 40000, last())
    booked = CostMonth.objects.filter(source="standard", replaced_at=None, product__isnull=False)
    year = sum(booked.filter(month__range=(last(11), last())).values_list("amount", flat=True))
    found = ranked(user, last()).reconciliation
    assert (found.on_products, found.shown) == (year, 39000 + 360000)
    assert booked.filter(product=behind, month=last(12)).exists()
    client = Client()
    client.force_login(user)
    with translation.override("en"):
        month = month_words(last(1))
    page = client.get("/costs/break-even/").content.decode()
    assert f"Bars has sales up to {month}: its 12 months end there." in page
    assert "The rest is overhead" in page
    assert "12 months end there" not in client.get("/costs/break-even/?q=oat").content.decode()
    assert client.get("/costs/break-even/?q=bar").context["last"] == last(1)
    rows = {row["product"]: row for row in client.get("/api/v1/break-even/").json()["results"]}
    assert {code: row["until"] for code, row in rows.items()} == {
        "A": last().isoformat(),
        "E": last(1).isoformat(),
    }
    assert (rows["E"]["safety"], rows["E"]["cm3"]) == ("0.3333", "6000.00")
    file = b"".join(client.get("/costs/break-even/export/csv/")).decode("utf-8-sig")
    assert [line.rstrip().rsplit(",", 1)[-1] for line in file.splitlines()[1:3]] == [
        f"{last():%Y-%m}",
        f"{last(1):%Y-%m}",
    ]


@pytest.mark.parametrize(("paid", "month"), [("6300", 0), ("6700", None)])
def test_a_month_that_is_not_loaded_yet_is_expected_to_earn(
    behind: Product, paid: str, month: int | None
) -> None:
    """Twelve months left 500 each; the one that is not loaded is expected to, at its own costs."""
    costs("quality", paid, last(12), product=behind, basis="once")
    book()
    forecast_factory(last(1), 75, months=12, product=behind)
    found = earned_back([behind], last(), lines_behind(last()))[behind.pk]
    assert found.so_far == 6000 - D(paid)
    assert (found.month, found.is_expected) == (None if month is None else last(month), month is not None)


def test_of_many_lines_that_end_before_the_others_the_first_are_named() -> None:
    lines = [line_factory(name=name) for name in ("tea", "Bars", "Cans", "Dips", "Eggs")]
    with translation.override("en"):
        (said,) = behind_words({line.pk: last(1) for line in lines})
    assert said.startswith("Bars, Cans, Dips, and 2 more have sales up to")


def test_channels_are_told_up_to_the_month_that_all_lines_have(behind: Product, product: Product) -> None:
    """The page says of which line that is; the file up to where it is."""
    channel = Channel.objects.first()
    assert channel is not None
    line = costs("payment", "0.05", product=product, basis="share", base="net", channel=channel)
    book_at(product, line.kind_id, "standard", channel.pk, 50, last(1))
    client, said = Client(), "has sales up to"
    client.force_login(user_factory("finance", language="en"))
    page = client.get("/costs/break-even/?show=channels")
    assert page.context["last"] == last(1)
    assert f"Bars {said}" in page.content.decode()
    for asked in ("", f"&of={channel.code}&by=month"):
        told = {row["12 months up to"] for row in served_file(client, asked) if "#" not in str(row)}
        assert told == {f"{last(1):%Y-%m}"}
    other = user_factory("finance", lines=[product.line], language="en")
    client.force_login(other)
    page = client.get("/costs/break-even/?show=channels")
    assert page.context["last"] == last()
    assert said not in page.content.decode()


def test_what_products_leave_is_what_is_booked(product: Product) -> None:
    other = product_factory(code="B", name="Almond drink", line=line_factory())
    sell(other, last(), 10, 5000)
    book()
    user = user_factory()
    first, second = ranked(user, last()).rows
    assert (first.product.code, round(first.net), round(first.cm3), first.abc) == ("A", 400000, 40000, "A")
    assert (second.product.code, second.cm3, second.share, second.abc) == ("B", 5000, 1, "B")
    assert [row.product.code for row in ranked(user, last(), line=other.line).rows] == ["B"]
    assert [row.product.code for row in ranked(user, last(), abc="B").rows] == ["B"]
    assert [row.product.code for row in ranked(user, last(), text="oat").rows] == ["A"]
    assert [row.product.code for row in ranked(user, last(), sort="name", descending=False).rows] == [
        "B",
        "A",
    ]
    assert [row.abc for row in ranked(user_factory(lines=[other.line]), last()).rows] == ["A"]


def test_xyz_looks_at_what_is_left_when_the_season_is_taken_out(client: Client) -> None:
    """What peaks in the same two months of each year is less uneven than what did so once."""
    sold = {"even": [100] * 12, "one": [0, 0, 300, 0, 0, 60], "years": [300] + [10] * 5 + [300] + [10] * 5}
    channel = channel_factory()
    for code, volumes in sold.items():
        made = product_factory(code=code)
        for back in range(36 if code == "years" else len(volumes)):
            sell(made, last(back), volumes[back % 12], volumes[back % 12] * 2, channel=channel)
    few = product_factory(code="few")
    sell(few, last(), 5, 10, channel=channel)
    user = user_factory("finance")
    found = {row.product.code: row for row in ranked(user, last()).rows}
    assert {code: row.xyz for code, row in found.items()} == {
        "even": "X",
        "one": "Z",
        "years": "Y",
        "few": "",
    }
    assert found["one"].variation == pytest.approx(2.0, abs=0.0005)
    assert [row.product.code for row in ranked(user, last(), xyz="Z").rows] == ["one"]
    client.force_login(user)
    page = client.get("/costs/break-even/?xyz=Z")
    assert [item["row"].product.code for item in page.context["rows"]] == ["one"]
    assert "2.00" in page.content.decode() or "2,00" in page.content.decode()
    content = b"".join(client.get("/costs/break-even/export/csv/")).decode("utf-8-sig")
    [said] = [
        row
        for row in csv.reader(content.splitlines(), delimiter=content[content.index("Code") + 4])
        if row[0] == "one"
    ]
    assert (said[3], float(said[4].replace(",", "."))) == ("Z", pytest.approx(2.0, abs=0.001))


def test_net_sales_are_those_of_the_statement_to_the_cent() -> None:
    """10.005 in each of two channels, then the same again a month later: 20.01 twice."""
    product = product_factory()
    for back in (1, 0):
        for channel in (channel_factory(), channel_factory()):
            sell(product, last(back), 1, D("10.005"), channel=channel)
    sell(product, last(2), 1, D("10.004"), gross=D("12.005"))
    [row] = ranked(user_factory("finance"), last()).rows
    assert row.net == D("20.01") * 2 + (D("12.01") - D("2.00"))


def test_what_a_channel_costs_beside_what_it_sells_with_those_below(product: Product) -> None:
    account = channel_factory()
    store = channel_factory(parent=account)
    sell(product, last(), 10, 900, channel=store)
    sell(product, last(1), 10, 100, channel=account)
    line = costs("payment", "0.05", product=product, basis="share", base="net", channel=account)
    cost_months_book(
        source="standard",
        months=[last()],
        rows=[BookedCost(product.pk, last(), line.kind_id, account.pk, None, "", D(45))],
    )
    (row,) = CostToServe(user_factory(), last()).rows
    assert (row.channel, row.net, row.costs, row.rate) == (account, 1000, 45, D("0.045"))
    assert (row.actual, row.actual_rate) == (None, None)
    for source, where, amount in (("actual", account, 50), ("accrual", account, 10), ("actual", store, 99)):
        book_at(product, line.kind_id, source, where.pk, amount, last() if where == account else last(1))
    served = CostToServe(user_factory(), last())
    row, below = served.rows
    assert (below.channel, below.net, below.costs, below.actual) == (store, 900, 0, 99)
    assert (row.channel, row.net, row.costs) == (account, 1000, 45)  # with the store below it
    assert (row.actual, row.actual_rate) == (159, D("0.159"))
    client = Client()
    client.force_login(user_factory(language="en"))
    page = tight(client.get("/costs/break-even/?show=channels"))
    assert "15.9%" in page
    assert served.standard is not None
    assert (served.standard.whole, served.standard.shown, served.standard.ledger) == (45, 45, None)
    assert served.actual is not None
    assert (served.actual.whole, served.actual.shown, served.actual.ledger) == (159, 159, 0)
    assert "Standard costs. Booked in the longest period shown: €45.00 = €45.00 on products" in page
    assert "Actual costs. The ledger has €0.00 of the months, but €159.00 is booked" in page


def test_cost_to_serve_has_the_sales_of_the_margin_by_channel() -> None:
    """10.005 in each of two channels is 20.01 together: 10.01 and 10.00, not 10.005 twice."""
    made, channels = product_factory(code="A"), [channel_factory(), channel_factory()]
    line = costs("commission", "0.045", product=made, basis="share", base="net", channel=channels[0])
    for channel in channels:
        sell(made, last(), 1, D("10.005"), channel=channel)
    rows = [BookedCost(made.pk, last(), line.kind_id, channel.pk, None, "", D(1)) for channel in channels]
    cost_months_book(source="actual", months=[last()], rows=rows)
    user = user_factory("finance")
    served = {row.channel.code: row.net for row in CostToServe(user, last()).rows}
    asked = QueryDict(f"layout=margin&by=channel&of=actual&period=month&month={last():%Y-%m}")
    margin = {row.name.code: row.net for row in margin_report(user, report_query(asked)).rows}
    assert served == margin
    assert sorted(served.values()) == [D("10.00"), D("10.01")]


@pytest.mark.parametrize("by", ["line", "product", "month"])
def test_what_a_channel_costs_opens_what_it_is_made_of(product: Product, by: str) -> None:
    """Of a chain and of a store in it; adds up to the chain, on the page and in the file."""
    chain, other = channel_factory(code="CHAIN"), product_factory(code="other")
    store = channel_factory(parent=chain)
    sell(product, last(), 10, 900, channel=store)
    lines = [
        costs("payment", "0.05", product=product, basis="share", base="net", channel=chain),
        costs("commission", "0.01", basis="share", base="net", channel=store),
    ]
    rows = [
        (product, last(), lines[0], D("45.01")),
        (other, last(1), lines[0], D("3.02")),
        (product, last(1), lines[1], D("9.99")),
        (product, last(), None, D("7")),
    ]
    cost_months_book(
        source="standard",
        months=[last(1), last()],
        rows=[
            BookedCost(
                of.pk, month, lines[0].kind_id, store.pk, None, "", amount, cost_line_id=line and line.pk
            )
            for of, month, line, amount in rows
        ],
    )
    book_at(product, lines[1].kind_id, "actual", store.pk, 60, last())
    user = user_factory(language="en")
    serving = CostToServe(user, last())
    row = next(row for row in serving.rows if row.channel == chain)
    assert (row.costs, row.actual) == (D("65.02"), 60)
    parts = serving.parts(chain, by)
    found = {(part.of, part.costs, part.actual) for part in parts}
    assert (
        found
        == {
            "line": {
                (lines[0], D("48.03"), None),
                (lines[1], D("9.99"), None),
                (lines[0].kind, D(7), None),
                (lines[1].kind, None, 60),
            },
            "product": {(product, D("62.00"), 60), (other, D("3.02"), None)},
            "month": {(last(1), D("13.01"), None), (last(), D("52.01"), 60)},
        }[by]
    )
    client = Client()
    client.force_login(user)
    page = tight(client.get("/costs/break-even/?show=channels"))
    assert "?show=channels&amp;of=CHAIN" in page
    figures_refresh()
    with CaptureQueriesContext(connection) as captured:
        page = tight(client.get(f"/costs/break-even/?show=channels&of=CHAIN&by={by}"))
    assert len(captured) <= 12
    assert "What " in page
    assert "€65.02" in page
    if by == "line":
        assert f"/costs/lines/{lines[0].pk}/" in page
        assert f"/costs/ledger/?first={last(11):%Y-%m}&amp;last={last():%Y-%m}&amp;kind=commission" in page
    file = served_file(client, f"&of=CHAIN&by={by}")
    *own, total = [(D(row["Standard costs"] or 0), D(row["Actual costs"] or 0)) for row in file]
    assert total == (D("65.02"), 60)
    assert (sum(one for one, _other in own), sum(other for _one, other in own)) == total
    chains = {row["Code"]: row for row in served_file(client) if not row["Code"].startswith("#")}
    assert chains["CHAIN"]["Standard costs"] == "65.02"
    assert chains["CHAIN"]["Standard costs, of net sales"] == "0.0722"


def served_file(client: Client, asked: str = "") -> list[dict[str, str]]:
    answer: Any = client.get(f"/costs/break-even/export/csv/?show=channels{asked}")
    return list(csv.DictReader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))


def book_at(
    product: Product, kind: int, source: str, channel: int | None, amount: int, month: datetime.date
) -> None:
    row = BookedCost(product.pk, month, kind, channel, None, "", D(amount))
    cost_months_book(source=source, months=[month], rows=[row])


def test_a_product_has_earned_back_what_it_cost_since_its_first_cost() -> None:
    """Made ready for 900 a month before it sells 10 at 50 that cost 20 each: −900, −600, −300, 0; then a dip
    of 100, earned back with the month that is expected (10 at 50, 200 to make)."""
    made, channel = product_factory(code="A", name="Oat drink"), channel_factory()
    kind = CostKind.objects.get(code="production").pk
    overhead = CostKind.objects.get(code="overhead").pk
    for back, units, cost in ((4, 0, 900), (3, 10, 200), (2, 10, 200), (1, 10, 200), (0, 10, 600)):
        if units:
            sell(made, last(back), units, units * 50, channel=channel)
        book_at(made, kind, "standard", None, cost, last(back))
    sell(made, last(6), 10, 500, channel=channel)  # before anything is known of its costs
    cost_months_book(
        source="forecast",
        months=[last(-1)],
        rows=[BookedCost(made.pk, last(-1), kind, None, None, "", D(200))],
    )
    cost_months_book(
        source="standard",
        months=[last(5)],
        rows=[BookedCost(made.pk, last(5), overhead, None, None, "", D(5))],
    )
    found = earned_back([made], last(), lines_behind(last()))[made.pk]
    assert (found.since, found.so_far, found.month, found.units) == (last(4), -100, None, None)
    forecast = Forecast.objects.create(
        product=made, measure=Measure.objects.get(code="units"), as_of=last(), engine_version="x",
        input_hash="x", content_hash="x", method="x", computed_at=datetime.datetime.now(datetime.UTC),
    )  # fmt: skip
    levels = dict.fromkeys(("mean", "median", "lo80", "hi80", "lo95", "hi95"), 10.0)
    ForecastMonth.objects.create(forecast=forecast, month=last(-1), **levels)
    found = earned_back([made], last(), lines_behind(last()))[made.pk]
    assert (found.month, found.units, found.is_expected) == (last(-1), 50, True)
    before = earned_back([made], last(1), lines_behind(last(1)))[made.pk]
    assert (before.so_far, before.month, before.units, before.is_expected) == (0, last(1), 30, False)
    client = Client()
    client.force_login(user_factory(language="en"))
    with translation.override("en"):
        expected = month_words(last(-1))
    page = tight(client.get("/costs/break-even/?show=earned"))
    assert expected in page
    assert "as expected" in page
    assert f"{last(-1)}" in b"".join(client.get("/costs/break-even/export/csv/")).decode("utf-8-sig")


def test_the_page_and_its_file(product: Product) -> None:
    book()
    client = Client()
    client.force_login(user_factory())
    page = client.get("/costs/break-even/").content.decode()
    assert "6,000" in page
    assert "Oat drink" in page
    assert "Nothing found" in client.get("/costs/break-even/?q=zzz").content.decode()
    assert client.get("/costs/break-even/?show=channels").status_code == 200
    answer: Any = client.get("/costs/break-even/export/csv/")
    text = (
        b"".join(answer.streaming_content).decode("utf-8-sig")
        if answer.streaming
        else answer.content.decode()
    )
    assert "Oat drink" in text
    rows = CostMonth.objects.filter(replaced_at=None, source="standard").exclude(kind__level="below")
    shown = sum(rows.values_list("amount", flat=True))
    assert f" shown={shown:.2f}" in text.splitlines()[-1]
    assert f"This report shows €{shown:,.2f}." in page
    assert "6000" in text


def test_the_page_shows_a_product_whose_break_even_cannot_be_told(product: Product) -> None:
    costs("service", "1", product=product, basis="contract")  # contracts of it are not known
    book()
    client = Client()
    client.force_login(user_factory())
    answer = client.get("/costs/break-even/")
    assert answer.status_code == 200
    assert "Oat drink" in answer.content.decode()
