# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is decided from wishes and world: snapshot, configuration, key, and the actions in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import standing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    Decision,
    Surroundings,
    Wishes,
    World,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import capture, naming
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.copying import CopyWish, matching_copy
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import is_own
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    TAG_RESTORED,
    Cluster,
    Snapshot,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import judge, newest_usable
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import DELETING

Action = dict[str, Any]


def decide(wishes: Wishes, world: World, now: datetime) -> Decision:
    """Snapshot, captured and wanted configuration, and key."""
    snapshot = newest_usable(judge(world.snapshots.value or [], wishes.snapshot, now))
    captured = captured_configuration(wishes, world)
    wanted = {key: value for key, value in wishes.overrides.items() if value is not None}
    configuration = capture.merge(base_configuration(captured, snapshot), wanted)
    key = wishes.kms_key_id or configuration.get("kms_key_id")
    return Decision(snapshot, captured, {**configuration, "kms_key_id": key}, key)


def captured_configuration(wishes: Wishes, world: World) -> dict[str, Any] | None:
    """The configuration to carry over: of the live target, unless failed operations have left only a part of it."""
    cluster = world.target.value
    previous = dict(wishes.previous_configuration) if wishes.previous_configuration else None
    if wishes.resumed and wishes.resumed.replaced:
        return previous  # captured before the target began to be removed
    if cluster is None or (previous and (is_wreck(cluster, wishes) or is_remainder(cluster, wishes))):
        return previous
    return capture.captured(cluster, world.custom_endpoints.value or [], world.scaling_policies.value or [])


def is_wreck(cluster: Cluster, wishes: Wishes) -> bool:
    """Whether it is a restore that one of the failed operations began and did not complete."""
    tags = cluster.tags
    return tags.get(TAG_OPERATION) in wishes.previous_operations and not tags.get(TAG_RESTORED)


def is_remainder(cluster: Cluster, wishes: Wishes) -> bool:
    """Whether it is what is left of the cluster that a failed operation had begun to remove."""
    since, created = wishes.previous_deleting_since, cluster.boto.get("ClusterCreateTime")
    return since is not None and created is not None and bool(created < datetime.fromisoformat(since))


def base_configuration(captured: Mapping[str, Any] | None, snapshot: Snapshot | None) -> dict[str, Any]:
    """The captured configuration with engine and version of the snapshot, and its port if none was captured."""
    base = dict(captured or {})
    if snapshot is not None:
        base.update(engine=snapshot.engine, engine_version=snapshot.engine_version)
        base.setdefault("port", snapshot.boto.get("Port") or None)
    return base


def resolved_configuration(decision: Decision, around: Surroundings) -> dict[str, Any]:
    """The wanted configuration with the key's ARN in place of an alias or id."""
    arn = (around.key.value or {}).get("Arn")
    return {**decision.configuration, "kms_key_id": arn or decision.kms_key_id}


