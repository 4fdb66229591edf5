"""The REST API's description, and the page that shows it under the strict policy of all pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from .pages import with_right


class TokenScheme(KnoxTokenScheme):
    """``Authorization: Token pmt_…``; found by drf-spectacular because it exists."""

    target_class = "core.api.TokenAuthentication"
    name = "token"


class BasicTokenScheme(OpenApiAuthenticationExtension):
    """A token as the password, for programs that know only that; found like the other."""

    target_class = "core.api.BasicTokenAuthentication"
    name = "token as password"

    def get_security_definition(self, auto_schema: Any) -> Any:
        return {"type": "http", "scheme": "basic"}


class SchemaView(SpectacularAPIView):
    """The description by itself, for tools: with a token or from the page below."""


class DocsView(SpectacularSwaggerSplitView):
    """Swagger with its script in a file of its own and no inline style."""

    template_name = "core/api_docs.html"
    template_name_js = "core/api_docs.js"
    url_name = "schema"


schema_view = SchemaView.as_view()
docs_view = with_right("accounts.api")(DocsView.as_view())
