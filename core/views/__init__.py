from .errors import bad_request, csrf_failure, not_found, permission_denied, server_error
from .language import language_set
from .search import search, suggest
from .settings import settings_edit

__all__ = [
    "bad_request",
    "csrf_failure",
    "language_set",
    "not_found",
    "permission_denied",
    "search",
    "server_error",
    "settings_edit",
    "suggest",
]
