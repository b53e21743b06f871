# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores by the collection's own modules against the sandbox's AWS within this process, as a user with a policy.

The modules are started with the options that the roles give them, one after the other. What each call asked of IAM is
kept: action, resource, condition keys, and what the resource's own policy says. That is all that the evaluator needs
to decide it again under another policy.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.dbops.aurora_restore.plugins.module_utils import _aws, _poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.policies import policies
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import STEPS as LOGGED
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import Settings
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import waiting
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.naming import copy_id
from guarded import Guarded, Keys, allow, policy, trust
from in_process import ACCOUNT, AWAY, HOME
from moto.dynamodb.models import dynamodb_backends
from moto.logs.models import logs_backends
from moto.rds.models import rds_backends
from sandbox.faults import Faults, parse_faults
from sandbox.gateway.application import Gateway
from sandbox.gateway.identity import Caller
from sandbox.gateway.journal import Journal
from sandbox.gateway.refusals import Refusal
from sandbox.gateway.server import moto_application, regions
from sandbox.gateway.wire import Call
from sandbox.iam import evaluation, resources
from sandbox.iam.authorizer import Authorizer
from sandbox.iam.needs.need import Need
from sandbox.iam.policies import Document
from sandbox.iam.subject import Subject
from sandbox.world import surroundings
from sandbox.world.made import Made, Place

PRODUCTION, STAGING = "shop-production", "shop-staging"
TABLE, TOPIC = "aurora-restore-state", f"arn:aws:sns:{HOME}:{ACCOUNT}:aurora-restore"
MASTER, APP = "shop/staging/master", "shop/staging/app"
MODULES = "ansible_collections.dbops.aurora_restore.plugins.modules"
NETWORK = {"cidr": "10.30.0.0/16", "subnets": {"a": "10.30.0.0/24", "b": "10.30.1.0/24"}, "security_groups": {"db": {}}}
# Of a role with a path, the name is all that its sessions tell.
RUNNER = f"arn:aws:iam::{ACCOUNT}:role/restores/runner"
SETTINGS = Settings.of(
    {
        "account": ACCOUNT, "source_region": AWAY, "source_cluster_id": PRODUCTION, "target_region": HOME,
        "target_cluster_id": STAGING, "secrets": [MASTER, APP], "topic": TOPIC, "cloudwatch": True,
        "principals": [RUNNER], "cluster_roles": ["shop-import"],
    }
)  # fmt: skip


# Condition keys that differ from call to call.
PASSING = ("aws:currenttime", "aws:epochtime", "aws:useragent")


@dataclass(frozen=True)
class Asked:
    """What a call asked of IAM."""

    request: evaluation.Request
    side: resources.ResourceSide

    def allowed_by(self, *documents: Document) -> bool:
        """Whether it would be allowed to somebody who has just these policies."""
        side = self.side
        given = evaluation.Policies(documents, None, None, side.policy, side.kind, side.decides, side.crosses)
        return evaluation.evaluate(given, self.request).allowed

    @property
    def question(self) -> tuple[str, str, str]:
        """What matters of it; times, for one, don't."""
        context = {key: item for key, item in self.request.context.items() if key not in PASSING}
        return self.request.action, self.request.resource, json.dumps(context, sort_keys=True)

    def __str__(self) -> str:
        return f"{self.request.action} on {self.request.resource}"


