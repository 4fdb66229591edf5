"""Every page of pmtool: which addresses are pages, and where to find one of each in the demo company."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.urls import reverse

from accounts.models import User
from collaboration.models import ActionItem, Alert
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import, Layout
from forecasting.models import Driver, NightlyRun
from forecasting.services.drivers import driver_values_set
from pricing.models import (
    CostChange,
    CostCorrection,
    CostKind,
    CostLine,
    Positioning,
    PriceList,
    Promotion,
    Proposal,
)
from products.models import BudgetVersion, Channel, Segment, Supplier
from reporting.models import Report, ReportGrant, Share

Args = Callable[[], Mapping[str, Any]]


def _product() -> dict[str, Any]:
    return {"code": "HVM-210"}


def _first(model: Any) -> Args:
    return lambda: {"pk": model.objects.order_by("pk").values_list("pk", flat=True)[0]}


def _last(model: Any) -> Args:
    return lambda: {"pk": model.objects.order_by("-pk").values_list("pk", flat=True)[0]}


def _draft() -> dict[str, Any]:
    return {"pk": BudgetVersion.objects.get(frozen_at=None).pk}


def _a_month() -> dict[str, Any]:
    last = month_add(month_start(today()), -1)
    return {"year": last.year, "month": last.month}


def _none() -> dict[str, Any]:
    return {}


def _sanne() -> User:
    return User.objects.get(email="sanne@demo.example")


def _driver() -> dict[str, Any]:
    values = {datetime.date(2026, month, 1): Decimal(month) for month in range(1, 13)}
    return {"pk": driver_values_set(code="weather", step=Driver.Step.MONTH, values=values).pk}


def _positioning(state: str) -> dict[str, Any]:
    row = Positioning.objects.filter(state=state).select_related("product").order_by("pk")[0]
    return {"code": row.product.code, "pk": row.pk}


def _waiting() -> dict[str, Any]:
    return _positioning("proposed")


def _positioning_draft() -> dict[str, Any]:
    return _positioning("draft")


def _report() -> dict[str, Any]:
    return {"pk": Report.objects.get(title="Maandbericht Sappen").pk}


PAGES: dict[str, Args] = {
    "reporting:today": _none,
    "products:list": _none,
    "products:new": _none,
    "products:lines": _none,
    "products:line_new": _none,
    "products:line_edit": lambda: {"code": "food"},
    "products:channels": _none,
    "products:channel_new": _none,
    "products:channel_edit": _first(Channel),
    "products:suppliers": _none,
    "products:suppliers_new": _none,
    "products:suppliers_edit": _first(Supplier),
    "products:segments": _none,
    "products:segments_new": _none,
    "products:segments_edit": _first(Segment),
    "products:families": _none,
    "products:family_new": _none,
    "products:family": lambda: {"code": "HVM"},
    "products:family_edit": lambda: {"code": "HVM"},
    "products:measures": _none,
    "products:measure_new": _none,
    "products:measure_edit": lambda: {"code": "units"},
    "exchange:layouts": _none,
    "exchange:layout": _first(Layout),
    "products:budgets": _none,
    "products:budget": _first(BudgetVersion),
    "products:budget_edit": _draft,
    "products:budget_history": _first(BudgetVersion),
    "products:budget_name": _draft,
    "products:budget_compare": _none,
    "products:limits": lambda: {"pk": _sanne().pk},
    "products:four_eyes": _none,
    "products:edit": _product,
    "products:end": _product,
    "products:activity": _product,
    "products:details": _product,
    "reporting:product": _product,
    "reporting:cost_report": _none,
    "reporting:sales_rows": _none,
    "reporting:reports": _none,
    "reporting:report_new": _none,
    "reporting:report_new_from": lambda: {"template": "month"},
    "reporting:report": _report,
    "reporting:shares": _none,
    "reporting:share": _first(Share),
    "reporting:snapshot": lambda: {**_report(), "number": 1},
    "reporting:grant": _first(ReportGrant),
    "reporting:grant_preview": _first(ReportGrant),
    "pricing:mix": _product,
    "pricing:product_prices": _product,
    "pricing:product_place": _product,
    "pricing:pocket": _product,
    "pricing:terms": _none,
    "pricing:bonuses": _none,
    "pricing:segments": _none,
    "pricing:prices": _none,
    "pricing:price_lists": _none,
    "pricing:what_if": _product,
    "pricing:sensitivity": _none,
    "pricing:room": _none,
    "pricing:listings": _none,
    "pricing:distribution_paste": _none,
    "pricing:positioning_list": _none,
    "pricing:price_list_new": _none,
    "pricing:price_list_edit": _first(PriceList),
    "pricing:price_rules": _none,
    "pricing:price_limits_history": _none,
    "pricing:vat_rates": _none,
    "pricing:product_costs": _product,
    "pricing:costs": _none,
    "pricing:cost_line": _first(CostLine),
    "pricing:cost_line_new": _none,
    "pricing:cost_correction_new": lambda: {"pk": CostCorrection.objects.get().rate_id},
    "pricing:cost_kinds": _none,
    "pricing:cost_budgets": _none,
    "pricing:cost_months": _none,
    "pricing:cost_paste": _none,
    "pricing:break_even": _none,
    "pricing:cost_changes": _none,
    "pricing:cost_change_new": _none,
    "pricing:cost_change": _first(CostChange),
    "pricing:ledger_mapping": _none,
    "pricing:ledger_entries": _none,
    "pricing:month_close": _a_month,
    "pricing:cost_kind_new": _none,
    "pricing:cost_kind_edit": _first(CostKind),
    "pricing:proposals": _none,
    "pricing:proposal_new": _none,
    "pricing:proposal": lambda: {"pk": Proposal.objects.get(state="proposed").pk},
    "pricing:promotions": _none,
    "pricing:promotion_new": _none,
    "pricing:forbidden": _none,
    "pricing:promotion": _first(Promotion),
    "pricing:promotion_edit": _last(Promotion),
    "pricing:positionings": _product,
    "pricing:positioning": _waiting,
    "pricing:positioning_new": _product,
    "pricing:positioning_edit": _positioning_draft,
    "pricing:positioning_compare": _product,
    "forecasting:product": _product,
    "forecasting:stage": _product,
    "forecasting:launch": lambda: {"code": "LIM-100"},
    "forecasting:family": lambda: {"code": "HVM"},
    "forecasting:family_stage": lambda: {"code": "HVM"},
    "forecasting:runs": _none,
    "forecasting:accuracy": _none,
    "forecasting:findings": _none,
    "forecasting:flag": _product,
    "forecasting:family_flag": lambda: {"code": "HVM"},
    "forecasting:totals": _none,
    "forecasting:drivers": _none,
    "forecasting:driver": _driver,
    "forecasting:driver_edit": _driver,
    "forecasting:driver_calendar": _none,
    "forecasting:overrides": _none,
    "forecasting:override": _product,
    "forecasting:override_channel": _none,
    "forecasting:override_months": _product,
    "forecasting:override_line": lambda: {"code": "food"},
    "forecasting:consensus": _product,
    "forecasting:run": _first(NightlyRun),
    "collaboration:alerts": _none,
    "collaboration:alert": lambda: {"pk": Alert.objects.filter(product__code="HVM-210")[0].pk},
    "collaboration:alert_snooze": lambda: {"pk": Alert.objects.filter(product__code="HVM-210")[0].pk},
    "collaboration:alert_close": lambda: {"pk": Alert.objects.filter(product__code="HVM-210")[0].pk},
    "collaboration:decisions": _none,
    "collaboration:actions": _none,
    "collaboration:action_new": _none,
    "collaboration:action": lambda: {"pk": ActionItem.objects.filter(owner=_sanne())[0].pk},
    "collaboration:action_new_about": lambda: {"kind": "import", **_first(Import)()},
    "collaboration:notifications": _none,
    "exchange:list": _none,
    "exchange:upload": _none,
    "exchange:detail": _first(Import),
    "core:search": _none,
    "core:settings": _none,
    "accounts:people": _none,
    "accounts:invite": _none,
    "accounts:person": lambda: {"pk": _sanne().pk},
    "accounts:roles": _none,
    "accounts:role_new": _none,
    "accounts:role": lambda: {"code": "finance"},
    "accounts:profile": _none,
    "account_email": _none,
    "account_change_password": _none,
    "mfa_index": _none,
    "api": _none,
}
"""The arguments of one of each; what asks for an object is not there in an empty organisation."""

GUESTS = ("account_login", "account_reset_password", "account_reset_password_done", "account_signup")
"""Pages for who has not signed in."""

NO_PAGES = {
    "pricing:price_rule_set",
    "pricing:price_limit_set",
    "pricing:promotion_cost",
    "pricing:vat_rate_delete",
    "pricing:proposal_act",
    "pricing:proposal_again",
    "pricing:proposal_edit",
    "pricing:room_export",
    "pricing:positionings_export",
    "pricing:promotions_export",
    "pricing:proposals_export",
    "pricing:term_withdraw",
    "pricing:prices_export",
    "pricing:terms_export",
    "pricing:levies_export",
    "pricing:ledger_mapping_export",
    "pricing:ledger_entries_export",
    "pricing:cost_budgets_export",
    "pricing:listings_export",
    "pricing:segment_shares_export",
    "pricing:costs_export",
    "pricing:break_even_export",
    "pricing:cost_change_act",
    "pricing:cost_change_export",
    "pricing:cost_change_propose",
    "exchange:correct",
    "reporting:cost_report_file",
    "reporting:sales_rows_export",
    "reporting:report_choose",  # for its author alone
    "reporting:report_parts",
    "reporting:report_preview",  # for its author alone
    "reporting:report_publishing",  # while a worker publishes a long one, for its author alone
    "reporting:report_schedule",  # likewise
    "reporting:report_history",  # likewise
    "reporting:report_schedule_act",
    "reporting:report_edit",  # the form of report_new_from, for its author alone
    "reporting:report_sheet",
    "reporting:report_act",
    "reporting:report_grant",
    "reporting:grant_act",
    "reporting:share_new",  # for its author alone
    # Without an account, and only with a token that nobody keeps.
    "shared:report",
    "shared:open",
    "shared:password",
    "shared:language",
    "shared:question",
    "shared:file",
    "shared:nothing",
    "reporting:cost_report_made",
    "reporting:snapshot_file",
    "reporting:cost_report_view_end",
    "pricing:cost_rate_withdraw",
    "pricing:cost_correction_decide",
    "pricing:cost_shares_new",
    "pricing:reference_customer",
    "pricing:promotions_card",
    "pricing:proposal_effect",
    "pricing:proposal_notice",
    "pricing:product_variance",
    "pricing:sensitivity_export",
    "pricing:what_if_save",
    "pricing:scenario_end",
    "pricing:proposal_export",
    # Only written to.
    "accounts:deactivate",
    "accounts:reactivate",
    "accounts:link",
    "accounts:role_delete",
    "accounts:deputy_add",
    "accounts:deputy_end",
    "accounts:person_deputy_add",
    "accounts:person_deputy_end",
    "accounts:token_add",
    "accounts:token_revoke",
    "collaboration:action_done",
    "collaboration:action_remove",
    "collaboration:alert_reopen",
    "collaboration:comment_add",
    "collaboration:comment_withdraw",
    "collaboration:follow",
    "collaboration:notifications_read",
    "exchange:apply",
    "exchange:discard",
    "exchange:layout_delete",
    "exchange:layout_restore",
    "exchange:reading",
    "exchange:stop",
    "exchange:undo",
    "pricing:promotion_propose",
    "pricing:promotion_decide",
    "pricing:positioning_propose",
    "pricing:positioning_decide",
    "pricing:promotion_cancel",
    "pricing:promotion_move",
    "pricing:promotion_move_undo",
    "pricing:forbidden_end",
    "forecasting:launch_withdraw",
    "forecasting:finding_decide",
    "forecasting:findings_judge",
    "forecasting:override_renew",
    "forecasting:override_withdraw",
    "forecasting:product_run",
    "forecasting:family_run",
    "forecasting:run_start",
    "forecasting:stage_withdraw",
    "forecasting:family_stage_withdraw",
    "products:budget_change",
    "products:budget_new",
    "products:budget_put_back",
    "products:budget_undo",
    "products:details_add",
    "products:details_remove",
    "products:reopen",
    "products:reviewed",
    "products:bulk",
    "products:bulk_undo",
    "products:view_edit",
    "products:view_new",
    "set_language",
    # Files, parts of a page, answers to machines, and what only leads on.
    "collaboration:mention",
    "collaboration:notification",
    "core:livez",
    "core:metrics",
    "core:readyz",
    "core:suggest",
    "forecasting:launch_choices",
    "exchange:creations",
    "exchange:file",
    "exchange:refused",
    "mfa_download_recovery_codes",
    "products:columns",
    "products:budget_export",
    "products:export",
    "collaboration:decisions_export",
    "products:filters",
    "schema",
    # Only with a link from an e-mail, or in the middle of a sign-in.
    "accounts:invitation",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "account_inactive",
    "account_logout",
    "account_reauthenticate",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_set_password",
    "mfa_activate_totp",
    "mfa_authenticate",
    "mfa_deactivate_totp",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
    "mfa_view_recovery_codes",
    "collaboration:comment",
}
"""Addresses without a page of their own in the walk, besides the API and single sign-on."""


def address(name: str) -> str:
    return reverse(name, kwargs=dict(PAGES[name]()))


def addresses() -> dict[str, str]:
    """Name and address of every page, in the demo company."""
    return {name: address(name) for name in PAGES}


def addresses_without_objects() -> dict[str, str]:
    return {name: reverse(name) for name, args in PAGES.items() if args is _none}
