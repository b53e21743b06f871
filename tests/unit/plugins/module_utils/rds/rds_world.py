# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small RDS for unit tests behind a real botocore client.

botocore checks the parameters of every call against its service model before they get here; answers and error codes are
checked against the model as well. Statuses advance by one with each look, so that no test waits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import boto3
import botocore.awsrequest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from botocore.config import Config
from botocore.validate import validate_parameters

ACCOUNT = "123456789012"
FAMILY = "aurora-postgresql17"
MEMBER_SETTINGS = (
    "DBInstanceClass", "AvailabilityZone", "PromotionTier", "MonitoringInterval", "MonitoringRoleArn",
    "CACertificateIdentifier", "PreferredMaintenanceWindow", "AutoMinorVersionUpgrade",
)  # fmt: skip
CREATED = datetime(2026, 3, 1, 2, 0, tzinfo=timezone.utc)
COMMON_CODES = {"InvalidParameterCombination", "InvalidParameterValue", "Throttling", "AccessDenied"}


class ApiError(Exception):
    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code, self.message = code, message


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class RecordingJournal:
    """Keeps what was recorded; ``calls`` of the world and this one share a list, so that order shows."""

    operation_id: str | None = None

    def __init__(self, log: list[Any]) -> None:
        self.log = log
        self.results: dict[str, Any] = {}
        # Raises when it says so: the lease is lost, or the runner is gone.
        self.check: Callable[[], None] = lambda: None

    def intent(self, action: str, resource: str, parameters: Any = None) -> None:
        self.check()
        self.log.append(("intent", action, resource))

    @contextlib.contextmanager
    def call(self, action: str, resource: str, parameters: Any = None) -> Iterator[None]:
        self.intent(action, resource, parameters)
        yield

    def last_check(self) -> None:
        self.check()

    def progress(self, status: str, percent: int | None = None) -> None:
        self.check()
        self.log.append(("progress", status))

    def result(self, values: Any) -> None:
        self.check()
        self.results.update(values)

    def error(self, error: Any) -> None:
        return None


def arn(kind: str, name: str, region: str = "us-west-2") -> str:
    return f"arn:aws:rds:{region}:{ACCOUNT}:{kind}:{name}"


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def snapshot(name: str, **values: Any) -> dict[str, Any]:
    region = values.pop("region", "us-east-1")
    tags = values.pop("tags", {})
    return {
        "DBClusterSnapshotIdentifier": name,
        "DBClusterSnapshotArn": arn("cluster-snapshot", name, region),
        "DBClusterIdentifier": "shop-production",
        "Status": "available",
        "SnapshotType": "automated" if name.startswith("rds:") else "manual",
        "SnapshotCreateTime": CREATED,
        "Engine": "aurora-postgresql",
        "EngineVersion": "17.4",
        "MasterUsername": "dbadmin",
        "StorageEncrypted": True,
        "KmsKeyId": f"arn:aws:kms:{region}:{ACCOUNT}:key/source",
        "TagList": tag_list(tags),
        **values,
    }


def cluster(name: str = "shop-staging", **values: Any) -> dict[str, Any]:
    tags = values.pop("tags", {"aurora-restore:target": "true", "team": "shop"})
    return {
        "DBClusterIdentifier": name,
        "DBClusterArn": arn("cluster", name),
        "DbClusterResourceId": "cluster-OLD",
        "Status": "available",
        "Engine": "aurora-postgresql",
        "EngineVersion": "17.2",
        "Endpoint": "127.0.0.1",
        "Port": 5432,
        "MasterUsername": "dbadmin",
        "DBSubnetGroup": "shop-staging",
        "DBClusterParameterGroup": "shop-staging",
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-2"}, {"VpcSecurityGroupId": "sg-1"}],
        "BackupRetentionPeriod": 7,
        "PreferredBackupWindow": "02:00-02:30",
        "PreferredMaintenanceWindow": "sun:05:00-sun:05:30",
        "EnabledCloudwatchLogsExports": ["postgresql"],
        "IAMDatabaseAuthenticationEnabled": True,
        "StorageEncrypted": True,
        "KmsKeyId": f"arn:aws:kms:us-west-2:{ACCOUNT}:key/staging",
        "DeletionProtection": False,
        "CopyTagsToSnapshot": True,
        "TagList": tag_list(tags),
        **values,
    }


