# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data plane as the control plane sees it: clusters, snapshots and where they listen.

A folder of a sandbox holds: ca.pem; clusters/<key>/data (the writer's), reader (a physical standby's, made anew at each
start), log and tls; snapshots/<key>, each a base backup; dataplane.json, what cleanup needs after a crash.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql as pgsql

from .binaries import find_binaries
from .certificates import Authority, write_private
from .errors import DataPlaneError
from .identity import choose_identity
from .scram import scram_verifier
from .servers import (
    ACCESS_RULES,
    SUPERUSER,
    Server,
    Spawner,
    check_port,
    end_processes,
    left_over_postmasters,
    render_settings,
    run_program,
    server_command,
)
from .storage import TreeCopier, folder_name, remove_tree

_STATE_FILE = "dataplane.json"
_SOCKET_PREFIX = "aurora-sandbox-"
# A Unix socket's path may have 107 bytes: "/<number>w/.s.PGSQL.65535.lock" and mkdtemp's eight letters have to fit.
_LONGEST_SOCKET_PARENT = 50
# The folder among the clusters from which new ones are copied; a leading dot can't come out of folder_name.
_TEMPLATE = ".template"
_MAINTENANCE_PORT = 5432
_CATCH_UP_TIMEOUT = 5.0

_RDS_ROLES = """
CREATE ROLE rds_superuser NOLOGIN;
CREATE ROLE rds_replication NOLOGIN;
CREATE ROLE rds_password NOLOGIN;
CREATE ROLE rds_iam NOLOGIN;
GRANT rds_replication, rds_password, rds_iam TO rds_superuser WITH ADMIN OPTION;
GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION;
"""
# Since PostgreSQL 16 this role stands for what RDS allowed its master by a patch before.
_RDS_ROLES_16 = "GRANT pg_create_subscription TO rds_superuser WITH ADMIN OPTION;"


@dataclass(frozen=True)
class Endpoints:
    """The loopback addresses of a cluster; the port is the one it was started with.

    The cluster's two endpoints, and those of its instances: of the one that writes, and of all that only read.
    """

    writer: str
    reader: str
    writer_instance: str
    reader_instance: str

    def of(self, role: str) -> tuple[str, str]:
        """Where the server of that role listens."""
        return (self.writer, self.writer_instance) if role == "writer" else (self.reader, self.reader_instance)


@dataclass(frozen=True)
class ServerStatus:
    """One running PostgreSQL server: role is "writer" or "reader"."""

    key: str
    role: str
    pid: int
    address: str
    port: int


@dataclass
class _Cluster:
    key: str
    folder: Path
    sockets: Path
    endpoints: Endpoints
    # Where it will listen after the next move.
    announced: Endpoints | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    port: int = 0
    writer: Server | None = None
    reader: Server | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def reader_data(self) -> Path:
        return self.folder / "reader"

    def socket_folder(self, role: str) -> Path:
        return self.sockets.with_name(f"{self.sockets.name}{role[0]}")

    def running(self) -> dict[str, Server]:
        """The servers that run, by role."""
        servers = {"reader": self.reader, "writer": self.writer}
        return {role: server for role, server in servers.items() if server is not None and server.is_alive()}


