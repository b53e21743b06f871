# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is decided from wishes and world: snapshot, configuration, key, and where each step stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import standing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    Decision,
    Surroundings,
    Wishes,
    World,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import capture
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.copying import CopyWish, matching_copy
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import is_own
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    TAG_RESTORED,
    Cluster,
    Snapshot,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import judge, newest_usable


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


def existing_copy(_wishes: Wishes, world: World, decision: Decision, around: Surroundings) -> Snapshot | None:
    wish = copy_wish(decision, around)
    return matching_copy(world.target_snapshots.value or [], wish) if wish else None
