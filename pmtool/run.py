"""`make run`: servers, migrations, the demo company, then web, worker and beat until told to stop.

Children end with their parent, kill -9 included: the kernel tells them (Linux). The servers are stopped last,
by their guardians, when nobody uses them any more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import NoReturn

READY_SECONDS = 120
STOP_SECONDS = 30
MANAGE = [sys.executable, "manage.py"]
CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "pmtool"]


class Stop(Exception):
    """Asked to end, by a signal."""


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmtool.settings.dev")
    host, port = os.environ.get("HOST", "127.0.0.1"), _port()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _stop)

    from pmtool.servers import end_with_parent

    # Killing `make` ends this process, and so everything.
    end_with_parent(signal.SIGTERM)()
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        _prepare()
        children["web"] = _start(_web(host, port))
        children["worker"] = _start(
            [
                *(*CELERY, "worker", "--concurrency", "2", "--queues", "night,exports,short"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"),
            ],
            REMAP_SIGTERM="SIGQUIT",
        )
        children["beat"] = _start([*CELERY, "beat", "--pidfile", "", "--loglevel", "WARNING"])
        _wait_ready(host, port, children)
        print(
            f"\npmtool is ready: http://{'localhost' if host == '127.0.0.1' else host}:{port}/\n", flush=True
        )
        _say_who()
        print("\nCtrl-C stops everything.", flush=True)
        _watch(children)
    except Stop:
        return 0
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd[1:])} failed.", file=sys.stderr)
        return 1
    finally:
        _end(children)
        _let_servers_go()


def _port() -> int:
    value = os.environ.get("PORT", "").strip() or "8000"
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        sys.exit(f"PORT must be a number from 1 to 65535, not {value!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("HOST", "127.0.0.1"), int(value)))
        except OSError as error:
            sys.exit(f"Port {value} cannot be used ({error.strerror}). Choose another: PORT=8001 make run")
    return int(value)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    # Once is enough: the end takes its time, and a second Ctrl-C must not leave it half done.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    raise Stop(signal.Signals(number).name)


def _prepare() -> None:
    """Servers up, database up to date, the demo company there the first time."""
    import django

    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from pmtool.postgres.base import start_embedded_servers

    start_embedded_servers()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Preparing the database …", flush=True)
        _run([*MANAGE, "migrate", "--verbosity", "0"])

    from accounts.models import User

    # Only where nobody was ever let in: never into somebody's own data.
    if not User.objects.exists() and os.environ.get("DEMO", "1") != "0":
        print("Loading the demo company …", flush=True)
        _run([*MANAGE, "demo"])
    connection.close()


def _say_who() -> None:
    """One sign-in per role of the demo company; or how the first person gets in."""
    from django.core.management import call_command

    from accounts.models import User

    if User.objects.exists():
        call_command("demo", "--sign-ins")
    else:
        print('Nobody can sign in yet: .venv/bin/python manage.py invite_administrator E-MAIL "NAME"')


def _web(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "pmtool.wsgi", "--bind", f"{host}:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"),
        *("--preload", "--log-level", "warning"),
    ]


def _run(command: list[str]) -> None:
    """Run to its end, or end it with us."""
    child = _start(command)
    try:
        if code := child.wait():
            raise subprocess.CalledProcessError(code, command)
    finally:
        _end({"command": child})


def _start(command: list[str], **environment: str) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C in the terminal reaches only us, who end the others in order."""
    from pmtool.servers import end_with_parent

    return subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent(signal.SIGTERM),
    )


def _wait_ready(host: str, port: int, children: dict[str, subprocess.Popen[bytes]]) -> None:
    give_up = time.monotonic() + READY_SECONDS
    address = f"http://{host}:{port}/account/login/"
    while time.monotonic() < give_up:
        _check(children)
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(address, timeout=20).close()
            return
        time.sleep(0.1)
    sys.exit(f"The web server did not answer within {READY_SECONDS} s.")


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> NoReturn:
    while True:
        _check(children)
        time.sleep(0.5)


def _check(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            sys.exit(f"The {name} process ended (code {child.returncode}); stopping the others.")


def _end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask, wait, insist."""
    for child in children.values():
        child.terminate()
    give_up = time.monotonic() + STOP_SECONDS
    for child in children.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0, give_up - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # with whatever it started
        child.wait()


def _let_servers_go() -> None:
    """Return when they are gone, or soon if another command still uses them."""
    from django.conf import settings

    for server in settings.EMBEDDED_SERVERS:
        server.release()
    for server in settings.EMBEDDED_SERVERS:
        server.wait_stopped(seconds=10)


if __name__ == "__main__":
    sys.exit(main())
