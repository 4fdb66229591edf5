from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Nobody registers: an administrator invites."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
