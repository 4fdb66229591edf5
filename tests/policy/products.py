"""Products, their list and details, structure, budgets; limits and four eyes."""

from __future__ import annotations

from typing import Any

from products.models import BudgetVersion, BulkChange, Measure, SavedView, Segment, Supplier

from .rules import Rule
from .world import MARK, World

VIEW, EDIT, STRUCTURE, BUDGET = (
    f"products.{verb}" for verb in ("view", "edit", "edit_structure", "edit_budget")
)
# Somebody else's saved view or bulk change: it does not exist for anybody in the walk.
THEIRS = frozenset({404})


def of_product(name: str, **rest: Any) -> Rule:
    """A page of one product, by its code; ``rest['more']`` are further arguments."""
    more = rest.pop("more", {})
    return Rule(
        f"products:{name}",
        args=lambda world: {"code": world.own_product.code} | more,
        foreign=lambda world: {"code": world.foreign_product.code} | more,
        **rest,
    )


def of_family(name: str, **rest: Any) -> Rule:
    return Rule(
        f"products:{name}",
        args=lambda world: {"code": world.own_family.code},
        foreign=lambda world: {"code": world.foreign_family.code},
        **rest,
    )


def changed(name: str, row: str) -> Any:
    """A complete, valid form for a row of the world, under another name."""

    def data(world: World) -> dict[str, Any]:
        found = getattr(world, row)
        return {"code": found.code, "name": name, "version": found.version}

    return data


def shared(model: Any) -> Any:
    """The arguments of a supplier or segment, which all lines share."""
    return lambda world: {
        "pk": world.made(model.__name__, lambda: model.objects.create(code="SHARED", name="Shared")).pk
    }


def somebodys_view(world: World) -> dict[str, Any]:
    make = lambda: SavedView.objects.create(user=world.somebody, name=f"{MARK} view")  # noqa: E731
    return {"pk": world.made("view", make).pk}


def somebodys_change(world: World) -> dict[str, Any]:
    make = lambda: BulkChange.objects.create(  # noqa: E731
        user=world.somebody, key="one", field="kind", changes={"start_date": None, "products": {}}
    )
    return {"pk": world.made("bulk", make).pk}


def budget(world: World) -> dict[str, Any]:
    make = lambda: BudgetVersion.objects.create(code="B2027", name="Budget", year=2027)  # noqa: E731
    return {"pk": world.made("budget", make).pk}


def product(world: World) -> dict[str, Any]:
    return {"code": "NEW-P", "name": "New", "line": world.own_line.pk, "kind": "good", "unit": "box"}


def ended(world: World) -> dict[str, Any]:
    return {"version": world.own_product.version, "ended": "2026-11-01"}


def chosen(world: World) -> dict[str, Any]:
    """The own and the foreign one ticked; the preview may only show the own."""
    codes = [world.own_product.code, world.foreign_product.code]
    return {"code": codes, "field": "kind", "value": "service", "step": "preview"}


def measure(world: World) -> dict[str, Any]:
    found = Measure.objects.get(code="units")
    fields = ("code", "name_en", "name_nl", "unit_en", "unit_nl", "kind", "version")
    return {name: getattr(found, name) for name in fields} | {"name_en": "Pieces"}


NEW_MEASURE = {
    "code": "new",
    "name_en": "New",
    "name_nl": "Nieuw",
    "unit_en": "x",
    "unit_nl": "x",
    "kind": "flow",
}
NEW = {"code": "NEW", "name": "New"}

