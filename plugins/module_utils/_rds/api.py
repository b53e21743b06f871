# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One function per AWS call of RDS, KMS, EC2, STS and Application Auto Scaling; nothing else touches boto.

``describe_*`` returns everything that matches, ``find_*`` one resource or None. All return AWS's own structure (see
models.py for ours) and raise AwsError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, aws_call, paginate
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError

Boto = Mapping[str, Any]

CLUSTER_GONE = frozenset(("DBClusterNotFoundFault",))
INSTANCE_GONE = frozenset(("DBInstanceNotFound",))  # without "Fault", as the codes of instances are
SNAPSHOT_GONE = frozenset(("DBClusterSnapshotNotFoundFault",))


# ---- clusters


@aws_call("DescribeDBClusters")
def describe_clusters(client: Client, cluster_id: str | None = None) -> list[Boto]:
    """All clusters of the region, or the one of that id.

    :raises AwsError: DBClusterNotFoundFault for an id that does not exist.
    """
    params = {"DBClusterIdentifier": cluster_id} if cluster_id else {}
    return list(paginate(client, "describe_db_clusters", "DBClusters", **params))


def find_cluster(client: Client, cluster_id: str) -> Boto | None:
    """The cluster of that id (or ARN), or None."""
    try:
        found = describe_clusters(client, cluster_id)
    except AwsError as error:
        if error.code in CLUSTER_GONE:
            return None
        raise
    return found[0] if found else None


def find_cluster_by_resource_id(client: Client, resource_id: str) -> Boto | None:
    """The cluster with that DbClusterResourceId, whatever its name is now, or None."""
    return next((item for item in describe_clusters(client) if item.get("DbClusterResourceId") == resource_id), None)


@aws_call("RestoreDBClusterFromSnapshot", "DBClusterIdentifier")
def restore_cluster(client: Client, **params: Any) -> Boto:
    """Start a restore; params as AWS names them (parameters.restore_cluster_parameters builds them)."""
    return client.restore_db_cluster_from_snapshot(**params)["DBCluster"]  # type: ignore[no-any-return]


@aws_call("ModifyDBCluster", "DBClusterIdentifier")
def modify_cluster(client: Client, **params: Any) -> Boto:
    """Modify a cluster; params as AWS names them."""
    return client.modify_db_cluster(**params)["DBCluster"]  # type: ignore[no-any-return]


@aws_call("StartDBCluster")
def start_cluster(client: Client, cluster_id: str) -> Boto:
    """Start a stopped cluster with its instances."""
    return client.start_db_cluster(DBClusterIdentifier=cluster_id)["DBCluster"]  # type: ignore[no-any-return]


