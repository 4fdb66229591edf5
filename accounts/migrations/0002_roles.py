from django.db import migrations

# Rights of rooms to come stand here too, so that a role is whole the day its room opens.
READ = ["products.view", "forecasting.view", "collaboration.view", "exchange.export"]
TALK = ["collaboration.comment", "collaboration.act"]
ROLES = [
    (
        "product-manager",
        "Product manager",
        "Productmanager",
        READ
        + TALK
        + [
            "products.edit",
            "products.edit_structure",
            "products.edit_budget",
            "exchange.import",
            "exchange.undo",
            "forecasting.edit",
            "forecasting.run",
            "collaboration.alerts",
            "products.share_views",
            "accounts.api",
            "pricing.view_costs",
        ],
    ),
    (
        "marketing",
        "Marketing",
        "Marketing",
        READ + TALK + ["collaboration.alerts", "products.share_views", "exchange.import", "accounts.api"],
    ),
    (
        "sales",
        "Sales",
        "Sales",
        READ + TALK + ["collaboration.alerts", "exchange.import", "accounts.api"],
    ),
    (
        "logistics",
        "Purchasing and logistics",
        "Inkoop en logistiek",
        READ + TALK + ["collaboration.alerts", "exchange.import", "accounts.api"],
    ),
    (
        "quality",
        "Quality and service",
        "Kwaliteit en service",
        READ + TALK + ["collaboration.alerts", "exchange.import", "accounts.api"],
    ),
    (
        "finance",
        "Finance",
        "Finance",
        READ
        + TALK
        + [
            "collaboration.alerts",
            "products.edit_budget",
            "products.share_views",
            "exchange.import",
            "exchange.undo",
            "accounts.api",
            "pricing.view_costs",
        ],
    ),
    ("viewer", "Viewer", "Lezer", READ),
    (
        "administrator",
        "Administrator",
        "Beheerder",
        READ
        + TALK
        + [
            "accounts.manage",
            "accounts.api",
            "core.settings",
            "products.edit",
            "products.edit_structure",
            "products.edit_budget",
            "products.share_views",
            "exchange.import",
            "exchange.undo",
            "forecasting.edit",
            "forecasting.run",
            "collaboration.alerts",
            "pricing.view_costs",
        ],
    ),
]


def ship(apps, schema_editor):
    role_model = apps.get_model("accounts", "Role")
    for code, name_en, name_nl, rights in ROLES:
        role_model.objects.get_or_create(
            code=code, defaults={"name_en": name_en, "name_nl": name_nl, "rights": rights, "shipped": True}
        )


class Migration(migrations.Migration):
    """The shipped roles; organisations edit them afterwards."""

    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