RULES = [
    Rule("products:list", get=VIEW, query={"q": "product", "view": "all"}),
    Rule("products:filters", get=VIEW, args=lambda world: {"key": "line"}),
    Rule("products:export", get="exchange.export", args=lambda world: {"kind": "csv"}, query={"view": "all"}),
    Rule("products:columns", get=VIEW),
    Rule("products:view_new", post=VIEW, data={"name": "Mine", "query": ""}),
    Rule("products:view_edit", post=VIEW, args=somebodys_view, data={"action": "delete"}, ok=THEIRS),
    Rule("products:new", get=EDIT, post=EDIT, data=product),
    Rule("products:bulk", post=EDIT, data=chosen),
    Rule("products:bulk_undo", get=EDIT, post=EDIT, args=somebodys_change, ok=THEIRS),
    of_product("edit", get=EDIT, post=EDIT, data=changed("Changed", "own_product")),
    of_product("end", get=EDIT, post=EDIT, data=ended),
    of_product("reopen", post=EDIT),
    of_product("reviewed", post=EDIT),
    of_product("activity", get=VIEW),
    of_product("details", get=VIEW),
    of_product("details_add", post=EDIT, more={"part": "codes"}, data={"codes-code": "8710"}),
    of_product("details_remove", post=EDIT, more={"part": "codes", "pk": 1}),
    Rule("products:lines", get=VIEW),
    Rule("products:line_new", get=STRUCTURE, post=STRUCTURE, data=NEW),
    Rule(
        "products:line_edit",
        get=STRUCTURE,
        post=STRUCTURE,
        args=lambda world: {"code": world.own_line.code},
        foreign=lambda world: {"code": world.foreign_line.code},
        data=changed("Changed", "own_line"),
    ),
    Rule("products:channels", get=VIEW),
    Rule("products:channel_new", get=STRUCTURE, post=STRUCTURE, whole=True, data=NEW | {"kind": "type"}),
    Rule(
        "products:channel_edit",
        get=STRUCTURE,
        post=STRUCTURE,
        whole=True,
        args=lambda world: {"pk": world.own_channel.pk},
        foreign=lambda world: {"pk": world.foreign_channel.pk},
        data=lambda world: changed("Changed", "own_channel")(world) | {"kind": "type"},
    ),
    *(
        rule
        for what, model in (("suppliers", Supplier), ("segments", Segment))
        for rule in (
            Rule(f"products:{what}", get=VIEW),
            Rule(f"products:{what}_new", get=STRUCTURE, post=STRUCTURE, whole=True, data=NEW),
            Rule(
                f"products:{what}_edit",
                get=STRUCTURE,
                post=STRUCTURE,
                whole=True,
                args=shared(model),
                data={"code": "SHARED", "name": "Changed", "version": 1},
            ),
        )
    ),
    Rule("products:families", get=VIEW),
    Rule(
        "products:family_new",
        get=STRUCTURE,
        post=STRUCTURE,
        data=lambda world: NEW | {"line": world.own_line.pk},
    ),
    of_family("family", get=VIEW),
    of_family("family_edit", get=STRUCTURE, post=STRUCTURE, data=changed("Changed", "own_family")),
    Rule("products:measures", get=VIEW),
    Rule("products:measure_new", get=STRUCTURE, post=STRUCTURE, whole=True, data=NEW_MEASURE),
    Rule(
        "products:measure_edit",
        get=STRUCTURE,
        post=STRUCTURE,
        whole=True,
        args=lambda world: {"code": "units"},
        data=measure,
    ),
    Rule("products:budgets", get=VIEW),
    Rule(
        "products:budget_new",
        post=BUDGET,
        whole=True,
        data={"code": "B2028", "name": "Budget 2028", "year": 2028},
    ),
    Rule("products:budget_compare", get=VIEW),
    Rule("products:budget", get=VIEW, args=budget),
    Rule("products:budget_edit", get=BUDGET, post=BUDGET, args=budget),
    Rule("products:budget_history", get=VIEW, args=budget),
    Rule(
        "products:budget_export",
        get="exchange.export",
        args=lambda world: budget(world) | {"kind": "csv"},
    ),
    # A change that nobody made, and a budget that was not deleted: they do not exist for anybody in the walk.
    Rule("products:budget_undo", post=BUDGET, args=budget, data={"change": ""}, ok=THEIRS),
    Rule("products:budget_put_back", post=BUDGET, whole=True, args=budget, ok=THEIRS),
    Rule("products:budget_name", get=BUDGET, post=BUDGET, whole=True, args=budget, data={"name": "Plan"}),
    Rule("products:budget_change", post=BUDGET, whole=True, args=budget, data={"action": "freeze"}),
    Rule(
        "products:limits",
        get="accounts.manage",
        post="accounts.manage",
        whole_read=True,
        args=lambda world: {"pk": world.somebody.pk},
    ),
    Rule("products:four_eyes", get="core.settings", post="core.settings", whole=True, whole_read=True),
]
