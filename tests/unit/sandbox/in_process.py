# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's RDS without its process: real boto3 clients, its real backend, a clock that the test moves.

What boto3 has made ready to send goes to moto's application within this process, and so do the answers back. In the
place of the PostgreSQL servers stands a list of what there would be; whatever concerns data is tested on a running
sandbox.
"""

from __future__ import annotations

import functools
import io
import threading
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto.rds.models import rds_backends
from sandbox import kms, log_groups, logs, secretsmanager, sns, stricter, subscriptions
from sandbox.clock import ManualClock
from sandbox.cloudformation.install import install as install_cloudformation
from sandbox.dataplane import DataPlane, DataPlaneError, Endpoints
from sandbox.gateway.identity import make_operator
from sandbox.gateway.server import moto_application
from sandbox.rds.engines import Engines
from sandbox.rds.install import install
from sandbox.rds.runtime import Runtime
from sandbox.scheduler import Scheduler
from werkzeug.test import EnvironBuilder, run_wsgi_app

ACCOUNT = "123456789012"
OTHER_ACCOUNT = "210987654321"
ENDPOINT = "http://sandbox.invalid"
HOME, AWAY = "us-west-2", "us-east-1"
# Seconds; all different, so that a test sees which one counts.
DURATIONS = {
    "snapshot_create": 10.0, "snapshot_copy": 100.0, "cluster_create": 21.0, "cluster_restore": 22.0,
    "cluster_delete": 12.0, "cluster_rename": 16.0, "cluster_start": 17.0, "cluster_stop": 18.0,
    "instance_create": 30.0, "instance_delete": 13.0, "instance_modify": 14.0, "instance_rename": 15.0,
    "modify_lag": 5.0, "cluster_modify": 7.0, "master_password": 8.0, "dns": 50.0,
    "stack_operation": 60.0,
}  # fmt: skip


@dataclass
class ListedPlane:
    """The clusters and snapshots that there would be, without servers."""

    running: dict[str, bool] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    places: dict[str, Endpoints] = field(default_factory=dict)
    announced: dict[str, Endpoints] = field(default_factory=dict)
    snapshots: set[str] = field(default_factory=set)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    starts: list[str] = field(default_factory=list)
    made: int = 0

    def _place(self) -> str:
        self.made += 1
        return f"127.1.{self.made // 250}.{self.made % 250 + 1}"

    def _known(self, key: str) -> None:
        if key not in self.running:
            raise DataPlaneError(f"There is no database storage for {key}.")

    def _endpoints(self, name: str) -> Endpoints:
        new = (self._place(), self._place())
        return Endpoints(*(self.names.setdefault(name, new) if name else new), self._place(), self._place())

    def _new(self, key: str, name: str) -> None:
        self.running[key], self.places[key] = False, self._endpoints(name)

    def create(
        self, key: str, *, master_username: str, master_password: str, database: str, port: int, name: str = ""
    ) -> None:
        self._new(key, name)
        self.passwords[key] = master_password

    def restore(self, snapshot_key: str, key: str, name: str = "") -> None:
        if snapshot_key not in self.snapshots:
            raise DataPlaneError(f"There is no stored snapshot {snapshot_key}.")
        self._new(key, name)

    def start(self, key: str, port: int) -> Endpoints:
        self._known(key)
        self.running[key], self.ports[key] = True, port
        self.starts.append(key)
        return self.places[key]

    def stop(self, key: str) -> None:
        self._known(key)
        self.running[key] = False

    def delete(self, key: str) -> None:
        self.running.pop(key, None)

    def addresses(self, key: str) -> Endpoints:
        self._known(key)
        return self.announced.get(key, self.places[key])

    def readdress(self, key: str, *roles: str, name: str = "") -> Endpoints:
        self._known(key)
        new = vars(self._endpoints(name))
        self.announced[key] = replace(self.addresses(key), **{role: new[role] for role in roles})
        return self.announced[key]

    def move(self, key: str) -> None:
        self._known(key)
        self.places[key] = self.announced.pop(key, self.places[key])

    def set_master_password(self, key: str, username: str, password: str) -> None:
        self._known(key)
        self.passwords[key] = password

    def snapshot(self, key: str, snapshot_key: str) -> None:
        self._known(key)
        self.snapshots.add(snapshot_key)

    def copy_snapshot(self, source: str, destination: str) -> None:
        if source not in self.snapshots:
            raise DataPlaneError(f"There is no stored snapshot {source}.")
        self.snapshots.add(destination)

    def delete_snapshot(self, snapshot_key: str) -> None:
        self.snapshots.discard(snapshot_key)


@functools.cache
def _application() -> Any:
    for part in (kms, log_groups, logs, secretsmanager, sns, stricter, subscriptions):
        part.install()
    return moto_application()


@functools.cache
def _keys(account: str) -> tuple[str, str]:
    return make_operator(account, "operator-in-process")


@functools.cache
def _client(service: str, region: str, account: str) -> Any:
    access_key, secret_key = _keys(account)
    made = boto3.client(
        service, region_name=region, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
        endpoint_url=ENDPOINT, config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip
    made.meta.events.register("before-send", _send)
    return made


def _send(request: Any, **_context: Any) -> AWSResponse:
    """What botocore would send over the network."""
    body = request.body or b""
    builder = EnvironBuilder(
        request.url.removeprefix(ENDPOINT), ENDPOINT, method=request.method,
        headers={name: item if isinstance(item, str) else item.decode() for name, item in request.headers.items()},
        input_stream=io.BytesIO(body.encode() if isinstance(body, str) else body),
    )  # fmt: skip
    answer, status, headers = run_wsgi_app(_application(), builder.get_environ(), buffered=True)
    response = AWSResponse(request.url, int(status.split()[0]), dict(headers), None)
    response._content = b"".join(answer)
    return response


class Aws:
    """AWS with a clock that stands still until it is moved.

    The methods for a whole step (``cluster``, ``copied``, ``member`` ...) wait until it is through.
    """

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.plane = ListedPlane()
        self.scheduler = Scheduler(threading.RLock(), self.clock)
        self.durations = SimpleNamespace(**DURATIONS)
        self.runtime = Runtime(
            threading.RLock(), self.scheduler, cast(DataPlane, self.plane), Engines(17), cast(Any, self.durations)
        )
        _application()
        rds_backends.clear()
        install(self.runtime)
        self.install_cloudformation(_application())

    def install_cloudformation(self, application: Any) -> None:
        """:param application: where its calls go that it makes in somebody's name."""
        install_cloudformation(
            self.scheduler, lambda: self.runtime.durations.stack_operation, application, ENDPOINT
        )  # fmt: skip

    def close(self) -> None:
        self.scheduler.stop()
        rds_backends.clear()

    def client(self, service: str, region: str = HOME, account: str = ACCOUNT) -> Any:
        return _client(service, region, account)

    # time

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and end what ends meanwhile, each thing at its moment."""
        end = self.clock.monotonic() + seconds
        while True:
            pending = self.scheduler.pending()
            for transition in pending:
                assert transition.finished.wait(10), f"{transition.name} does not end"
            now = self.clock.monotonic()
            moment = min((item.due for item in pending), default=end + 1)
            # What has failed ends at once.
            if self.scheduler.end_what_is_due():
                continue
            if moment > end:
                self.clock.advance(end - now)
                return
            self.clock.advance(max(0.0, moment - now))

    def settle(self) -> None:
        """Let everything end that has begun."""
        while pending := self.scheduler.pending():
            self.pass_time(max(0.0, min(item.due for item in pending) - self.clock.monotonic()))

    # what tests ask for and about

    @property
    def rds(self) -> Any:
        return self.client("rds")

    @property
    def source(self) -> Any:
        return self.client("rds", AWAY)

    def see(self, name: str, region: str = HOME) -> dict[str, Any]:
        found = self.client("rds", region).describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        assert len(found) == 1
        return dict(found[0])

    def see_by_resource_id(self, resource_id: str) -> dict[str, Any]:
        wanted = [{"Name": "db-cluster-resource-id", "Values": [resource_id]}]
        (found,) = self.rds.describe_db_clusters(Filters=wanted)["DBClusters"]
        return dict(found)

    def see_instance(self, name: str, region: str = HOME) -> dict[str, Any]:
        return dict(
            self.client("rds", region).describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        )  # fmt: skip

    def see_snapshot(self, name: str, region: str = HOME, **more: Any) -> dict[str, Any]:
        answer = self.client("rds", region).describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name, **more)
        return dict(answer["DBClusterSnapshots"][0])

    def key(self, region: str = HOME, account: str = ACCOUNT) -> str:
        """The ARN of a new key."""
        return str(self.client("kms", region, account).create_key()["KeyMetadata"]["Arn"])

    def cluster(self, name: str = "shop", region: str = HOME, members: int = 1, **parameters: Any) -> dict[str, Any]:
        """A new cluster, available, with instances called <name>-1 and so on."""
        given = {
            "Engine": "aurora-postgresql", "EngineVersion": "17.5", "MasterUsername": "dbadmin",
            "MasterUserPassword": "correct-horse-battery",
        }  # fmt: skip
        if parameters.get("ManageMasterUserPassword"):
            del given["MasterUserPassword"]
        self.client("rds", region).create_db_cluster(DBClusterIdentifier=name, **(given | parameters))
        self.settle()
        for number in range(1, members + 1):
            self.member(name, f"{name}-{number}", region)
        return self.see(name, region)

    def member(self, cluster: str, name: str, region: str = HOME, **parameters: Any) -> dict[str, Any]:
        given = {"Engine": "aurora-postgresql", "DBInstanceClass": "db.r6g.large", "DBInstanceIdentifier": name}
        self.client("rds", region).create_db_instance(DBClusterIdentifier=cluster, **(given | parameters))
        self.settle()
        return self.see_instance(name, region)

    def snapshot(self, cluster: str, name: str, region: str = HOME, **parameters: Any) -> dict[str, Any]:
        self.client("rds", region).create_db_cluster_snapshot(
            DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier=name, **parameters
        )
        self.settle()
        return self.see_snapshot(name, region)

    def away(self, name: str = "nightly", **cluster: Any) -> dict[str, Any]:
        """An available, encrypted snapshot in the other region."""
        self.cluster("production", AWAY, **{"KmsKeyId": self.key(AWAY), "StorageEncrypted": True, **cluster})
        return self.snapshot("production", name, AWAY)

    def copy(self, source: dict[str, Any], name: str, **parameters: Any) -> dict[str, Any]:
        """Start a copy of a snapshot into the home region."""
        given = {
            "SourceDBClusterSnapshotIdentifier": source["DBClusterSnapshotArn"],
            "TargetDBClusterSnapshotIdentifier": name,
            "SourceRegion": AWAY,
        }
        if "KmsKeyId" not in parameters:
            given["KmsKeyId"] = self.key()
        answer = self.rds.copy_db_cluster_snapshot(**{**given, **parameters})
        return dict(answer["DBClusterSnapshot"])

    def restore(self, snapshot: str, name: str, **parameters: Any) -> dict[str, Any]:
        """Start a restore in the home region, into the snapshot's version."""
        given = {"Engine": "aurora-postgresql", "EngineVersion": "17.5"}
        answer = self.rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=name, SnapshotIdentifier=snapshot, **(given | parameters)
        )
        return dict(answer["DBCluster"])

    def is_gone(self, name: str, region: str = HOME) -> bool:
        rds = self.client("rds", region)
        try:
            rds.describe_db_clusters(DBClusterIdentifier=name)
        except rds.exceptions.DBClusterNotFoundFault:
            return True
        return False