class DataPlane:
    """All clusters and snapshots of one sandbox folder.

    Keys are opaque. Calls for different clusters run side by side, calls for one cluster one after the other. Every
    method raises DataPlaneError with one sentence. Servers end with this process, however it ends; an object must not
    be used in a forked child.
    """

    def __init__(self, directory: Path) -> None:
        """Take a folder that holds no other sandbox's data: makes it, the certificate authority, the socket folder."""
        self._directory = Path(directory).absolute()
        self._binaries = find_binaries()
        _make_directory(self._directory)
        self._identity = choose_identity(self._directory, self._binaries)
        self._authority = Authority(self.ca_path)
        self._copier = TreeCopier(self._identity)
        self._spawner = Spawner()
        self._mutex = threading.Lock()
        self._template_lock = threading.Lock()
        self._clusters: dict[str, _Cluster] = {}
        # The writer's and the reader's endpoint of every cluster name there has been.
        self._names: dict[str, tuple[str, str]] = {}
        self._snapshot_locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._sequence = 0
        self._closed = False
        for name in ("clusters", "snapshots"):
            self._make_folder(self._directory / name)
        self._write(self._directory / "clusters" / "pg_hba.conf", ACCESS_RULES)
        self._write(self._directory / "clusters" / "pg_ident.conf", "")
        self._sockets = Path(tempfile.mkdtemp(prefix=_SOCKET_PREFIX, dir=_socket_parent()))
        self._identity.own(self._sockets)
        state = {"sockets": str(self._sockets)}
        write_private(self._directory / _STATE_FILE, json.dumps(state).encode())

    # Before and after

    @staticmethod
    def preflight(directory: Path) -> None:
        """Make the folder if need be; DataPlaneError when servers could not run with it on this machine."""
        if not sys.platform.startswith("linux"):
            raise DataPlaneError("The sandbox needs Linux, where every address in 127.0.0.0/8 can be listened on.")
        _make_directory(Path(directory).absolute())
        choose_identity(Path(directory).absolute(), find_binaries())

    @staticmethod
    def server_version() -> str:
        """The version of the servers, such as "17.10"."""
        return find_binaries().version

    @staticmethod
    def cleanup(directory: Path) -> None:
        """Stop what a dead sandbox left running and remove the data plane's files; other files stay."""
        directory = Path(directory).absolute()
        end_processes(list(left_over_postmasters(directory)))
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            sockets = Path(json.loads((directory / _STATE_FILE).read_text(encoding="utf-8"))["sockets"])
            # The file may have been edited: only what can be such a folder is removed.
            if sockets.name.startswith(_SOCKET_PREFIX) and sockets.parent in (Path("/tmp"), _socket_parent()):
                remove_tree(sockets)
        for name in ("clusters", "snapshots"):
            remove_tree(directory / name)
        for name in ("ca.pem", _STATE_FILE):
            (directory / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Stop all servers at once and refuse further calls. The data stays: cleanup removes it."""
        with self._mutex:
            self._closed = True
            servers = [server for cluster in self._clusters.values() for server in cluster.running().values()]
        for server in servers:
            server.signal(signal.SIGQUIT)
        for server in servers:
            server.wait_stopped()
        remove_tree(self._sockets)

    @property
    def ca_path(self) -> Path:
        """The certificate of the authority that signed every server's."""
        return self._directory / "ca.pem"

    # Clusters

    def prepare(self) -> None:
        """Do now, in a thread perhaps, what the first create would otherwise take its time for."""
        self._template()

    def create(
        self, key: str, *, master_username: str, master_password: str, database: str, port: int, name: str = ""
    ) -> None:
        """Make a cluster's storage, with its master user and a database that the user owns; start starts it.

        Clusters that have the same name one after the other have the same endpoints.
        """
        verifier = scram_verifier(master_password)
        with self._new_cluster(key, name) as cluster:
            cluster.port = port
            self._copier.copy(self._template(), cluster.data)
            with self._maintenance(cluster) as server:
                master = pgsql.Identifier(master_username)
                _execute(
                    server,
                    [
                        pgsql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {} VALID UNTIL 'infinity'").format(
                            master, pgsql.Literal(verifier)
                        ),
                        pgsql.SQL("GRANT rds_superuser TO {} WITH ADMIN OPTION").format(master),
                        pgsql.SQL("CREATE DATABASE {} OWNER {}").format(pgsql.Identifier(database), master),
                    ],
                )

    def start(self, key: str, port: int) -> Endpoints:
        """Start the cluster's writer and its reader; returns when both accept connections."""
        with self._cluster(key) as cluster:
            if cluster.port == port and len(cluster.running()) == 2:
                return cluster.endpoints
            self._halt(cluster)
            cluster.port = port
            self._evict(cluster)
            for address in vars(cluster.endpoints).values():
                check_port(address, port)
            self._issue_certificate(cluster)
            # A copy of the writer's storage at rest: the standby only has to follow from there.
            self._copier.copy(cluster.data, cluster.reader_data)
            self._write(cluster.reader_data / "standby.signal", "")
            try:
                cluster.writer = self._spawn(cluster, "writer", listen=cluster.endpoints.of("writer"))
                cluster.reader = self._spawn(cluster, "reader", listen=cluster.endpoints.of("reader"))
                cluster.writer.wait_ready()
                cluster.reader.wait_ready()
            except BaseException:
                self._halt(cluster)
                raise
            return cluster.endpoints

    def addresses(self, key: str) -> Endpoints:
        """Where the cluster listens, or will listen once started or moved."""
        cluster = self._find(key)
        return cluster.announced or cluster.endpoints

    def stop(self, key: str) -> None:
        """Stop the cluster's servers, if they run; its data and addresses stay."""
        with self._cluster(key) as cluster:
            self._halt(cluster)

    def delete(self, key: str) -> None:
        """Stop the cluster's servers and free its disk; nothing happens when there is no such cluster."""
        with contextlib.suppress(_NoSuchCluster), self._cluster(key) as cluster:
            self._halt(cluster)
            self._forget(cluster)

    def readdress(self, key: str, *roles: str, name: str = "") -> Endpoints:
        """Choose new addresses for these fields of Endpoints; until ``move`` the cluster stays where it is."""
        cluster, new = self._find(key), self._new_endpoints(name)
        cluster.announced = replace(self.addresses(key), **{role: getattr(new, role) for role in roles})
        return cluster.announced

    def move(self, key: str) -> None:
        """Go where ``readdress`` said; the old addresses go dead. A running cluster is restarted on its port."""
        with self._cluster(key) as cluster:
            if cluster.announced is None:
                return
            was_running = bool(cluster.running())
            self._halt(cluster)
            cluster.endpoints, cluster.announced = cluster.announced, None
            if was_running:
                self.start(key, cluster.port)

    def _evict(self, cluster: _Cluster) -> None:
        """A cluster that had the name before, and is still where it was, moves."""
        with self._mutex:
            others = [item for item in self._clusters.values() if item is not cluster and item.announced]
        for other in others:
            if other.endpoints.writer == cluster.endpoints.writer:
                self.move(other.key)

    def set_master_password(self, key: str, username: str, password: str) -> None:
        """Set the password, and give back what was revoked, whether the cluster runs or not."""
        master = pgsql.Identifier(username)
        alter = "ALTER ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {} VALID UNTIL 'infinity'"
        statements = [
            pgsql.SQL(alter).format(master, pgsql.Literal(scram_verifier(password))),
            pgsql.SQL("GRANT rds_superuser TO {} WITH ADMIN OPTION").format(master),
        ]
        with self._cluster(key) as cluster:
            if cluster.writer is not None and cluster.writer.is_alive():
                _execute(cluster.writer, statements)
                _let_reader_catch_up(cluster.writer, cluster.reader)
            else:
                with self._maintenance(cluster) as server:
                    _execute(server, statements)

    def sql(self, key: str, sql: str, database: str, user: str | None = None) -> list[tuple[Any, ...]]:
        """Run SQL on the running writer as the sandbox's superuser, or with the user's rights; rows of the last result.

        Autocommit: several statements in one text are one transaction. The reader has caught up on return.
        """
        with self._cluster(key) as cluster:
            writer, reader = cluster.writer, cluster.reader
        if writer is None or not writer.is_alive():
            raise DataPlaneError(f"The database server of {key} does not run.")
        statements: list[pgsql.Composable] = [pgsql.SQL(sql)]
        if user is not None:
            statements.insert(0, pgsql.SQL("SET SESSION AUTHORIZATION {}").format(pgsql.Identifier(user)))
        # Without the cluster's lock: a statement that waits for another session must not keep it from being deleted.
        rows = _execute(writer, statements, database)
        _let_reader_catch_up(writer, reader)
        return rows

    def is_running(self, key: str) -> bool:
        """Whether the cluster's writer runs; False for a cluster that is not there."""
        cluster = self._clusters.get(key)
        return cluster is not None and "writer" in cluster.running()

    def servers(self) -> list[ServerStatus]:
        """Every server that runs, for people to look at."""
        with self._mutex:
            clusters = list(self._clusters.values())
        return [
            ServerStatus(cluster.key, role, server.pid, getattr(cluster.endpoints, role), cluster.port)
            for cluster in clusters
            for role, server in sorted(cluster.running().items(), reverse=True)
        ]

    # Snapshots

    def snapshot(self, key: str, snapshot_key: str) -> None:
        """Take a snapshot: a base backup of the running writer, or a copy of storage at rest."""
        with self._new_snapshot(snapshot_key) as path, self._cluster(key) as cluster:
            if cluster.writer is not None and cluster.writer.is_alive():
                self._base_backup(cluster, path)
            else:
                self._copier.copy(cluster.data, path)

    def copy_snapshot(self, source: str, destination: str, *, link: bool = False) -> None:
        """Copy a snapshot under another key.

        :param link: at once: both are the same files. Snapshots are never written to.
        """
        # In one order whatever the direction, so that two copies never wait for each other.
        with contextlib.ExitStack() as locks:
            for key in sorted({source, destination}):
                locks.enter_context(self._snapshot_lock(key))
            with self._new_snapshot(destination) as path:
                self._copier.copy(self._snapshot_path(source), path, link=link)

    def delete_snapshot(self, snapshot_key: str) -> None:
        """Free a snapshot's disk; nothing happens when there is no such snapshot."""
        with self._snapshot_lock(snapshot_key):
            remove_tree(self._directory / "snapshots" / folder_name(snapshot_key))

    def has_snapshot(self, snapshot_key: str) -> bool:
        """Whether there is a snapshot under this key."""
        return (self._directory / "snapshots" / folder_name(snapshot_key)).is_dir()

    def restore(self, snapshot_key: str, key: str, name: str = "") -> None:
        """Make a cluster's storage from a snapshot; start starts it."""
        with self._snapshot_lock(snapshot_key), self._new_cluster(key, name) as cluster:
            self._copier.copy(self._snapshot_path(snapshot_key), cluster.data)

    # Parts of the above

    def _find(self, key: str) -> _Cluster:
        with self._mutex:
            if self._closed:
                raise DataPlaneError("The sandbox's data plane is closed.")
            cluster = self._clusters.get(key)
        if cluster is None:
            raise _NoSuchCluster(f"There is no database storage for {key}.")
        return cluster

    @contextlib.contextmanager
    def _cluster(self, key: str) -> Iterator[_Cluster]:
        """The cluster, for this thread alone."""
        with self._find(key).lock:
            # It may have been deleted, and even made anew, while this thread waited.
            yield self._find(key)

    @contextlib.contextmanager
    def _new_cluster(self, key: str, name: str) -> Iterator[_Cluster]:
        """A cluster that is there afterwards, unless the block fails."""
        endpoints = self._new_endpoints(name)
        with self._mutex:
            if self._closed:
                raise DataPlaneError("The sandbox's data plane is closed.")
            if key in self._clusters:
                raise DataPlaneError(f"There is already database storage for {key}.")
            folder = self._directory / "clusters" / folder_name(key)
            cluster = _Cluster(key, folder, self._next_sockets(), endpoints, port=_MAINTENANCE_PORT)
            self._clusters[key] = cluster
            cluster.lock.acquire()
        try:
            self._make_cluster_folders(cluster)
            yield cluster
        except BaseException:
            self._halt(cluster)
            self._forget(cluster)
            raise
        finally:
            cluster.lock.release()

    def _make_cluster_folders(self, cluster: _Cluster) -> None:
        for folder in (cluster.folder, cluster.folder / "log", cluster.folder / "tls"):
            self._make_folder(folder)

    def _forget(self, cluster: _Cluster) -> None:
        with self._mutex:
            self._clusters.pop(cluster.key, None)
        for role in ("writer", "reader"):
            remove_tree(cluster.socket_folder(role))
        remove_tree(cluster.folder)

    def _next_sockets(self) -> Path:
        self._sequence += 1
        return self._sockets / str(self._sequence)

    def _new_endpoints(self, name: str) -> Endpoints:
        """Addresses by chance out of 14 million, so that sandboxes side by side don't meet; a name keeps its own."""
        with self._mutex:
            known = [item for cluster in self._clusters.values() for item in (cluster.endpoints, cluster.announced)]
            used = {address for endpoints in known if endpoints for address in vars(endpoints).values()}
            used.update(*self._names.values())
            addresses: list[str] = []
            while len(addresses) < len(fields(Endpoints)):
                second, third, fourth = 16 + secrets.randbelow(224), secrets.randbelow(256), 1 + secrets.randbelow(254)
                address = f"127.{second}.{third}.{fourth}"
                if address not in used and address not in addresses:
                    addresses.append(address)
            writer, reader, *instances = addresses
            if name:
                writer, reader = self._names.setdefault(name, (writer, reader))
        return Endpoints(writer, reader, *instances)

    def _issue_certificate(self, cluster: _Cluster) -> None:
        certificate, key = cluster.folder / "tls" / "server.crt", cluster.folder / "tls" / "server.key"
        self._authority.issue(certificate, key, list(vars(cluster.endpoints).values()))
        self._identity.own(certificate)
        self._identity.own(key)

    def _template(self) -> Path:
        """The storage that new clusters are copied from; initdb takes longer than all the rest."""
        folder = self._directory / "clusters" / _TEMPLATE
        done = folder / "data"
        with self._template_lock:
            if done.is_dir():
                return done
            remove_tree(folder)
            endpoints = Endpoints("", "", "", "")
            cluster = _Cluster(_TEMPLATE, folder / "work", self._next_sockets(), endpoints, port=_MAINTENANCE_PORT)
            self._make_folder(folder)
            self._make_cluster_folders(cluster)
            self._initialise(cluster.data)
            with self._maintenance(cluster) as server:
                _execute(server, [pgsql.SQL(_RDS_ROLES)])
                if self._binaries.major >= 16:
                    _execute(server, [pgsql.SQL(_RDS_ROLES_16)])
            # Its appearance says that it is complete.
            cluster.data.rename(done)
            self._forget(cluster)
            return done

    def _initialise(self, data: Path) -> None:
        locale = ["--locale=C"]
        if self._binaries.major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._program(
            "initdb",
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            "--auth=reject",
            "--encoding=UTF8",
            *locale,
            # Full-size segments would make most of every small snapshot.
            "--wal-segsize=1",
            "--no-sync",
            "--no-instructions",
        )

    def _base_backup(self, cluster: _Cluster, path: Path) -> None:
        partial = path.with_name(f".{path.name}.partial")
        remove_tree(partial)
        try:
            self._program(
                "pg_basebackup",
                f"--host={cluster.socket_folder('writer')}",
                f"--port={cluster.port}",
                f"--username={SUPERUSER}",
                f"--pgdata={partial}",
                "--checkpoint=fast",
                "--wal-method=stream",
                "--no-sync",
                "--no-manifest",
            )
            partial.rename(path)
        except BaseException:
            remove_tree(partial)
            raise

    def _spawn(self, cluster: _Cluster, role: str, *, listen: Sequence[str]) -> Server:
        data = cluster.data if role == "writer" else cluster.reader_data
        sockets = cluster.socket_folder(role)
        # Nothing of a killed predecessor may stop this one: its process id may be somebody else's by now.
        remove_tree(sockets)
        (data / "postmaster.pid").unlink(missing_ok=True)
        self._make_folder(sockets)
        config = cluster.folder / f"{role}.conf"
        self._write(config, render_settings(self._settings(cluster, role, listen)))
        log = cluster.folder / "log" / ("postgresql.log" if role == "writer" else "postgresql-reader.log")
        command = server_command(self._binaries, self._identity, data, config)
        with self._mutex:
            if self._closed:
                raise DataPlaneError("The sandbox's data plane is closed.")
            return Server(self._spawner, command, socket_folder=sockets, port=cluster.port, log=log)

    def _settings(self, cluster: _Cluster, role: str, listen: Sequence[str]) -> dict[str, str]:
        clusters, tls = self._directory / "clusters", cluster.folder / "tls"
        settings = {
            "listen_addresses": ",".join(listen),
            "port": str(cluster.port),
            "unix_socket_directories": str(cluster.socket_folder(role)),
            "hba_file": str(clusters / "pg_hba.conf"),
            "ident_file": str(clusters / "pg_ident.conf"),
        }
        if listen:
            settings |= {
                "ssl": "on",
                "ssl_cert_file": str(tls / "server.crt"),
                "ssl_key_file": str(tls / "server.key"),
            }
        if role == "reader":
            writer = cluster.socket_folder("writer")
            settings["primary_conninfo"] = f"host={writer} port={cluster.port} user={SUPERUSER} application_name=reader"
        return settings

    @contextlib.contextmanager
    def _maintenance(self, cluster: _Cluster) -> Iterator[Server]:
        """The cluster's server, reachable for the sandbox alone."""
        cluster.writer = self._spawn(cluster, "writer", listen=())
        try:
            cluster.writer.wait_ready()
            yield cluster.writer
        finally:
            self._halt(cluster)

    def _halt(self, cluster: _Cluster) -> None:
        """Stop both servers; the standby first, so that its end is not an error to it."""
        servers = cluster.running().values()
        for server in servers:
            server.signal(signal.SIGINT)
        for server in servers:
            server.wait_stopped()
        cluster.writer = cluster.reader = None
        remove_tree(cluster.reader_data)

    @contextlib.contextmanager
    def _new_snapshot(self, snapshot_key: str) -> Iterator[Path]:
        with self._snapshot_lock(snapshot_key):
            path = self._directory / "snapshots" / folder_name(snapshot_key)
            if path.exists():
                raise DataPlaneError(f"There is already a stored snapshot {snapshot_key}.")
            yield path

    def _snapshot_lock(self, snapshot_key: str) -> threading.RLock:
        with self._mutex:
            if self._closed:
                raise DataPlaneError("The sandbox's data plane is closed.")
            return self._snapshot_locks[snapshot_key]

    def _snapshot_path(self, snapshot_key: str) -> Path:
        path = self._directory / "snapshots" / folder_name(snapshot_key)
        if not path.is_dir():
            raise DataPlaneError(f"There is no stored snapshot {snapshot_key}.")
        return path

    def _program(self, program: str, *arguments: str) -> None:
        run_program(self._binaries, self._identity, program, *arguments)

    def _make_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        self._identity.own(path)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        self._identity.own(path)


