"""The embedded servers: started once, stopped with their last user, however that one ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pmtool.servers import Postgres, Server, Valkey

HOLDER = """
import sys
import time
from pathlib import Path
from pmtool.servers import Postgres, Valkey
server = {"postgres": Postgres, "valkey": Valkey}[sys.argv[1]](Path(sys.argv[2]), durable=False)
server.start()
print("ready", flush=True)
sys.stdin.read()
"""
ROOT = Path(__file__).parent.parent.parent


def holder(server: Server) -> subprocess.Popen[str]:
    """A process that uses the server until its standard input closes."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, server.name, str(server.folder.parent)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def left(var: Path) -> list[str]:
    """What still runs after a moment: a process may be listed briefly after its locks are gone."""
    give_up = time.monotonic() + 3
    while (found := processes(var)) and time.monotonic() < give_up:
        time.sleep(0.05)
    return found


def processes(var: Path) -> list[str]:
    """Command lines of whatever still runs for this folder."""
    lines = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return [" ".join(line) for line in lines if str(var) in " ".join(line) and HOLDER not in line]


@pytest.fixture(params=[Postgres, Valkey], ids=["postgres", "valkey"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    return request.param(tmp_path / "a folder with 'spaces'", durable=False)


def test_five_at_once_share_one_server_and_the_last_one_stops_it(server: Server) -> None:
    holders = [holder(server) for _ in range(5)]
    for process in holders:
        ready(process)
    guardians = [line for line in processes(server.folder.parent) if "servers.py" in line]
    assert len(guardians) == 1
    for process in holders[:4]:
        process.communicate()
    assert server.alive()
    holders[4].communicate()
    assert server.wait_stopped()
    assert not server.alive()
    assert left(server.folder.parent) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_a_holder_that_is_killed_leaves_nothing(server: Server, how: signal.Signals) -> None:
    process = holder(server)
    ready(process)
    process.send_signal(how)
    process.communicate()
    assert server.wait_stopped()
    assert left(server.folder.parent) == []


def test_it_starts_again_after_its_own_death(server: Server) -> None:
    process = holder(server)
    ready(process)
    guardian = next(
        found
        for found in psutil.process_iter(["cmdline"])
        if str(server.folder.parent) in (found.info["cmdline"] or []) and found.pid != process.pid
    )
    guardian.kill()
    assert server.wait_stopped()
    server.start()
    assert server.alive()
    process.communicate()
    server.release()
    assert server.wait_stopped()


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    server = Valkey(tmp_path / ("long" * 30), durable=False)
    assert len(str(server.socket)) < 107
    server.start()
    assert server.alive()
    assert server.sockets.stat().st_mode & 0o077 == 0
    server.release()
    assert server.wait_stopped()


def test_a_socket_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    server = Valkey(tmp_path, durable=False)
    server.sockets.mkdir(parents=True, mode=0o755)
    with pytest.raises(Exception, match="must belong to this user alone"):
        server.start()
    server.release()


def test_postgres_keeps_its_data_and_listens_on_no_port(tmp_path: Path) -> None:
    import psycopg2

    server = Postgres(tmp_path, durable=False)
    for expected in (0, 1):
        server.start()
        with psycopg2.connect(host=str(server.sockets), user="pmtool", dbname="pmtool") as connection:
            cursor = connection.cursor()
            cursor.execute("SHOW listen_addresses")
            assert cursor.fetchone() == ("",)
            cursor.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'")
            assert cursor.fetchone() == (expected,)
            cursor.execute("CREATE TABLE IF NOT EXISTS kept ()")
        connection.close()
        server.release()
        assert server.wait_stopped()


def test_valkey_never_evicts_and_writes_what_it_is_told(tmp_path: Path) -> None:
    import redis

    server = Valkey(tmp_path, durable=False)
    for expected in (None, b"kept"):
        server.start()
        client = redis.Redis.from_url(server.url(3))
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.get("key") == expected
        client.set("key", "kept")
        client.close()
        server.release()
        assert server.wait_stopped()