def differences(captured: Mapping[str, Any] | None, configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Which keys the new cluster has different from the one it replaces: key, before, after."""
    if captured is None:
        return []
    return [
        {"key": key, "before": captured.get(key), "after": value}
        for key, value in configuration.items()
        if key != "lost" and (captured.get(key) or None) != (value or None)
    ]


def actions(wishes: Wishes, world: World, decision: Decision, around: Surroundings) -> list[Action]:
    """What a run does, in order: step, action, call (the AWS action, or null), resource."""
    how = {stand.step: stand.how for stand in stands(wishes, world, decision, around)}
    cluster = world.target.value
    told = how["notification"] == standing.START
    return [
        *_copy_actions(wishes, world, decision, around),
        *_delete_actions(wishes, cluster, how["cluster_delete"], world.target_snapshots.value or []),
        *_restore_actions(wishes, decision, cluster, how["cluster_restore"]),
        _action("db_users", "set up users", None, wishes.target_cluster_id),
        *([_action("notification", "publish", "Publish", wishes.sns_topic_arn)] if told else []),
    ]


def stands(wishes: Wishes, world: World, decision: Decision, around: Surroundings) -> list[standing.Stand]:
    """How each step stands: what is there already, and what is left to do."""
    needed = needs_copy(wishes, decision, around)
    return standing.stands(wishes, world.target.value, needed, existing_copy(wishes, world, decision, around))


def replaced_resource_id(wishes: Wishes, cluster: Cluster | None) -> str | None:
    """The resource id of the cluster that is, or was, replaced; None when there is, or was, none."""
    if wishes.resumed and wishes.resumed.replaced:
        known = wishes.resumed.replaced.get("resource_id")
        return str(known) if known else None
    return cluster.resource_id if cluster and not is_own(cluster, wishes.operation_id) else None


def copy_wish(decision: Decision, around: Surroundings) -> CopyWish | None:
    """The copy that is needed, if there is a snapshot."""
    if decision.snapshot is None:
        return None
    arn = (around.key.value or {}).get("Arn")
    return CopyWish(decision.snapshot, str(arn) if arn else decision.kms_key_id)


def needs_copy(wishes: Wishes, decision: Decision, around: Surroundings) -> bool:
    """Whether the snapshot has to be copied: it is of another region or under another key."""
    wish = copy_wish(decision, around)
    if wish is None:
        return False
    same_key = wish.copy_key is None or wish.copy_key == wish.source.kms_key_id
    return wish.source_region != wishes.target_region or not same_key


def existing_copy(wishes: Wishes, world: World, decision: Decision, around: Surroundings) -> Snapshot | None:
    wish = copy_wish(decision, around)
    return matching_copy(world.target_snapshots.value or [], wish) if wish else None


def _action(step: str, action: str, call: str | None, resource: str | None) -> Action:
    return {"step": step, "action": action, "call": call, "resource": resource}


def _copy_actions(wishes: Wishes, world: World, decision: Decision, around: Surroundings) -> Iterator[Action]:
    wish = copy_wish(decision, around)
    if wish is None:
        return
    yield _action("snapshot_check", "use snapshot", None, wish.source.arn)
    if not needs_copy(wishes, decision, around):
        return
    copy = existing_copy(wishes, world, decision, around)
    if copy is None:
        yield _action("snapshot_copy", "copy", "CopyDBClusterSnapshot", wish.id)
    else:
        yield _action("snapshot_copy", "reuse" if copy.status == "available" else "adopt", None, copy.id)


def _delete_actions(
    wishes: Wishes, cluster: Cluster | None, how: str, snapshots: Sequence[Snapshot]
) -> Iterator[Action]:
    if cluster is None or how == standing.SKIP or cluster.status == DELETING:
        return
    step, final = "cluster_delete", naming.final_snapshot_id(cluster.id, _key(wishes))
    if how == standing.REMOVE:
        wishes = replace(wishes, final_snapshot="none")
    if cluster.status == "stopped":
        yield _action(step, "start", "StartDBCluster", cluster.id)
    if wishes.final_snapshot == "before" and any(item.id == final and item.status != "failed" for item in snapshots):
        yield _action(step, "use final snapshot", None, final)
    elif wishes.final_snapshot == "before":
        yield _action(step, "take final snapshot", "CreateDBClusterSnapshot", final)
    if cluster.deletion_protection:
        yield _action(step, "lift deletion protection", "ModifyDBCluster", cluster.id)
    for instance in reversed([item for item in cluster.instances if item.status != DELETING]):
        yield _action(step, "delete instance", "DeleteDBInstance", instance.id)
    what = "delete cluster with final snapshot" if wishes.final_snapshot == "at_delete" else "delete cluster"
    yield _action(step, what, "DeleteDBCluster", cluster.id)


def _restore_actions(wishes: Wishes, decision: Decision, cluster: Cluster | None, how: str) -> Iterator[Action]:
    step, cluster_id = "cluster_restore", wishes.target_cluster_id
    if how == standing.REUSE:
        return
    if how == standing.START:
        yield _action(step, "restore cluster", "RestoreDBClusterFromSnapshot", cluster_id)
    present = {item.id for item in cluster.instances} if cluster and how == standing.ADOPT else set()
    for number, _instance in enumerate(decision.configuration.get("instances") or [], start=1):
        name = naming.member_id(cluster_id, _key(wishes), number)
        if name in present:
            continue
        yield _action(step, "create instance", "CreateDBInstance", name)
    yield _action(step, "set master password and settings", "ModifyDBCluster", cluster_id)


def _key(wishes: Wishes) -> str:
    return naming.short_key(wishes.operation_id, wishes.target_cluster_id)