class _NoSuchCluster(DataPlaneError):
    """The key names no cluster."""


def _execute(
    server: Server, statements: Sequence[pgsql.Composable], database: str = "postgres"
) -> list[tuple[Any, ...]]:
    """Run the statements in one session; rows of the last one, none if it returns none."""
    try:
        with contextlib.closing(server.connect(database)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    except psycopg2.Error as error:
        said = str(error).strip() or type(error).__name__
        raise DataPlaneError(f"PostgreSQL refused a statement: {said.splitlines()[0]}") from error


def _let_reader_catch_up(writer: Server, reader: Server | None) -> None:
    if reader is None:
        return
    target = _execute(writer, [pgsql.SQL("SELECT pg_current_wal_lsn()::text")])[0][0]
    behind = pgsql.SQL("SELECT pg_last_wal_replay_lsn() < {}::pg_lsn").format(pgsql.Literal(target))
    deadline = time.monotonic() + _CATCH_UP_TIMEOUT
    # A reader that is gone or slow is no reason to fail: Aurora's readers lag too.
    with contextlib.suppress(DataPlaneError):
        while _execute(reader, [behind])[0][0] and time.monotonic() < deadline:
            time.sleep(0.005)


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataPlaneError(f"The sandbox's folder {directory} cannot be made: {error.strerror}.") from error


def _socket_parent() -> Path:
    """A folder for sockets whose path is short; the sandbox's own may be too deep."""
    parent = Path(tempfile.gettempdir())
    return parent if len(str(parent).encode()) <= _LONGEST_SOCKET_PARENT else Path("/tmp")