@aws_call("DeleteDBCluster")
def delete_cluster(client: Client, cluster_id: str, final_snapshot_id: str | None = None) -> Boto:
    """Start deleting a cluster; with final_snapshot_id AWS takes that snapshot first, else none."""
    last: dict[str, Any] = (
        {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": final_snapshot_id}
        if final_snapshot_id
        else {"SkipFinalSnapshot": True}
    )
    return client.delete_db_cluster(DBClusterIdentifier=cluster_id, **last)["DBCluster"]  # type: ignore[no-any-return]


@aws_call("AddRoleToDBCluster")
def add_role_to_cluster(client: Client, cluster_id: str, role_arn: str, feature_name: str | None = None) -> None:
    """Associate an IAM role with a cluster."""
    feature = {"FeatureName": feature_name} if feature_name else {}
    client.add_role_to_db_cluster(DBClusterIdentifier=cluster_id, RoleArn=role_arn, **feature)


@aws_call("DescribeDBClusterEndpoints")
def describe_custom_endpoints(client: Client, cluster_id: str) -> list[Boto]:
    """The custom endpoints of a cluster."""
    found = paginate(client, "describe_db_cluster_endpoints", "DBClusterEndpoints", DBClusterIdentifier=cluster_id)
    return [item for item in found if item.get("EndpointType") == "CUSTOM"]


@aws_call("AddTagsToResource", "arn")
def add_tags(client: Client, *, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
    """Add or overwrite tags (boto form) on an RDS resource."""
    client.add_tags_to_resource(ResourceName=arn, Tags=list(tags))


# ---- instances


@aws_call("DescribeDBInstances")
def describe_instances(client: Client, cluster_id: str) -> list[Boto]:
    """The member instances of a cluster."""
    filters = [{"Name": "db-cluster-id", "Values": [cluster_id]}]
    found = paginate(client, "describe_db_instances", "DBInstances", Filters=filters)
    return [item for item in found if str(item.get("DBClusterIdentifier", "")).lower() == cluster_id.lower()]


@aws_call("DescribeDBInstances")
def _describe_instance(client: Client, instance_id: str) -> list[Boto]:
    return list(client.describe_db_instances(DBInstanceIdentifier=instance_id)["DBInstances"])


def find_instance(client: Client, instance_id: str) -> Boto | None:
    """The instance of that id, or None."""
    try:
        found = _describe_instance(client, instance_id)
    except AwsError as error:
        if error.code in INSTANCE_GONE:
            return None
        raise
    return found[0] if found else None


@aws_call("CreateDBInstance", "DBInstanceIdentifier")
def create_instance(client: Client, **params: Any) -> Boto:
    """Start creating a member; params as AWS names them (parameters.create_instance_parameters builds them)."""
    return client.create_db_instance(**params)["DBInstance"]  # type: ignore[no-any-return]


@aws_call("DeleteDBInstance")
def delete_instance(client: Client, instance_id: str) -> Boto:
    """Start deleting a cluster member; members of a cluster have no final snapshot of their own."""
    return client.delete_db_instance(  # type: ignore[no-any-return]
        DBInstanceIdentifier=instance_id, SkipFinalSnapshot=True
    )["DBInstance"]


# ---- cluster snapshots


@aws_call("DescribeDBClusterSnapshots")
def describe_snapshots(
    client: Client,
    cluster_id: str | None = None,
    snapshot_id: str | None = None,
    snapshot_type: str | None = None,
) -> list[Boto]:
    """Cluster snapshots of the region.

    :param cluster_id: only those of this cluster (AWS takes either this or snapshot_id).
    :param snapshot_id: only the one of that id or ARN.
    :param snapshot_type: automated, manual or shared; left out, automated and manual ones.
    :raises AwsError: DBClusterSnapshotNotFoundFault for an id that does not exist.
    """
    params = {
        "DBClusterIdentifier": cluster_id,
        "DBClusterSnapshotIdentifier": snapshot_id,
        "SnapshotType": snapshot_type,
    }
    given = {name: value for name, value in params.items() if value}
    return list(paginate(client, "describe_db_cluster_snapshots", "DBClusterSnapshots", **given))


def find_snapshot(client: Client, snapshot_id: str) -> Boto | None:
    """The cluster snapshot of that id or ARN, or None. Automated ones (``rds:…``) and shared ones are found as well."""
    name = snapshot_id.rpartition(":cluster-snapshot:")[2]
    # An automated snapshot asked for by id is only found together with its type.
    found = _snapshot_or_none(client, name, "automated" if name.startswith("rds:") else None)
    if name == snapshot_id or (found and found["DBClusterSnapshotArn"] == snapshot_id):
        return found
    # The ARN is of another account.
    return _snapshot_or_none(client, snapshot_id, "shared")


def _snapshot_or_none(client: Client, snapshot_id: str, snapshot_type: str | None) -> Boto | None:
    try:
        found = describe_snapshots(client, snapshot_id=snapshot_id, snapshot_type=snapshot_type)
    except AwsError as error:
        if error.code in SNAPSHOT_GONE:
            return None
        raise
    return found[0] if found else None


@aws_call("CopyDBClusterSnapshot", "TargetDBClusterSnapshotIdentifier")
def copy_snapshot(client: Client, **params: Any) -> Boto:
    """Start a copy into the client's region; params as AWS names them (parameters.copy_snapshot_parameters)."""
    return client.copy_db_cluster_snapshot(**params)["DBClusterSnapshot"]  # type: ignore[no-any-return]


@aws_call("CreateDBClusterSnapshot")
def create_snapshot(client: Client, cluster_id: str, snapshot_id: str, tags: Sequence[Mapping[str, str]]) -> Boto:
    """Start a manual snapshot of a cluster; tags in boto form."""
    return client.create_db_cluster_snapshot(  # type: ignore[no-any-return]
        DBClusterIdentifier=cluster_id, DBClusterSnapshotIdentifier=snapshot_id, Tags=list(tags)
    )["DBClusterSnapshot"]


@aws_call("DeleteDBClusterSnapshot")
def delete_snapshot(client: Client, snapshot_id: str) -> Boto:
    """Delete a manual snapshot; one still being copied is cancelled."""
    return client.delete_db_cluster_snapshot(  # type: ignore[no-any-return]
        DBClusterSnapshotIdentifier=snapshot_id
    )["DBClusterSnapshot"]


# ---- what a restore refers to


@aws_call("DescribeDBSubnetGroups")
def describe_subnet_group(client: Client, name: str) -> Boto:
    """A subnet group. :raises AwsError: DBSubnetGroupNotFoundFault."""
    return client.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]  # type: ignore[no-any-return]


@aws_call("DescribeDBClusterParameterGroups")
def describe_cluster_parameter_group(client: Client, name: str) -> Boto:
    """A cluster parameter group. :raises AwsError: DBParameterGroupNotFound (sic)."""
    found = client.describe_db_cluster_parameter_groups(DBClusterParameterGroupName=name)
    return found["DBClusterParameterGroups"][0]  # type: ignore[no-any-return]


@aws_call("DescribeDBParameterGroups")
def describe_parameter_group(client: Client, name: str) -> Boto:
    """An instance parameter group. :raises AwsError: DBParameterGroupNotFound."""
    return client.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"][0]  # type: ignore[no-any-return]


@aws_call("DescribeOrderableDBInstanceOptions", "instance_class")
def describe_orderable_options(client: Client, *, engine: str, engine_version: str, instance_class: str) -> list[Boto]:
    """Offers of an instance class for an engine version in the region; empty when it is not offered."""
    return list(
        paginate(
            client,
            "describe_orderable_db_instance_options",
            "OrderableDBInstanceOptions",
            Engine=engine,
            EngineVersion=engine_version,
            DBInstanceClass=instance_class,
        )
    )


@aws_call("DescribeDBEngineVersions", "engine_version")
def describe_engine_versions(client: Client, *, engine: str, engine_version: str) -> list[Boto]:
    """The engine versions of that name which the region offers; empty when it does not."""
    return list(
        paginate(client, "describe_db_engine_versions", "DBEngineVersions", Engine=engine, EngineVersion=engine_version)
    )


@aws_call("DescribeAccountAttributes")
def describe_account_quotas(client: Client) -> list[Boto]:
    """RDS quotas of the account in the region: AccountQuotaName, Used, Max."""
    return list(client.describe_account_attributes()["AccountQuotas"])


@aws_call("DescribeEvents", "source_id")
def describe_cluster_events(client: Client, *, source_id: str, minutes: int = 1440) -> list[Boto]:
    """What RDS says happened to a cluster lately (Message, Date): the reason of a failed restore is only here."""
    return list(
        paginate(
            client,
            "describe_events",
            "Events",
            SourceIdentifier=source_id,
            SourceType="db-cluster",
            Duration=minutes,
        )
    )


@aws_call("DescribeKey")
def describe_key(client: Client, key_id: str) -> Boto:
    """KeyMetadata of a KMS key, given as id, ARN or alias (``alias/…``); client is one of kms.

    :raises AwsError: NotFoundException.
    """
    return client.describe_key(KeyId=key_id)["KeyMetadata"]  # type: ignore[no-any-return]


@aws_call("DescribeSecurityGroups")
def describe_security_groups(client: Client, *group_ids: str) -> list[Boto]:
    """The security groups of these ids that exist; client is one of ec2.

    By filter: asked for by id, one that is missing fails all.
    """
    filters = [{"Name": "group-id", "Values": list(group_ids)}]
    return list(paginate(client, "describe_security_groups", "SecurityGroups", Filters=filters))


@aws_call("DescribeScalingPolicies", "cluster_id")
def describe_scaling_policies(client: Client, *, cluster_id: str) -> list[Boto]:
    """Replica autoscaling policies of a cluster; client is one of application-autoscaling."""
    return list(
        paginate(
            client,
            "describe_scaling_policies",
            "ScalingPolicies",
            ServiceNamespace="rds",
            ResourceId=f"cluster:{cluster_id}",
        )
    )


@aws_call("GetCallerIdentity")
def caller_identity(client: Client) -> Boto:
    """Account, Arn and UserId of the credentials; client is one of sts."""
    return client.get_caller_identity()  # type: ignore[no-any-return]
