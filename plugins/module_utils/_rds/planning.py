# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster will be like once a call is made: for check mode. Pure.

Made of the very parameters that the call gets, in the form in which AWS answers, so that what check mode returns and
shows is what the run does. What only AWS knows is left out: resource id, endpoint, a zone or window that it picks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, arn_part
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.parameters import (
    MODIFIABLE,
    boto_tags,
    modify_parameters,
)

Boto = dict[str, Any]

PLANNED = "planned"
# Where an answer calls something differently than the call
ANSWERED: Mapping[str, str] = {
    "DBSubnetGroupName": "DBSubnetGroup",
    "EnableCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "Tags": "TagList",
    **dict(MODIFIABLE.values()),
}
# What an answer does not repeat, or not as it was said
NOT_ANSWERED = (
    "SnapshotIdentifier",
    "VpcSecurityGroupIds",
    "CloudwatchLogsExportConfiguration",
    "DBParameterGroupName",
)


def restored(call: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Cluster:
    """The cluster that RestoreDBClusterFromSnapshot makes; it has no members yet.

    :param snapshot: the snapshot in the target's region, a dict as snapshot_copy returns it.
    """
    return Cluster.from_boto(
        {
            **_answer(call),
            "DBClusterArn": _arn(snapshot, "cluster", call["DBClusterIdentifier"]),
            "Status": PLANNED,
            "MasterUsername": snapshot.get("master_username"),
            "StorageEncrypted": bool(call.get("KmsKeyId")),
        }
    )


def modified(cluster: Cluster, wanted: Mapping[str, Any]) -> Cluster:
    """The cluster once ModifyDBCluster has set what differs from the wanted configuration."""
    changes = modify_parameters(cluster, wanted)
    answer = _answer(changes)
    exports = changes.get("CloudwatchLogsExportConfiguration")
    if exports:
        kept = set(cluster.boto.get("EnabledCloudwatchLogsExports") or []) - set(exports.get("DisableLogTypes") or [])
        answer["EnabledCloudwatchLogsExports"] = sorted(kept | set(exports.get("EnableLogTypes") or []))
    scaling = answer.get("ServerlessV2ScalingConfiguration")
    if scaling:
        known = cluster.boto.get("ServerlessV2ScalingConfiguration") or {}
        answer["ServerlessV2ScalingConfiguration"] = {**known, **scaling}
    return _with(cluster, answer)


def joined(cluster: Cluster, calls: Sequence[Mapping[str, Any]]) -> Cluster:
    """The cluster once these CreateDBInstance have made members; the first one of a cluster is the writer."""
    present = list(cluster.boto.get("DBClusterMembers") or [])
    made = [_member(call) for call in calls]
    members = present + [{"DBInstanceIdentifier": item["DBInstanceIdentifier"]} for item in made]
    if members and not any(item.get("IsClusterWriter") for item in members):
        members[0] = {**members[0], "IsClusterWriter": True}
    return _with(cluster, {"DBClusterMembers": members}, made)


def associated(cluster: Cluster, roles: Sequence[Mapping[str, Any]]) -> Cluster:
    """The cluster once these roles are associated."""
    added = [{"RoleArn": item["role_arn"], "FeatureName": item.get("feature_name")} for item in roles]
    return _with(cluster, {"AssociatedRoles": [*(cluster.boto.get("AssociatedRoles") or []), *added]})


def tagged(cluster: Cluster, tags: Mapping[str, str]) -> Cluster:
    """The cluster once it has these tags too."""
    return _with(cluster, {"TagList": boto_tags({**cluster.tags, **tags})})


def planned_arn(cluster: Cluster, snapshot_id: str) -> str:
    """The ARN that a snapshot of a cluster will have."""
    start = cluster.arn.rpartition(":cluster:")[0]
    return f"{start}:cluster-snapshot:{snapshot_id}"


def _with(cluster: Cluster, answer: Mapping[str, Any], more_instances: Sequence[Boto] = ()) -> Cluster:
    return Cluster.from_boto({**cluster.boto, **answer}, [*(item.boto for item in cluster.instances), *more_instances])


def _answer(call: Mapping[str, Any]) -> Boto:
    """The parameters of a call, named as in its answer."""
    answer = {ANSWERED.get(name, name): value for name, value in call.items() if name not in NOT_ANSWERED}
    if "VpcSecurityGroupIds" in call:
        answer["VpcSecurityGroups"] = [{"VpcSecurityGroupId": item} for item in call["VpcSecurityGroupIds"]]
    return answer


def _member(call: Mapping[str, Any]) -> Boto:
    group = call.get("DBParameterGroupName")
    return {
        **_answer(call),
        "DBInstanceStatus": PLANNED,
        "DBParameterGroups": [{"DBParameterGroupName": group}] if group else [],
    }


def _arn(snapshot: Mapping[str, Any], kind: str, name: str) -> str:
    """An ARN of the caller's, or an empty text: a snapshot that another account shares does not tell whose."""
    arn = str(snapshot["db_cluster_snapshot_arn"])
    if snapshot.get("snapshot_type") == "shared" or not arn_part(arn, 4):
        return ""
    return ":".join([*arn.split(":")[:5], kind, name])
