"""What every test may use. The database is the embedded PostgreSQL, started at the first connection."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TestCase, TransactionTestCase
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from core.organisation import organisation_forget
from pmtool.servers import Valkey
from tests.bloat import bloat_remove
from tests.demo_company import database_of, demo_load
from tests.migrated import migrated_once
from tests.shipped import shipped_keep, shipped_put_back

# Playwright's synchronous API runs an event loop in this thread; the ORM is used beside it, not inside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The shell is the same engine without the browser's own windows: a third less work.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
FEATURES_OFF = (
    # Two pages for the address bar, which nobody sees: half of what a test's new window took.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess"),
    # What Playwright turns off: of two lists Chromium reads the last.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints"),
    *("NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
)
# The same cases in every run: a failure is of the change, and comes back.
hypothesis_settings.register_profile("pmtool", derandomize=True, deadline=None)
hypothesis_settings.load_profile("pmtool")
LONG_FIRST = ("xdist_group", "long", "browser", "slow")
BROWSER_REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"


@pytest.hookimpl(tryfirst=True, wrapper=True)  # before xdist reads the groups, and after Django's own order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    wants_browser = [item for item in items if item.get_closest_marker("browser")]
    if wants_browser and CHROMIUM is None and BROWSER_REQUIRED:
        raise pytest.UsageError("REQUIRE_BROWSER=1, but no Chromium was found: install one or set CHROMIUM.")
    for item in wants_browser:
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))
    worlds = {item.path for item in items if shares_world(item)}
    for item in items:
        # One at a time: two groups of workers, or two starts of everything, only slow each other down.
        if item.get_closest_marker("faults"):
            item.add_marker(pytest.mark.xdist_group("processes"))
        if "demo_company" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("demo"))  # loaded by one process
        elif item.path in worlds:
            item.add_marker(pytest.mark.xdist_group(item.path.name))  # made by one process, after the others
    yield
    # The long ones first, so that at the end no process waits for the other; those of a shared world last, so
    # that no other finds it in the database.
    items.sort(
        key=lambda item: [
            item.path in worlds,
            shares_world(item),
            *(item.get_closest_marker(name) is None for name in LONG_FIRST),
        ]
    )


def shares_world(item: pytest.Item) -> bool:
    return "module_db" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Nothing of what is being loaded is garbage: to look for it took a third of each process's time here."""
    gc.disable()
    found = yield
    gc.enable()
    return found


def pytest_collection_finish() -> None:
    """What is loaded by now stays: collecting garbage among it took a seventh of all processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if CHROMIUM is None:
        terminalreporter.write_line(
            "NO BROWSER TEST RAN: no Chromium was found. Install chromium, or set CHROMIUM to its path.",
            red=True,
            bold=True,
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the embedded servers and remove their folder, if this run made it."""
    if not settings.configured or hasattr(config, "workerinput") or not settings.OWNS_VAR:
        return
    for server in settings.EMBEDDED_SERVERS:
        server.release()
    for server in settings.EMBEDDED_SERVERS:
        server.wait_stopped()
    shutil.rmtree(settings.VAR, ignore_errors=True)


def _fixture_teardown(_test: TransactionTestCase) -> None:
    shipped_put_back()


TransactionTestCase._fixture_teardown = _fixture_teardown  # in place of Django's flush


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Databases of this run's servers go with their folder; `--reuse-db` keeps those of others."""
    return bool(settings.OWNS_VAR or request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None, django_db_blocker: Any
) -> None:
    """Of the processes of one run the first one migrates; each other starts from a copy of what that made."""
    with django_db_blocker.unblock(), migrated_once() as copied:
        request.getfixturevalue("django_db_setup")  # pytest-django's
        if not copied:
            shipped_keep()


