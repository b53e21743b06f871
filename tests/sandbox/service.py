# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's process: data plane, moto, gateway and HTTP server, and the end of them all."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.dataplane import DataPlane, DataPlaneError
from sandbox.durations import Durations
from sandbox.errors import SandboxError
from sandbox.world.names import ACCOUNT, TARGET_REGION

log = logging.getLogger("sandbox")

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """
    :param port: 0 for any free one; None for the default one, or any free one if that is taken.
    """

    dir: Path
    port: int | None = None
    durations: Durations = field(default_factory=Durations)


DEFAULT_PORT = 4566


def listen(port: int | None) -> socket.socket:
    """A socket that listens on the loopback address.

    :raises SandboxError: the port is in use.
    """
    reason: str | None = None
    for candidate in (DEFAULT_PORT, 0) if port is None else (port,):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
        except OSError as error:
            listener.close()
            reason = error.strerror
            continue
        listener.listen(128)
        return listener
    raise SandboxError(f"Port {port} can't be used ({reason}): choose another one with --port, or leave it out.")


class Service:
    """One sandbox. ``start`` returns when its world is there."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.info: dict[str, Any] = {}
        self._ended = threading.Event()

    def start(self) -> None:
        """
        :raises SandboxError, DataPlaneError: one sentence on why not.
        """
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        warnings.simplefilter("ignore")
        listener = listen(self.settings.port)
        self._data = DataPlane(self.settings.dir)
        # While moto is being loaded; if it fails, so does the first cluster, and says why.
        threading.Thread(target=self._prepare, name="prepare", daemon=True).start()
        self._begin_serving(listener)
        self._make_world()

    def _prepare(self) -> None:
        with contextlib.suppress(DataPlaneError):
            self._data.prepare()

    def _begin_serving(self, listener: socket.socket) -> None:
        # Late: moto takes its time to load, and a port in use is to be told at once.
        from sandbox import kms, sns
        from sandbox.gateway.application import Gateway
        from sandbox.gateway.identity import make_operator
        from sandbox.gateway.journal import Journal
        from sandbox.gateway.server import Server, moto_application, regions
        from sandbox.rds.engines import Engines, major
        from sandbox.rds.install import install
        from sandbox.rds.runtime import Runtime
        from sandbox.scheduler import Scheduler
        from sandbox.views import clusters_view

        lock = threading.RLock()
        self._scheduler = Scheduler(lock)
        engines = Engines(major(DataPlane.server_version()))
        self.runtime = runtime = Runtime(lock, self._scheduler, self._data, engines, Durations.none())
        kms.install()
        sns.install()
        install(runtime)
        self._scheduler.start()
        self.journal = Journal(self.settings.dir / "calls.jsonl")
        self._keys = make_operator(ACCOUNT)
        views = {"clusters": lambda: clusters_view(runtime)}
        gateway = Gateway(moto_application(), self.journal, views, regions())
        self._server = Server(listener, gateway)
        self._server.start()

    def _make_world(self) -> None:
        from sandbox.world.seed import Clients, make_world

        url = f"http://{HOST}:{self._server.port}"
        world = make_world(Clients(url, *self._keys), self.runtime)
        self.runtime.durations = self.settings.durations
        self.journal.open()
        access_key, secret_key = self._keys
        self.info = {
            "endpoint_url": url,
            "pid": os.getpid(),
            "dir": str(self.settings.dir),
            "ca_cert": str(self._data.ca_path),
            "credentials": {"access_key": access_key, "secret_key": secret_key},
            "account_id": ACCOUNT,
            "environment": {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": access_key,
                "AWS_SECRET_ACCESS_KEY": secret_key,
                "AWS_DEFAULT_REGION": TARGET_REGION,
            },
            "journal": str(self.journal.path),
            "world": world.public(),
        }

    def stop(self) -> None:
        """End the server, what is under way, and all databases. What start did not get to is left out."""
        for part, end in (("_server", "stop"), ("_scheduler", "stop"), ("_data", "close")):
            if hasattr(self, part):
                getattr(getattr(self, part), end)()

    def write_info(self) -> None:
        """Tell the world that the sandbox is ready."""
        path = self.settings.dir / "endpoint.json"
        partial = path.with_suffix(".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.info, file, indent=2)
            file.write("\n")
        partial.rename(path)


def serve(settings: Settings) -> None:
    """Run a sandbox until SIGTERM or SIGINT.

    :raises SandboxError: it can't be started.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for noisy in ("botocore", "boto3", "urllib3", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    service = Service(settings)
    try:
        service.start()
        service.write_info()
        log.info("ready at %s", service.info["endpoint_url"])
        ended.wait()
        log.info("ending")
    except DataPlaneError as error:
        raise SandboxError(str(error)) from error
    finally:
        service.stop()
