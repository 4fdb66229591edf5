"""Addresses that leave pmtool, in mails and links."""

from __future__ import annotations

from django.conf import settings


def public_url(path: str) -> str:
    """Where a path of pmtool is read; never by the name that a request came with, which anybody can make
    up."""
    return f"{settings.PUBLIC_ADDRESS}{path}"
