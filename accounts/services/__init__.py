from .deputies import deputy_end, deputy_set, deputy_warnings
from .invitations import Invited, invitation_accept, invitation_link_renew, invitation_person
from .profile import profile_update
from .roles import role_create, role_delete, role_update
from .tokens import token_create, token_revoke
from .users import administrator_invite, user_deactivate, user_invite, user_reactivate, user_update

__all__ = [
    "Invited",
    "administrator_invite",
    "deputy_end",
    "deputy_set",
    "deputy_warnings",
    "invitation_accept",
    "invitation_link_renew",
    "invitation_person",
    "profile_update",
    "role_create",
    "role_delete",
    "role_update",
    "token_create",
    "token_revoke",
    "user_deactivate",
    "user_invite",
    "user_reactivate",
    "user_update",
]
