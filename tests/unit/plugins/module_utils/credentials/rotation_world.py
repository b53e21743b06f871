# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's Secrets Manager and RDS in this process, one real PostgreSQL server, and a rotation that can be killed.

Killed is whatever happens at a call of AWS or at something that the database is asked for: right before it, or right
after it took effect. Of the process nothing remains then but what AWS and the database have.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials import logins, rotating
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.keeping import Keeper, Wanted
from ansible_collections.dbops.aurora_restore.plugins.module_utils._journal import NoJournal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session

sys.path.insert(0, str(Path(__file__).parents[3] / "sandbox"))

from in_process import HOME, Aws, ListedPlane
from sandbox.dataplane import DataPlane

MASTER, DATABASE, CLUSTER = "dbadmin", "shop", "shop-staging"
PASSWORD = "The-first(master)password!"
NAMES = {"app_username": "shop_app", "readonly_username": "shop_readonly"}
KEYS = ["app_password", "readonly_password"]
APP, MASTER_SECRET = "shop/staging/app", "shop/staging/master"


class Killed(BaseException):
    """As SIGKILL: nothing of the rotation catches it."""


@dataclass
class Killer:
    """Counts what happens, and kills at one of these.

    :param at: the number of the event; None: never. Even ones are before, odd ones after it took effect.
    """

    at: int | None = None
    count: int = 0
    seen: str = ""

    def event(self, what: str) -> None:
        number, self.count = self.count, self.count + 1
        if number == self.at:
            self.seen = what
            raise Killed(what)

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        self.event(f"before {what}")
        yield
        self.event(f"after {what}")


@dataclass
class AwsClock:
    aws: Aws

    def monotonic(self) -> float:
        return self.aws.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self.aws.pass_time(seconds)


class PlaneWithOneServer(ListedPlane):
    """A master password that RDS sets is set in the real server, too."""

    server: DataPlane

    def set_master_password(self, key: str, username: str, password: str) -> None:
        super().set_master_password(key, username, password)
        self.server.set_master_password("one", username, password)


