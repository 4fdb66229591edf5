"""The pages of allauth: signing in, passwords, the second step, single sign-on."""

from __future__ import annotations

from dataclasses import replace

from .rules import PUBLIC, SIGNED_IN, Rule

# Nobody registers; without single sign-on its pages are not there.
CLOSED = frozenset({200, 302, 403, 404})


def provider(_world: object) -> dict[str, str]:
    return {"provider_id": "sso"}


def nobodys_key(_world: object) -> dict[str, str]:
    return {"key": "no-such-key"}


def reset_key(_world: object) -> dict[str, str]:
    return {"uidb36": "1", "key": "no-such-key"}


PAGES = [
    Rule("account_login", get=PUBLIC, post=PUBLIC),
    Rule("account_logout", get=PUBLIC, post=PUBLIC),
    Rule("account_inactive", get=PUBLIC),
    Rule("account_signup", get=PUBLIC, post=PUBLIC, ok=CLOSED),
    Rule("account_reauthenticate", get=SIGNED_IN, post=SIGNED_IN),
    Rule("account_email", get=SIGNED_IN, post=SIGNED_IN),
    Rule("account_email_verification_sent", get=PUBLIC),
    Rule("account_change_password", get=SIGNED_IN, post=SIGNED_IN),
    Rule("account_set_password", get=SIGNED_IN, post=SIGNED_IN),
    Rule("account_reset_password", get=PUBLIC, post=PUBLIC),
    Rule("account_confirm_login_code", get=PUBLIC, post=PUBLIC),
    Rule("account_confirm_email", get=PUBLIC, post=PUBLIC, args=nobodys_key, ok=CLOSED),
    Rule("account_reset_password_from_key_done", get=PUBLIC),
    Rule("account_reset_password_from_key", get=PUBLIC, post=PUBLIC, args=reset_key),
    Rule("account_reset_password_done", get=PUBLIC),
    Rule("mfa_index", get=SIGNED_IN),
    Rule("mfa_authenticate", get=PUBLIC, post=PUBLIC),
    Rule("mfa_reauthenticate", get=SIGNED_IN, post=SIGNED_IN),
    Rule("mfa_activate_totp", get=SIGNED_IN, post=SIGNED_IN),
    Rule("mfa_deactivate_totp", get=SIGNED_IN, post=SIGNED_IN, ok=CLOSED),
    Rule("mfa_view_recovery_codes", get=SIGNED_IN, ok=CLOSED),
    Rule("mfa_generate_recovery_codes", get=SIGNED_IN, post=SIGNED_IN, ok=CLOSED),
    Rule("mfa_download_recovery_codes", get=SIGNED_IN, ok=CLOSED),
    Rule("socialaccount_login_cancelled", get=PUBLIC),
    Rule("socialaccount_login_error", get=PUBLIC, ok=frozenset({401})),
    Rule("socialaccount_signup", get=PUBLIC, post=PUBLIC, ok=CLOSED),
    Rule("socialaccount_connections", get=SIGNED_IN, post=SIGNED_IN, ok=CLOSED),
    Rule("openid_connect_login", get=PUBLIC, post=PUBLIC, args=provider, ok=CLOSED),
    Rule("openid_connect_callback", get=PUBLIC, args=provider, ok=CLOSED),
    *(
        Rule(f"route:account/social/{page}/", get=PUBLIC, ok=frozenset({301}))  # addresses of old
        for page in ("login/cancelled", "login/error", "signup", "connections")
    ),
]
RULES = [replace(rule, ours=False) for rule in PAGES]