def instance(name: str, cluster_id: str = "shop-staging", **values: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": name,
        "DBInstanceArn": arn("db", name),
        "DBClusterIdentifier": cluster_id,
        "DBInstanceStatus": "available",
        "DBInstanceClass": "db.r6g.large",
        "Engine": "aurora-postgresql",
        "PromotionTier": 1,
        "DBParameterGroups": [{"DBParameterGroupName": "shop-staging-instance"}],
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        **values,
    }


def settings(params: dict[str, Any]) -> dict[str, Any]:
    """What a cluster shows of parameters that restoring and modifying have in common."""
    shown = {
        "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
        "CopyTagsToSnapshot": "CopyTagsToSnapshot",
        "DBClusterParameterGroupName": "DBClusterParameterGroup",
    }
    values = {key: params[parameter] for parameter, key in shown.items() if parameter in params}
    if "VpcSecurityGroupIds" in params:
        values["VpcSecurityGroups"] = [{"VpcSecurityGroupId": group} for group in params["VpcSecurityGroupIds"]]
    if "EnableCloudwatchLogsExports" in params:
        values["EnabledCloudwatchLogsExports"] = params["EnableCloudwatchLogsExports"]
    return values


class World:
    """Clusters, instances and snapshots of one region, and every call made."""

    def __init__(self, region: str = "us-west-2") -> None:
        self.region = region
        self.clusters: dict[str, dict[str, Any]] = {}
        self.instances: dict[str, dict[str, Any]] = {}
        self.snapshots: dict[str, dict[str, Any]] = {}
        self.log: list[Any] = []
        self.faults: dict[str, list[ApiError]] = {}
        self.lost_answers: set[str] = set()
        # Per resource: statuses still to come, one with each look; None at the end removes the resource.
        self.coming: dict[str, list[str | None]] = {}
        self.clock = FakeClock()
        self.journal = RecordingJournal(self.log)
        self.client = self._make_client()

    def _make_client(self) -> Any:
        client = boto3.client(
            "rds",
            region_name=self.region,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=True),
        )
        client.meta.events.register("provide-client-params.rds.*", self._remember)
        client.meta.events.register("before-call.rds.*", self._answer)
        return client

    def _remember(self, params: dict[str, Any], **kwargs: Any) -> None:
        self._params = dict(params)

    def _answer(self, model: Any, **kwargs: Any) -> Any:
        params = self._params
        self.log.append((model.name, params))
        handler: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self, "do_" + model.name)
        try:
            if self.faults.get(model.name):
                raise self.faults[model.name].pop(0)
            answer = handler(params)
            if model.name in self.lost_answers:
                self.lost_answers.remove(model.name)
                # What the SDK makes of a lost answer: it sends the call again by itself.
                answer = handler(params)
        except ApiError as error:
            return self._refuse(model, error)
        if model.output_shape:
            validate_parameters(answer, model.output_shape)
        return self._http(200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _refuse(self, model: Any, error: ApiError) -> Any:
        known = {shape.error_code for shape in model.error_shapes} | COMMON_CODES
        assert error.code in known, f"{model.name} does not raise {error.code}"
        parsed = {
            "Error": {"Code": error.code, "Message": error.message},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        return self._http(400), parsed

    @staticmethod
    def _http(status: int) -> Any:
        return botocore.awsrequest.AWSResponse("https://rds.test", status, {}, None)

    # ---- what the tests ask

    def session(self, **values: Any) -> Session:
        poller = Poller(3600, 30, self.journal.progress, self.clock, lambda: 0.5)
        return Session(self.client, self.client, self.journal, poller.from_now(), self.region, **values)

    @property
    def mutations(self) -> list[str]:
        """The calls that change something, in order."""
        return [
            name for name, *_rest in self.log if name not in ("intent", "progress") and not name.startswith("Describe")
        ]

    def params_of(self, action: str) -> dict[str, Any]:
        return next(entry[1] for entry in self.log if entry[0] == action)

    def assert_intents(self) -> None:
        """Every mutating call has its intent right before it."""
        for index, (name, *_rest) in enumerate(self.log):
            if name in self.mutations and name != "intent":
                assert self.log[index - 1][:2] == ("intent", name), f"{name} without intent"

    # ---- the calls

    def _will(self, name: str, *statuses: str) -> None:
        self.coming[name] = self.coming.get(name) or list(statuses)

    def _look(self, table: dict[str, dict[str, Any]], name: str, key: str) -> dict[str, Any] | None:
        coming = self.coming.get(name)
        if coming and name in table:
            status = coming.pop(0)
            if status is None:
                table.pop(name, None)
                if table is self.clusters:
                    self._lose_members(name)
            else:
                table[name][key] = status
                if key == "Status" and "SnapshotType" in table[name] and status == "available":
                    table[name]["SnapshotCreateTime"] = CREATED
        return table.get(name)

    def _lose_members(self, cluster_id: str) -> None:
        """Members are gone before their cluster is."""
        self.instances = {
            name: item for name, item in self.instances.items() if item["DBClusterIdentifier"] != cluster_id
        }

    def do_DescribeDBClusters(self, params: dict[str, Any]) -> dict[str, Any]:
        if "DBClusterIdentifier" not in params:
            return {"DBClusters": list(self.clusters.values())}
        found = self._look(self.clusters, params["DBClusterIdentifier"], "Status")
        if not found:
            raise ApiError("DBClusterNotFoundFault")
        members = [
            {"DBInstanceIdentifier": name, "IsClusterWriter": index == 0}
            for index, name in enumerate(
                item
                for item in self.instances
                if self.instances[item]["DBClusterIdentifier"] == params["DBClusterIdentifier"]
            )
        ]
        return {"DBClusters": [{**found, "DBClusterMembers": members}]}

    def do_DescribeDBInstances(self, params: dict[str, Any]) -> dict[str, Any]:
        if "DBInstanceIdentifier" in params:
            found = self._look(self.instances, params["DBInstanceIdentifier"], "DBInstanceStatus")
            if not found:
                raise ApiError("DBInstanceNotFound")
            return {"DBInstances": [found]}
        wanted = params["Filters"][0]["Values"]
        looked = [self._look(self.instances, name, "DBInstanceStatus") for name in list(self.instances)]
        return {"DBInstances": [item for item in looked if item and item["DBClusterIdentifier"] in wanted]}

    def do_DescribeDBClusterSnapshots(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params.get("DBClusterSnapshotIdentifier")
        if name:
            found = self._look(self.snapshots, name.rpartition("snapshot:")[2], "Status")
            if not found:
                raise ApiError("DBClusterSnapshotNotFoundFault")
            return {"DBClusterSnapshots": [found]}
        kind = params.get("SnapshotType")
        return {
            "DBClusterSnapshots": [item for item in self.snapshots.values() if kind in (None, item["SnapshotType"])]
        }

    def do_DescribeEvents(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"Events": [{"Message": "The subnets are full."}]}

    def do_CopyDBClusterSnapshot(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params["TargetDBClusterSnapshotIdentifier"]
        if name in self.snapshots:
            raise ApiError("DBClusterSnapshotAlreadyExistsFault")
        self.snapshots[name] = snapshot(
            name,
            region=self.region,
            Status="copying",
            PercentProgress=0,
            KmsKeyId=params.get("KmsKeyId", ""),
            SourceDBClusterSnapshotArn=params["SourceDBClusterSnapshotIdentifier"],
            TagList=params["Tags"],
        )
        self._will(name, "copying", "available")
        return {"DBClusterSnapshot": self.snapshots[name]}

    def do_CreateDBClusterSnapshot(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params["DBClusterSnapshotIdentifier"]
        if name in self.snapshots:
            raise ApiError("DBClusterSnapshotAlreadyExistsFault")
        owner = self.clusters[params["DBClusterIdentifier"]]
        made = snapshot(
            name,
            region=self.region,
            Status="creating",
            DBClusterIdentifier=owner["DBClusterIdentifier"],
            DbClusterResourceId=owner["DbClusterResourceId"],
            TagList=params["Tags"],
        )
        made.pop("SnapshotCreateTime")
        self.snapshots[name] = made
        self._will(name, "creating", "available")
        return {"DBClusterSnapshot": made}

    def do_DeleteDBClusterSnapshot(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"DBClusterSnapshot": self.snapshots.pop(params["DBClusterSnapshotIdentifier"])}

    def do_StartDBCluster(self, params: dict[str, Any]) -> dict[str, Any]:
        self.coming[params["DBClusterIdentifier"]] = ["starting", "available"]
        return {"DBCluster": self.clusters[params["DBClusterIdentifier"]]}

    def do_DeleteDBInstance(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.instances[params["DBInstanceIdentifier"]]
        if found["DBInstanceStatus"] == "deleting":
            raise ApiError("InvalidDBInstanceState", "Instance is already being deleted.")
        found["DBInstanceStatus"] = "deleting"
        return {"DBInstance": found}

    def do_DeleteDBCluster(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params["DBClusterIdentifier"]
        if self.clusters[name].get("DeletionProtection"):
            raise ApiError("InvalidParameterCombination", "Cannot delete protected Cluster")
        if any(item["DBInstanceStatus"] != "deleting" for item in self.instances.values()):
            raise ApiError("InvalidDBClusterStateFault", "it still contains DB instances in non-deleting state.")
        final = params.get("FinalDBSnapshotIdentifier")
        if final:
            self.snapshots[final] = snapshot(final, region=self.region, DBClusterIdentifier=name)
        self.clusters[name]["Status"] = "deleting"
        self.coming[name] = ["deleting", None]
        return {"DBCluster": self.clusters[name]}

    def do_ModifyDBCluster(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params["DBClusterIdentifier"]
        found = self.clusters[name]
        if "MasterUserPassword" in params:
            self.coming[name] = ["available", "resetting-master-credentials", "available"]
        for key in (
            "BackupRetentionPeriod",
            "PreferredBackupWindow",
            "PreferredMaintenanceWindow",
            "DeletionProtection",
        ):
            if key in params:
                found[key] = params[key]
        found.update(settings(params))
        return {"DBCluster": found}

    def do_RestoreDBClusterFromSnapshot(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params["DBClusterIdentifier"]
        if name in self.clusters:
            raise ApiError("DBClusterAlreadyExistsFault")
        made = cluster(
            name,
            DbClusterResourceId="cluster-NEW",
            Status="creating",
            EngineVersion=params["EngineVersion"],
            BackupRetentionPeriod=1,
            PreferredMaintenanceWindow="mon:01:00-mon:01:30",
            PreferredBackupWindow="09:00-09:30",
            TagList=params["Tags"],
            **{"EnabledCloudwatchLogsExports": [], **settings(params)},
        )
        self.clusters[name] = made
        self._will(name, "creating", "available")
        return {"DBCluster": made}

    def do_CreateDBInstance(self, params: dict[str, Any]) -> dict[str, Any]:
        name = params["DBInstanceIdentifier"]
        if name in self.instances:
            raise ApiError("DBInstanceAlreadyExists")
        shown = {key: value for key, value in params.items() if key in MEMBER_SETTINGS}
        shown["PerformanceInsightsEnabled"] = params.get("EnablePerformanceInsights", False)
        shown["TagList"] = params.get("Tags", [])
        group = params.get("DBParameterGroupName", f"default.{FAMILY}")
        shown["DBParameterGroups"] = [{"DBParameterGroupName": group}]
        self.instances[name] = instance(name, params["DBClusterIdentifier"], DBInstanceStatus="creating", **shown)
        self._will(name, "creating", "available")
        return {"DBInstance": self.instances[name]}

    def do_AddTagsToResource(self, params: dict[str, Any]) -> dict[str, Any]:
        for table, key in ((self.clusters, "DBClusterArn"), (self.snapshots, "DBClusterSnapshotArn")):
            for item in table.values():
                if item[key] == params["ResourceName"]:
                    item["TagList"] = [*item["TagList"], *params["Tags"]]
        return {}

    def do_AddRoleToDBCluster(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.clusters[params["DBClusterIdentifier"]]
        role = {"RoleArn": params["RoleArn"], "FeatureName": params["FeatureName"], "Status": "ACTIVE"}
        found["AssociatedRoles"] = [role]
        return {}

    def do_DescribeDBSubnetGroups(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"DBSubnetGroups": [{"DBSubnetGroupName": params["DBSubnetGroupName"]}]}

    def do_DescribeDBClusterParameterGroups(self, params: dict[str, Any]) -> dict[str, Any]:
        group = {"DBClusterParameterGroupName": params["DBClusterParameterGroupName"], "DBParameterGroupFamily": FAMILY}
        return {"DBClusterParameterGroups": [group]}

    def do_DescribeDBParameterGroups(self, params: dict[str, Any]) -> dict[str, Any]:
        group = {"DBParameterGroupName": params["DBParameterGroupName"], "DBParameterGroupFamily": FAMILY}
        return {"DBParameterGroups": [group]}

    def do_DescribeDBEngineVersions(self, params: dict[str, Any]) -> dict[str, Any]:
        family = f"aurora-postgresql{params['EngineVersion'].partition('.')[0]}"
        return {"DBEngineVersions": [{"EngineVersion": params["EngineVersion"], "DBParameterGroupFamily": family}]}
