"""Settings refuse to start on what is missing or wrong, with a sentence."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.db import connection

from pmtool.settings import env
from tests.factories import product_factory, user_factory
from tests.forecasting.conftest import months_give, run_now

ROOT = Path(__file__).parent.parent.parent
GOOD = {
    "SECRET_KEY": "s3cret" * 12,
    "ALLOWED_HOSTS": "pm.example.org",
    "DATABASE_URL": "postgresql://pm:pw@db.example.org/pm",
    "REDIS_URL": "redis://queue.example.org:6379",
}
UNREACHABLE = "postgresql://pm:pw@127.0.0.1:1/pm"


HEAVY = "{'numpy', 'pandas', 'statsforecast', 'scipy', 'altair', 'vl_convert'}"


def run(
    *arguments: str, settings: str = "production", **environment: str
) -> subprocess.CompletedProcess[str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    variables = inherited | {"DJANGO_SETTINGS_MODULE": f"pmtool.settings.{settings}"} | environment
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": ""}, "Production needs SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "at least 50 characters"),
        ({"ALLOWED_HOSTS": ""}, "Production needs ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "and not *"),
        ({"TRUSTED_PROXIES": "some"}, "TRUSTED_PROXIES must be a whole number, not 'some'."),
        ({"EMAIL_USE_TLS": "maybe"}, "EMAIL_USE_TLS must be true or false, not 'maybe'."),
        ({"DATABASE_URL": "mysql://db/pm"}, "DATABASE_URL must look like postgresql://"),
        ({"REDIS_URL": "queue:6379"}, "REDIS_URL must look like redis://"),
        ({"OIDC_CLIENT_ID": "pm"}, "Single sign-on needs all of"),
    ],
)
def test_production_refuses(change: dict[str, str], sentence: str) -> None:
    refused = run("manage.py", "check", **(GOOD | change))
    assert refused.returncode != 0
    assert sentence in refused.stderr


def test_production_passes_the_deployment_check_without_a_warning() -> None:
    passed = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **GOOD)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "no issues" in passed.stdout + passed.stderr


def test_the_web_process_starts_without_the_numerics() -> None:
    code = f"import sys, pmtool.wsgi, pmtool.urls; print(sorted({HEAVY} & set(sys.modules)))"
    started = run("-c", code, **GOOD)
    assert started.stdout.strip() == "[]", started.stdout + started.stderr


ASKED = """
import django, sys
django.setup()
from django.test import Client
said = {"Host": "pm.example.org", "Authorization": "Bearer word", "Cookie": "__Host-session=hushed"}
asking = Client(raise_request_exception=False, headers=said)
for path in sys.argv[1:]:
    print(asking.get(path, secure=True).text)
"""


def test_requests_of_all_processes_are_counted_also_without_a_database(tmp_path: Path) -> None:
    counted = GOOD | {"METRICS_TOKEN": "word", "PMTOOL_VAR": str(tmp_path), "DATABASE_URL": UNREACHABLE}
    run("-c", ASKED, "/livez", **counted)
    said = run("-c", ASKED, "/livez", "/livez", "/metrics", **counted)
    assert 'pmtool_request_seconds_count{method="GET",status="200"} 3.0' in said.stdout, said.stderr
    assert 'pmtool_part_well{part="database"} 0.0' in said.stdout


def test_an_error_is_reported_without_what_is_secret(tmp_path: Path) -> None:
    heard: list[bytes] = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        dsn = f"http://key@127.0.0.1:{service.server_port}/1"
        given = {"SENTRY_DSN": dsn, "PMTOOL_VAR": str(tmp_path), "DATABASE_URL": UNREACHABLE}
        run("-c", ASKED, "/r/token-nobody-may-know?q=jan@example.org", **(GOOD | given))
        service.shutdown()
    said = b"\n".join(heard)
    assert b'"exception"' in said
    for secret in (b"token-nobody", b"jan@", b"hushed", b"Bearer", b"s3cret", b"127.0.0.1"):
        assert secret not in said, said


ASK = """
import sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {database!r}
from django.test import Client
from accounts.models import User
client = Client()
client.force_login(User.objects.get(email={email!r}), backend="accounts.with_person.SignedIn")
for page in {pages!r}:
    answer = client.get(page)
    assert answer.status_code == 200, (page, answer.status_code)
    b"".join(answer) if answer.streaming else answer.content
print(sorted({heavy} & set(sys.modules)))
"""


@pytest.mark.django_db(transaction=True)
def test_no_page_with_forecasts_brings_the_numerics_into_the_web_process() -> None:
    product = product_factory(code="own")
    months_give(product)
    run_now()
    person = user_factory(role="product-manager")
    tab = f"/products/{product.code}/forecast/"
    pages = ["/", "/products/", f"/products/{product.code}/", tab, f"{tab}override/", f"{tab}consensus/"]
    pages += ["/forecasting/", "/forecasting/totals/", "/forecasting/accuracy/", "/forecasting/findings/"]
    pages += ["/api/v1/forecasts/", "/api/v1/channel-forecasts/"]
    database = connection.settings_dict["NAME"]
    said = ASK.format(database=database, email=person.email, pages=pages, heavy=HEAVY)
    asked = run("-c", said, settings="test", PMTOOL_TEST_RUN=os.environ["PMTOOL_TEST_RUN"])
    assert asked.stdout.strip() == "[]", asked.stdout + asked.stderr


def test_the_development_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = env.secret_file(tmp_path / "var" / "secret_key")
    assert len(first) >= 50
    assert env.secret_file(tmp_path / "var" / "secret_key") == first
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["secret_key"]
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "key"))
    assert env.secret("SOME_KEY") == "from a file"


SAY = """
from django.conf import settings as s
print(s.VAR, s.OWNS_VAR, *(server.name for server in s.EMBEDDED_SERVERS), s.DURABLE, s.CELERY_BROKER_URL[-2:])
"""


def test_tests_keep_to_servers_of_their_own(tmp_path: Path) -> None:
    """Whatever the shell says of somebody's own; a folder that is kept has a name that nothing else reads."""
    (tmp_path / "url").write_text(GOOD["DATABASE_URL"])
    others = {"DATABASE_URL_FILE": str(tmp_path / "url"), "PMTOOL_VAR": str(tmp_path), "REDIS_DATABASE": "4"}

    def said(**more: str) -> list[str]:
        return run("-c", SAY, settings="test", **GOOD | others | more).stdout.split()

    own = ["postgres", "valkey", "False", "=0"]
    folder = said()[0]
    assert folder.startswith(f"{tempfile.gettempdir()}/pmtool-test-")
    assert said(PMTOOL_TEST_RUN=folder) == [folder, "True", *own]
    assert said(PMTOOL_TEST_VAR=f"{tmp_path}/kept") == [f"{tmp_path}/kept", "False", *own]


def test_database_addresses() -> None:
    assert env.database("postgresql://pm:p%40ss@db:5433/sales?sslmode=require") == {
        "NAME": "sales",
        "USER": "pm",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }
    socket = env.database("postgresql:///sales?host=/run/pg&user=pm")
    assert (socket["HOST"], socket["USER"], socket["OPTIONS"]) == ("/run/pg", "pm", {})


def test_redis_addresses() -> None:
    assert env.redis("redis://queue:6379", 2) == ("redis://queue:6379/2", "redis://queue:6379/2")
    assert env.redis("unix:///run/a%20b.sock", 1) == (
        "redis+socket:///run/a%20b.sock?virtual_host=1",
        "unix:///run/a%20b.sock?db=1",
    )
