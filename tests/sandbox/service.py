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
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import quick
from sandbox.dataplane import DataPlane, DataPlaneError
from sandbox.durations import Durations
from sandbox.errors import SandboxError, in_words, is_disk_full
from sandbox.scenario import Scenario

if TYPE_CHECKING:
    from sandbox.world.made import Made

log = logging.getLogger("sandbox")

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """
    :param port: 0 for any free one; None for the default one, or any free one if that is taken.
    """

    dir: Path
    port: int | None = None
    scenario: Scenario = field(default_factory=Scenario)


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
        # Ids and ARNs of what the world consists of, by account/region/kind/name.
        self.made: dict[str, str] = {}
        self.ended = threading.Event()
        self.failure: str | None = None

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
        quick.load_moto()
        from sandbox import kms, log_groups, logs, secretsmanager, sns, stricter, subscriptions
        from sandbox.cloudformation.install import install as install_cloudformation
        from sandbox.faults import Faults
        from sandbox.gateway.application import Gateway
        from sandbox.gateway.journal import Journal
        from sandbox.gateway.server import Server, moto_application, regions
        from sandbox.iam import install as iam
        from sandbox.iam.authorizer import Authorizer
        from sandbox.rds.engines import Engines, major
        from sandbox.rds.install import install
        from sandbox.rds.runtime import Runtime
        from sandbox.scheduler import Scheduler
        from sandbox.views import clusters_view, events_view

        lock = threading.RLock()
        self._scheduler = Scheduler(lock, on_error=self._mind_the_disk)
        engines = Engines(major(DataPlane.server_version()), self.settings.scenario.world.versions)
        scenario = self.settings.scenario
        faults = Faults(scenario.faults, scenario.seed, self._scheduler.clock)
        self.runtime = runtime = Runtime(
            lock, self._scheduler, self._data, engines, Durations.none(), scenario.limits, faults
        )
        kms.install()
        sns.install()
        subscriptions.install()
        logs.install()
        log_groups.install()
        secretsmanager.install()
        stricter.install()
        iam.install()
        install(runtime)
        self._scheduler.start()
        self.journal = Journal(self.settings.dir / "calls.jsonl")
        views = {
            "clusters": lambda: clusters_view(runtime),
            "events": lambda: events_view(runtime),
            "made": lambda: self.made,
        }
        self._authorizer = Authorizer(enabled=scenario.iam)
        # Whoever makes the world may; from then on its policies count.
        self._authorizer.enabled = False
        self._gateway = Gateway(
            moto_application(), self.journal, views, regions(), authorizer=self._authorizer, faults=faults,
            limits=scenario.limits, clock=self._scheduler.clock,
        )  # fmt: skip
        self._server = Server(listener, self._serve)
        install_cloudformation(
            self._scheduler, lambda: runtime.durations.stack_operation, self._gateway,
            f"http://{HOST}:{self._server.port}",
        )  # fmt: skip
        self._server.start()

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return self._gateway(environ, start_response)
        except OSError as error:
            self._mind_the_disk(error)
            raise

    def _mind_the_disk(self, error: BaseException) -> None:
        """Without a place to write to, nothing that it says can be trusted: it ends."""
        if is_disk_full(error):
            self.failure = f"The disk that holds {self.settings.dir} is full."
            self.ended.set()

    def _make_world(self) -> None:
        from sandbox.world.building import begin_what_is_under_way, make_world

        scenario, url = self.settings.scenario, f"http://{HOST}:{self._server.port}"
        made = make_world(scenario.world, url, self.runtime)
        self.made = dict(sorted(made.ids.items()))
        self.info = self._info(url, made)
        self.runtime.durations = scenario.durations
        begin_what_is_under_way(scenario.world, made, self.runtime)
        self._authorizer.enabled = scenario.iam
        self._gateway.open(self.info["environment"])

    def _info(self, url: str, made: Made) -> dict[str, Any]:
        """What up prints and endpoint.json has."""
        from sandbox.world.people import OPERATOR

        world = self.settings.scenario.world
        users: dict[str, dict[str, Any]] = {}
        for key, (access_key, secret_key) in made.users.items():
            account, _slash, name = key.partition("/")
            users.setdefault(account, {})[name] = {"access_key": access_key, "secret_key": secret_key}
        main = users[world.main_account]
        keys, ca_cert = main[OPERATOR], str(self._data.ca_path)
        return {
            "endpoint_url": url,
            "pid": os.getpid(),
            "dir": str(self.settings.dir),
            "ca_cert": ca_cert,
            "credentials": keys,
            "account_id": world.main_account,
            "environment": {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": keys["access_key"],
                "AWS_SECRET_ACCESS_KEY": keys["secret_key"],
                "AWS_DEFAULT_REGION": world.default_region,
                # The endpoint has no certificate; the databases' are signed by this authority.
                "AWS_CA_BUNDLE": ca_cert,
                "PGSSLROOTCERT": ca_cert,
            },
            "journal": str(self.journal.path),
            "users": main,
            "accounts": {account: {"users": people} for account, people in users.items()},
            "world": made.public(world.public, world.main_account),
        }

    def stop(self) -> None:
        """End the server, what is under way, and all databases. What start did not get to is left out."""
        for part, end in (("_server", "stop"), ("_gateway", "close"), ("_scheduler", "stop"), ("_data", "close")):
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


def serve(settings: Settings, on_ready: Callable[[], None]) -> None:
    """Run a sandbox until SIGTERM or SIGINT.

    :raises SandboxError: it can't be started.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for noisy in ("botocore", "boto3", "urllib3", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    service = Service(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: service.ended.set())
    try:
        service.start()
        service.write_info()
        log.info("ready at %s", service.info["endpoint_url"])
        on_ready()
        service.ended.wait()
        log.info("ending")
    except (SandboxError, DataPlaneError, OSError) as error:
        if is_disk_full(error):
            raise SandboxError(f"The disk that holds {settings.dir} is full.") from error
        raise SandboxError(in_words(error) if isinstance(error, OSError) else str(error)) from error
    finally:
        service.stop()
    if service.failure:
        raise SandboxError(service.failure)
