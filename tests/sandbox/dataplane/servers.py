# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One PostgreSQL server process: its configuration, its start, its end."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psycopg2

from .binaries import Binaries
from .errors import DataPlaneError
from .identity import Identity, environment

#: The sandbox's own superuser, named as RDS names its own; it can log in over the Unix socket only.
SUPERUSER = "rdsadmin"

# The socket's folder belongs to the sandbox's user alone, so the socket needs no password.
ACCESS_RULES = f"""\
local   all          {SUPERUSER}                trust
local   replication  {SUPERUSER}                trust
hostssl all          {SUPERUSER}  all           reject
hostssl all          all        all           scram-sha-256
"""

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 20.0

_SETTINGS: dict[str, str] = {
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "huge_pages": "off",
    # Files of the data directory, so that a killed server leaves nothing in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    # A server that dies with its machine is not needed again.
    "fsync": "off",
    "wal_level": "replica",
    "max_wal_senders": "8",
    "max_wal_size": "64MB",
    "min_wal_size": "4MB",
    # Enough for a base backup and for the reader to catch up from.
    "wal_keep_size": "48MB",
    "hot_standby": "on",
    "hot_standby_feedback": "on",
    "wal_retrieve_retry_interval": "100ms",
    # A restored subscription must not start to pull from its publisher.
    "max_logical_replication_workers": "0",
    "ssl_min_protocol_version": "TLSv1.2",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "ddl",
    # As RDS prefixes them.
    "log_line_prefix": "%t:%r:%u@%d:[%p]:",
}


def _quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def render_settings(extra: Mapping[str, str]) -> str:
    """A configuration file with the sandbox's settings and these."""
    return "".join(f"{name} = {_quote(value)}\n" for name, value in (_SETTINGS | dict(extra)).items())


def connect(socket_folder: Path, port: int, database: str) -> Any:
    """A connection as the sandbox's superuser, in autocommit."""
    connection = psycopg2.connect(
        host=str(socket_folder),
        port=port,
        dbname=database,
        user=SUPERUSER,
        application_name="sandbox",
        gssencmode="disable",
        # Given, so that the operator's PGOPTIONS and PGTARGETSESSIONATTRS have no say.
        options="-c client_min_messages=warning",
        target_session_attrs="any",
    )
    connection.autocommit = True
    return connection


def check_port(address: str, port: int) -> None:
    """DataPlaneError unless a server could listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
            trial.listen(1)
        except PermissionError as error:
            raise DataPlaneError(
                f"This user may not listen on port {port}: give the cluster one above 1023."
            ) from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise DataPlaneError(f"Nothing can listen on {address} port {port}: {error.strerror}.") from error
            raise DataPlaneError(
                f"Port {port} is taken on {address}, probably by a program that listens on all addresses: stop that "
                "program or give the cluster another port."
            ) from error


class Spawner:
    """Starts server processes from one thread that lives as long as this process.

    The kernel sends a child its parent-death signal when the thread that started it ends, not the process; so a
    short-lived thread would take its servers with it.
    """

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[list[str], Path, Future[subprocess.Popen[bytes]]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def spawn(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a process that writes to the log and dies with this process."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="postgres-spawner", daemon=True)
                self._thread.start()
        future: Future[subprocess.Popen[bytes]] = Future()
        self._requests.put((command, log, future))
        return future.result()

    def _serve(self) -> None:
        while True:
            command, log, future = self._requests.get()
            try:
                future.set_result(self._start(command, log))
            except BaseException as error:  # the thread must live on, and the caller must hear of it
                future.set_exception(error)

    @staticmethod
    def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=environment(),
                # Ctrl-C in the sandbox's terminal is not for PostgreSQL.
                start_new_session=True,
            )


class Server:
    """A server process on one data directory."""

    def __init__(self, spawner: Spawner, command: list[str], *, socket_folder: Path, port: int, log: Path) -> None:
        """Start the process; wait_ready tells when it accepts connections."""
        self._socket_folder = socket_folder
        self._port = port
        self._log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        self._process = spawner.spawn(command, log)

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self._process.pid

    def connect(self, database: str) -> Any:
        """A connection over the Unix socket as the sandbox's superuser, in autocommit."""
        return connect(self._socket_folder, self._port, database)

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Return when the server accepts connections; DataPlaneError when it ends first or takes too long."""
        deadline = time.monotonic() + _START_TIMEOUT
        own_socket = self._socket_folder / f".s.PGSQL.{self._port}"
        while self.is_alive():
            # Before the socket exists, asking would only cost time.
            if own_socket.exists():
                with contextlib.suppress(psycopg2.OperationalError):
                    self.connect("postgres").close()
                    return
            if time.monotonic() > deadline:
                raise DataPlaneError(f"PostgreSQL did not become ready in {_START_TIMEOUT:g} s: {self._last_words()}")
            time.sleep(0.01)
        raise DataPlaneError(f"PostgreSQL did not start: {self._last_words()}")

    def _last_words(self) -> str:
        with self._log.open("rb") as file:
            file.seek(self._log_start)
            lines = file.read().decode(errors="replace").splitlines()
        telling = [line for line in lines if "FATAL:" in line or "PANIC:" in line or line.startswith("cannot ")]
        return (telling or lines or ["it wrote nothing to its log"])[-1].strip()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if the process still runs."""
        if self.is_alive():
            self._process.send_signal(number)

    def wait_stopped(self) -> None:
        """Wait for the end of a process that was told to stop, and insist when it takes too long."""
        for insist in (signal.SIGQUIT, signal.SIGKILL):
            try:
                self._process.wait(_STOP_TIMEOUT)
                return
            except subprocess.TimeoutExpired:
                self.signal(insist)
        self._process.wait()

    def stop(self) -> None:
        """A fast shutdown: sessions are ended, data is written."""
        self.signal(signal.SIGINT)
        self.wait_stopped()


def server_command(binaries: Binaries, identity: Identity, data: Path, config: Path) -> list[str]:
    """The command of a server."""
    return identity.command(binaries.path("postgres"), "-D", str(data), "-c", f"config_file={config}")


def run_program(binaries: Binaries, identity: Identity, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs to its end; DataPlaneError with what it said when it fails."""
    command = identity.command(binaries.path(program), *arguments)
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), cwd="/")
    if result.returncode != 0:
        said = [line for line in (result.stderr or result.stdout).splitlines() if line.strip()]
        telling = [line for line in said if "error:" in line or "FATAL:" in line] or said[-1:]
        raise DataPlaneError(f"{program} failed: {telling[0].strip() if telling else f'exit {result.returncode}'}")


def left_over_postmasters(directory: Path) -> Iterator[int]:
    """Process ids of servers that run on a data directory below this folder."""
    # A cluster's folder has the data directories of its writer and its reader, one deeper where it is the template's.
    for pid_file in [*directory.glob("clusters/*/*/postmaster.pid"), *directory.glob("clusters/*/*/*/postmaster.pid")]:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().splitlines()[0])
            # A postmaster works in its data directory: the number alone could have gone to another process.
            if Path(os.readlink(f"/proc/{pid}/cwd")) == pid_file.parent.resolve():
                yield pid


def _runs(pid: int) -> bool:
    """Whether the process runs; one that ended and was not yet asked for its exit code does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in "ZX"


def end_processes(pids: list[int]) -> None:
    """Stop servers that are not children of this process."""
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + _STOP_TIMEOUT / 2
        while (pids := [pid for pid in pids if _runs(pid)]) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not pids:
            return
