from .people import InviteForm, PasswordForm, PersonForm
from .profile import DeputyForm, ProfileForm, TokenForm
from .roles import RoleForm, rights_by_room

__all__ = [
    "DeputyForm",
    "InviteForm",
    "PasswordForm",
    "PersonForm",
    "ProfileForm",
    "RoleForm",
    "TokenForm",
    "rights_by_room",
]