class World:
    """A cluster with its three users, their secrets, and what kills."""

    def __init__(self, folder: Path) -> None:
        self.plane = DataPlane(folder)
        with socket.socket() as probe:
            probe.bind(("", 0))
            port: int = probe.getsockname()[1]
        given = {"master_username": MASTER, "master_password": PASSWORD, "database": DATABASE, "port": port}
        self.plane.create("one", **given)  # type: ignore[arg-type]
        self.server = logins.Server(self.plane.start("one", port).writer, port, DATABASE, str(self.plane.ca_path))
        self.aws = Aws()
        listed = PlaneWithOneServer()
        listed.server = self.plane
        self.aws.plane = self.aws.runtime.data = listed  # type: ignore[assignment]
        self.aws.cluster(CLUSTER, MasterUsername=MASTER, MasterUserPassword=PASSWORD)
        self.client = self.aws.client("secretsmanager", HOME)
        self.killer = Killer()
        self.client.meta.events.register_first("before-call.*", self._before)
        self.client.meta.events.register_last("after-call.*", self._after)
        self.rds = self.aws.rds
        self.rds.meta.events.register_first("before-call.*", self._before)
        self.rds.meta.events.register_last("after-call.*", self._after)
        self.watching = False
        self._fill()

    def close(self) -> None:
        for client in (self.client, self.rds):
            client.meta.events.unregister("before-call.*", self._before)
            client.meta.events.unregister("after-call.*", self._after)
        self.aws.close()
        self.plane.close()

    def _fill(self) -> None:
        Keeper(self.client).present(Wanted(APP, NAMES, KEYS))
        content = {"username": MASTER, "password": PASSWORD, "database": DATABASE}
        self.client.create_secret(Name=MASTER_SECRET, SecretString=json.dumps(content))
        for user, password in self.passwords(APP).items():
            self.as_master(f"CREATE ROLE {user} LOGIN", *logins.password_statements({user: password}))

    # ---- the rotation

    def keeper(self, **more: Any) -> Keeper:
        return Keeper(self.client, **more)

    def session(self) -> Session:
        poller = Poller(600.0, 40.0, lambda status, percent: None, AwsClock(self.aws), lambda: 0.5)
        return Session(self.rds, self.rds, NoJournal(), poller, HOME)

    def rotate_users(self, **more: Any) -> rotating.Rotation:
        keeper = self.keeper(**more)
        return rotating.rotate_users(keeper, Wanted(APP, generated=KEYS), self.server, MASTER_SECRET)

    def rotate_master(self, only_unfinished: bool = False, **more: Any) -> rotating.Rotation | None:
        wanted = Wanted(MASTER_SECRET, generated=["password"])
        return rotating.rotate_master(
            self.keeper(**more), wanted, self.server, self.session(), CLUSTER, only_unfinished
        )

    def kill(self, at: int | None, rotate: Callable[[], Any]) -> Killer:
        """Run it, killed at that event; what the killer saw."""
        self.killer, self.watching = Killer(at), True
        try:
            rotate()
        except Killed:
            pass
        finally:
            self.watching = False
        self.aws.settle()  # what has begun in AWS goes on without us
        return self.killer

    def _before(self, model: Any, **_event: Any) -> None:
        if self.watching:
            self.killer.event(f"before {model.name}")

    def _after(self, model: Any, **_event: Any) -> None:
        if self.watching:
            self.killer.event(f"after {model.name}")

    # ---- what is so

    def passwords(self, secret: str, stage: str = "AWSCURRENT") -> dict[str, str]:
        content = json.loads(self.client.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"])
        keys = rotating.APP_USERS if secret == APP else rotating.MASTER_USER
        return rotating.users_of(content, keys)

    def is_pending(self, secret: str) -> bool:
        return any("AWSPENDING" in labels for labels in self.stages(secret).values())

    def stages(self, secret: str) -> Mapping[str, list[str]]:
        found: Mapping[str, list[str]] = self.client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        return found

    def current(self, secret: str) -> str:
        return next(version for version, labels in self.stages(secret).items() if "AWSCURRENT" in labels)

    def log_in(self, stage: str = "AWSCURRENT") -> bool:
        """Whether both users can log in with that version."""
        return self.server.works(self.passwords(APP, stage))

    def require_consistent(self, *secrets: str) -> None:
        for secret in secrets or (APP, MASTER_SECRET):
            assert self.server.works(self.passwords(secret)), f"the users of {secret} are locked out"
            assert not self.is_pending(secret)
        (master,) = self.passwords(MASTER_SECRET).values()
        (key,) = self.aws.plane.passwords
        assert self.aws.plane.passwords[key] == master

    def as_master(self, *statements: str) -> None:
        ((user, password),) = self.passwords(MASTER_SECRET).items()
        connection = self.server.connect(user, password)
        try:
            logins.run(connection, statements)
        finally:
            connection.close()


class WatchedCursor(psycopg2.extensions.cursor):
    world: World

    def execute(self, query: Any, arguments: Any = None) -> None:
        with _watched(self.world, "SQL " + str(query).partition("PASSWORD")[0][:30]):
            super().execute(query, arguments)


def _watched(world: World, what: str) -> Any:
    return world.killer.around(what) if world.watching else Killer().around(what)


def watch_database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let connections, statements and commits be events, too."""

    class Cursor(WatchedCursor):
        pass

    class Connection(psycopg2.extensions.connection):
        def commit(self) -> None:
            with _watched(world, "COMMIT"):
                super().commit()

    Cursor.world = world

    def watched(**given: Any) -> Any:
        with _watched(world, f"login of {given['user']}"):
            return psycopg2.connect(connection_factory=Connection, cursor_factory=Cursor, **given)

    # Only the rotation's: the sandbox has connections of its own.
    monkeypatch.setattr(logins, "psycopg2", SimpleNamespace(connect=watched, Error=psycopg2.Error))
