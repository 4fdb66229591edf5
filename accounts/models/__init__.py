from .access import Deputy, Role
from .token import ApiToken
from .user import User, UserRole

__all__ = ["ApiToken", "Deputy", "Role", "User", "UserRole"]