class Recorder(Authorizer):
    """Decides, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(True)
        self.asked: list[Asked] = []
        self.calls: set[str] = set()

    def refusal(self, call: Call, caller: Caller) -> Refusal | None:
        self.calls.add(f"{call.service}:{call.action}")
        return super().refusal(call, caller)

    def decide(
        self, call: Call, caller: Caller, who: Subject, need: Need
    ) -> tuple[evaluation.Request, evaluation.Decision]:
        request, decision = super().decide(call, caller, who, need)
        self.asked.append(Asked(request, resources.resource_side(need.action, need.resource)))
        return request, decision


class Failed(Exception):
    """A module ended with an error."""


class Shop(Guarded):
    """Production and staging of a shop, and somebody who restores one from the other."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, faults: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(folder)
        for backends in (dynamodb_backends, logs_backends):
            backends.clear()
        self.folder = folder
        self.recorder = Recorder()
        self.runtime.faults = Faults(parse_faults([dict(item) for item in faults], "faults"), 1, self.clock)
        self._gateway = Gateway(
            moto_application(), Journal(folder / "journal.jsonl"), {}, regions(), authorizer=self.recorder,
            faults=self.runtime.faults,
        )  # fmt: skip
        self.runtime.faults.open()
        self.statements = [item for made in policies(SETTINGS, ["restore"]).values() for item in made["Statement"]]
        self.users: dict[str, Keys] = {}
        self.keys: Keys = self.user("runner", *self.statements)
        self.ca_cert = Path(botocore.__file__).with_name("cacert.pem")
        monkeypatch.setattr(_aws, "_connect", self._connect)
        monkeypatch.setattr(_poller.SystemClock, "monotonic", lambda _clock: self.clock.monotonic())
        monkeypatch.setattr(_poller.SystemClock, "sleep", lambda _clock, seconds: self.pass_time(max(seconds, 1.0)))
        monkeypatch.setattr(waiting, "tcp_problem", lambda _host, _port: None)
        self._surroundings()

    def _connect(self, *, resource: str, region: str, **_options: Any) -> Any:
        return self.as_user(self.keys, resource, region)

    def _surroundings(self) -> None:
        for name in ("rds-monitoring", "shop-import"):
            self.role(name, policy())
        self.made = Made()
        place = Place(ACCOUNT, HOME)
        surroundings.make_network(self.client, place, self.made, STAGING, NETWORK)
        version = self.runtime.engines.seeded
        surroundings.make_cluster_parameter_group(self.client, place, self.made, STAGING, {}, version)
        surroundings.make_instance_parameter_group(self.client, place, self.made, f"{STAGING}-instance", {}, version)
        surroundings.make_topic(self.client, place, self.made, "aurora-restore", {})
        keys = {"partition_key": "operation_id", "sort_key": "step"}
        surroundings.make_table(self.client, place, self.made, TABLE, keys)
        secret = {"username": "dbadmin", "password": "correct-horse-battery", "database": "shop"}
        surroundings.make_secret(self.client, place, self.made, MASTER, {"value": secret})
        names = ("app_username", "app_password", "readonly_username", "readonly_password")
        surroundings.make_secret(self.client, place, self.made, APP, {"value": {name: f"a-{name}" for name in names}})
        self.kms_key = self.key()
        self.security_group = self.made.get(place, "security_groups", "db")

    # the world

    def production(self) -> dict[str, Any]:
        """Its snapshot."""
        self.cluster(PRODUCTION, AWAY, KmsKeyId=self.key(AWAY), StorageEncrypted=True, DatabaseName="shop")
        return self.snapshot(PRODUCTION, f"{PRODUCTION}-nightly", AWAY)

    def staging(self, **more: Any) -> None:
        """The cluster that is replaced; its members are watched."""
        given = {
            "DBClusterParameterGroupName": STAGING, "DBSubnetGroupName": STAGING, "DatabaseName": "shop",
            "KmsKeyId": self.kms_key, "StorageEncrypted": True, "VpcSecurityGroupIds": [self.security_group],
            "Tags": [{"Key": "aurora-restore:target", "Value": "true"}],
        }  # fmt: skip
        self.cluster(STAGING, members=0, **(given | more))
        self.member(
            STAGING, f"{STAGING}-1", DBParameterGroupName=f"{STAGING}-instance", MonitoringInterval=60,
            MonitoringRoleArn=f"arn:aws:iam::{ACCOUNT}:role/rds-monitoring", PubliclyAccessible=False,
        )  # fmt: skip

    def failed_copy(self, snapshot: Mapping[str, Any]) -> str:
        """Of an earlier operation, under the name that this one gives its copy."""
        name = copy_id(PRODUCTION, snapshot["SnapshotCreateTime"], snapshot["DBClusterSnapshotArn"], self.kms_key)
        tags = [{"Key": "aurora-restore:operation-id", "Value": "01JZZZZZZZZZZZZZZZZZZZZZZZ"}]
        self.copy(dict(snapshot), name, KmsKeyId=self.kms_key, Tags=tags)
        self.settle()
        rds_backends[ACCOUNT][HOME].cluster_snapshots[name].status = "failed"
        return name

    def log_groups(self) -> None:
        for step in LOGGED:
            self.client("logs").create_log_group(logGroupName=f"/aurora-restore/{step}")

    def by_a_role(self) -> None:
        """From now on the runs are sessions of a role."""
        visitor = self.user("visitor", allow("sts:AssumeRole"))
        self.role("runner", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), *self.statements, Path="/restores/")
        self.keys = self.assume(visitor, RUNNER)

    # a run

    def module(self, name: str, **options: Any) -> dict[str, Any]:
        """A module's result, as Ansible gets it.

        :raises Failed: it says that it failed.
        """
        options = {"region": HOME, **{key: value for key, value in options.items() if value is not None}}
        output = io.StringIO()
        with patch_module_args(options), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
            importlib.import_module(f"{MODULES}.{name}").main()
        result = dict(json.loads(output.getvalue()))
        if result.get("failed"):
            raise Failed(result["msg"])
        return result

    def run(self, **wishes: Any) -> dict[str, Any]:
        """A whole restore but for its database, as the role does it."""
        place = {
            "source": {"region": AWAY, "cluster_id": PRODUCTION},
            "target": {"region": HOME, "cluster_id": STAGING},
        }
        begun = self.module("operation", state="started", table=TABLE, **place)
        closing = {"state": "finished", "operation": begun["operation"], "publish": wishes.get("publish")}
        try:
            made = self._steps(begun, place, wishes)
        except Failed as error:
            self.module("operation", **closing, status="failed", error={"message": str(error)})
            raise
        self.module("operation", **closing, status="succeeded")
        return made

    def _steps(self, begun: dict[str, Any], place: dict[str, Any], wishes: dict[str, Any]) -> dict[str, Any]:
        operation, previous = begun["operation"], begun.get("previous") or {}

        def step(name: str, module: str, keep: Any = lambda _result: {}, **options: Any) -> dict[str, Any]:
            recorded = self.module("operation", state="recorded", operation=operation, step=name, status="running")
            result = self.module(module, **options, **({"operation": recorded["operation"]} if name in STEPS else {}))
            self.module(
                "operation", state="recorded", operation=recorded["operation"], step=name, status="succeeded",
                publish=wishes.get("publish"), **keep(result),
            )  # fmt: skip
            return result

        plan = step(
            "preflight", "restore_plan", lambda result: {"configuration": result["captured"] or None,
                                                         "replaced": result["replaced"]},
            **place, kms_key_id=self.kms_key, master_secret_id=MASTER, app_secret_id=APP, sns_topic_arn=TOPIC,
            state_table=TABLE, db_ca_cert=str(self.ca_cert), check_database=False, databases=["shop"],
            operation=operation, previous_configuration=previous.get("configuration"),
            previous_operations=previous.get("operations"), resumed=begun.get("resumed"),
            configuration=wishes.get("configuration", {}), final_snapshot=wishes.get("final_snapshot", "before"),
            lift_deletion_protection=wishes.get("lift_deletion_protection", False),
        )  # fmt: skip
        found = step(
            "snapshot_check", "snapshot_info", lambda result: {"snapshot": result["snapshot"]}, region=AWAY,
            snapshot_id=plan["snapshot"]["db_cluster_snapshot_arn"], required=True,
        )  # fmt: skip
        copied = step(
            "snapshot_copy", "snapshot_copy", source_snapshot=found["snapshot"], source_region=AWAY,
            kms_key_id=plan["kms_key_id"],
        )  # fmt: skip
        name = copied["snapshot"]["db_cluster_snapshot_identifier"]
        step(
            "cluster_delete", "cluster_delete", cluster_id=STAGING, resource_id=plan["replaced"]["resource_id"],
            source=plan["source"], lift_deletion_protection=wishes.get("lift_deletion_protection", False),
            final_snapshot=wishes.get("final_snapshot", "before"),
            replacement={"snapshot_id": name, "kms_key_id": plan["kms_key_id"]},
        )  # fmt: skip
        made = step(
            "cluster_restore", "cluster_restore", cluster_id=STAGING, snapshot=copied["snapshot"],
            configuration=plan["configuration"], replaces=plan["replaced"]["resource_id"],
            master_user_secret_id=MASTER,
        )  # fmt: skip
        self.module("operation", state="renewed", operation=operation, hold=1800)
        step("db_users", "secret_info", secret_id=MASTER, keys=["username", "password"])
        self.module("secret_info", secret_id=APP, keys=["app_username"])
        self.as_user(self.keys, "sns").publish(TopicArn=TOPIC, Message="done")  # as community.aws.sns does
        return made


STEPS = ("snapshot_copy", "cluster_delete", "cluster_restore")


@contextlib.contextmanager
def shop(folder: Path, *faults: Mapping[str, Any]) -> Iterator[Shop]:
    """One that is taken away afterwards.

    :param faults: as in scenarios.
    """
    with pytest.MonkeyPatch.context() as patch:
        made = Shop(folder, patch, faults)
        try:
            yield made
        finally:
            made.close()