@pytest.fixture(scope="module")
def module_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database for fixtures of a module: what they write is there for each of its tests, and is taken
    back after the last. A test's own writes go after it, as ever; it gets its objects by ``deepcopy``.
    """
    forget_all()
    with django_db_blocker.unblock():
        atomics = TestCase._enter_atomics()  # type: ignore[attr-defined]
        yield
        TestCase._rollback_atomics(atomics)  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    yield
    bloat_remove()


@pytest.fixture
def english() -> Iterator[None]:
    """The test speaks English: for files that hold sentences against words."""
    with translation.override("en"):
        yield


def forget_all() -> None:
    """Rate limits and the organisation of one test are not those of the next."""
    cache.clear()
    organisation_forget()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    forget_all()


@pytest.fixture
def valkey_away(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of service, without a server."""
    nowhere = Valkey(tmp_path).url(0)
    monkeypatch.setattr("pmtool.cache._away_until", 0.0)
    settings.CACHES = {**settings.CACHES, "default": settings.CACHES["service"] | {"LOCATION": nowhere}}
    cache.clear()


@pytest.fixture(scope="session")
def _files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders, without looking through those there are."""
    folder = tmp_path_factory.mktemp("files")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _files_apart(_files: Iterator[Path], settings: Any) -> None:
    """Uploads and exports of a test end up in a folder of their own."""
    settings.MEDIA_ROOT = next(_files)
    settings.MEDIA_ROOT.mkdir()


@pytest.fixture(scope="session")
def _demo(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, str]]:
    """Database, files and what the command said; nobody writes into these."""
    own, files = connection.settings_dict["NAME"], tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock(), database_of(own, f"{own}_demo"):
        said = demo_load(files)
        connection.close()
        connection.settings_dict["NAME"] = own
        yield f"{own}_demo", files, said


@pytest.fixture
def demo_company(_demo: tuple[str, Path, str], django_db_blocker: Any, settings: Any) -> Iterator[str]:
    """The database is a copy of the demo company's, see tests/demo_company.py; what its command said.

    Named before ``db``, which begins a transaction in the database there is.
    """
    loaded, files, said = _demo
    shutil.copytree(files, settings.MEDIA_ROOT, dirs_exist_ok=True)
    with django_db_blocker.unblock(), database_of(loaded, f"{loaded}_copy"):
        yield said


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [
            "--headless=new",
            "--no-sandbox",
            *("--disable-gpu", "--in-process-gpu"),  # no process more that only copies what is drawn
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--disable-features={','.join(FEATURES_OFF)}",
        ],
    }


@pytest.fixture
def browser_context_args(
    browser_context_args: dict[str, Any], live_server: Any, settings: Any
) -> dict[str, Any]:
    settings.PUBLIC_ADDRESS = live_server.url
    return {
        **browser_context_args,
        "base_url": live_server.url,
        "locale": "nl-NL",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def page(context: Any) -> Iterator[Any]:
    """A page that fails its test on any script error, console error or broken Content-Security-Policy."""
    page = context.new_page()
    complaints: list[str] = []

    def hear(message: Any) -> None:
        # The browser also logs each 4xx and 5xx answer as an error; a test looks at those by itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(f"{message.text} ({page.url})")

    def look(request: Any) -> None:
        if "csrfmiddlewaretoken" in request.url:
            complaints.append(f"a form's secret in an address: {request.url} ({page.url})")

    page.on("console", hear)
    page.on("request", look)
    page.on("pageerror", lambda error: complaints.append(f"{error} ({page.url})"))
    page.set_default_timeout(15_000)
    yield page
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def sign_in(live_server: Any) -> Callable[[Any, Any], None]:
    """`sign_in(page, user)`: the page's browser carries that person's session from now on."""
    from django.test import Client

    def as_person(page: Any, user: Any) -> None:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url, "httpOnly": True}]
        )

    return as_person


@pytest.fixture
def axe() -> Callable[[Any], None]:
    """`axe(page)`: fails with each broken rule of WCAG 2.2 AA on the page as it stands."""
    from tests.axe import axe_check

    return axe_check
