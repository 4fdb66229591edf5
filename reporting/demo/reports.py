"""The demo company's reports: for management, which sends itself each month, for finance and for a retailer,
each published once; the retailer is to know who made its report, which waits for finance."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from products.models import Channel, Product, ProductLine
from reporting.services.grants import grant_ask
from reporting.services.reports import Part, report_create, report_publish
from reporting.services.schedules import schedule_set


def reports_create(people: dict[str, User]) -> None:
    sanne, emma = people["Sanne"], people["Emma"]
    products = {product.code: product for product in Product.objects.all()}
    juices = ProductLine.objects.get(code="juice")
    made: list[tuple[User, dict[str, Any], list[Part]]] = [
        (
            sanne,
            {"title": "Maandbericht Sappen", "audience": "internal", "lines": [juices]},
            [
                Part("key_figures", "De zomer was goed; de **adviesprijs** van januari is nog niet bekend."),
                Part("plan"),
                Part("lifecycle"),
                Part("accuracy"),
                Part("promotions"),
                Part("decisions"),
            ],
        ),
        (
            emma,
            {"title": "Cost and margin, oat drinks", "language": "en", "audience": "finance"}
            | {"products": [products["HVM-200"], products["HVM-210"]]},
            [Part("margins"), Part("margin_bridge"), Part("margin"), Part("key_figures")],
        ),
        (
            sanne,
            {"title": "Categoriebericht Boerhof", "audience": "external"}
            | {
                "products": [products["SAP-100"], products["HVM-210"]],
                "channels": [Channel.objects.get(name="Boerhof")],
            },
            [
                Part(
                    "sales",
                    "Samen:\n\n- sap is in de zomer het sterkst\n- Barista groeit",
                ),
                Part("category"),
                Part("prices"),
                Part("place"),
            ],
        ),
    ]
    for author, values, parts in made:
        report = report_create(user=author, values={"language": "nl", **values}, parts=parts)
        report_publish(user=author, report=report)
        if report.lines.exists():
            told = [emma, people["Pieter"]]
            schedule_set(user=author, report=report, values={"every": "month", "day": 1, "users": told})
    reason = "Boerhof belt met vragen: dan weten ze wie ze moeten hebben."
    grant_ask(user=sanne, report=report, field="author", reason=reason)
