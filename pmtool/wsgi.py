import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmtool.settings.dev")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  all views: read once, before a web server forks
