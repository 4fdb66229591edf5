"""Unexpected errors to a service that speaks Sentry's protocol, where the organisation has one: lines of the
code, and nothing of people, products or secrets."""

from __future__ import annotations

from typing import Any

from core.hidden import address_hide

KEPT = ("event_id", "timestamp", "level", "platform", "logger", "exception", "transaction", "release", "tags")


def error_reports_begin(dsn: str, **options: Any) -> None:
    """From now on errors of this process, web or worker, go to ``dsn``."""
    import sentry_sdk

    sentry_sdk.init(
        dsn,
        before_send=scrub,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=0,
        auto_session_tracking=False,
        server_name="",
        **options,
    )


def scrub(event: Any, _hint: Any = None) -> Any:
    """Only what says where the code broke. What an error says may quote a row or a form: its type stays."""
    kept = {key: event[key] for key in KEPT if key in event}
    for error in kept.get("exception", {}).get("values", []):
        error["value"] = ""
    if "transaction" in kept:
        kept["transaction"] = address_hide(kept["transaction"])
    return kept
