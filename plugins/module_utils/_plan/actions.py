# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run does, call by call, in order. Pure, and decided with the functions that the run itself decides with.

An action has ``step``, ``how`` (see ``standing``), ``action`` (words), ``service`` and ``call`` (null where nothing is
called: something is used as it is, waited for, or left out) and ``resource`` (the name that it is done to). Calls that
may have to be repeated are listed once. The operation's own records in the state table are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import decisions, standing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.standing import Stand
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    Decision,
    Surroundings,
    Wishes,
    World,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import naming, parameters, restoring
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.copying import same_origin
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import AVAILABLE, DELETING

Action = dict[str, Any]
# With names that only the run itself can give
ALL_OTHER_LOGINS = "all other logins"
ALL_OTHER_DATABASES = "all other databases"


def actions(wishes: Wishes, world: World, decision: Decision, around: Surroundings) -> list[Action]:
    """What a run does after preflight, in order; each step that calls nothing has one entry that says why."""
    by_step = {stand.step: stand for stand in decisions.stands(wishes, world, decision, around)}
    planned = {
        "snapshot_check": _check_actions(decision),
        "snapshot_copy": _copy_actions(wishes, world, decision, around, by_step["snapshot_copy"]),
        "cluster_delete": _delete_actions(wishes, world, by_step["cluster_delete"]),
        "cluster_restore": _restore_actions(wishes, world, decision, by_step["cluster_restore"]),
        "db_users": _user_actions(wishes, world, by_step["db_users"]),
        "notification": _notify_actions(wishes, by_step["notification"]),
    }
    result: list[Action] = []
    for step, listed in planned.items():
        result += list(listed) or [_action(by_step[step], by_step[step].why, None, _subject(wishes, step))]
    return result


def changing(planned: Sequence[Action]) -> list[Action]:
    """Those that change something."""
    return [item for item in planned if item["call"]]


def _action(stand: Stand, action: str, call: str | None, resource: str | None, service: str = "rds") -> Action:
    return {
        "step": stand.step,
        "how": stand.how,
        "action": action,
        "service": service if call else None,
        "call": call,
        "resource": resource,
    }


def _subject(wishes: Wishes, step: str) -> str | None:
    return wishes.sns_topic_arn if step == "notification" else wishes.target_cluster_id


def _check_actions(decision: Decision) -> Iterator[Action]:
    if decision.snapshot is not None:
        yield _action(Stand("snapshot_check", standing.REUSE, ""), "use snapshot", None, decision.snapshot.arn)


def _copy_actions(
    wishes: Wishes, world: World, decision: Decision, around: Surroundings, stand: Stand
) -> Iterator[Action]:
    wish = decisions.copy_wish(decision, around)
    if wish is None or stand.how == standing.SKIP:
        return
    present = world.target_snapshots.value or []
    copy = decisions.existing_copy(wishes, world, decision, around)
    if copy is not None:
        yield _action(stand, "use copy" if copy.status == AVAILABLE else "wait for copy in flight", None, copy.id)
        return
    # A copy that failed has its name until it is deleted.
    if any(item.id == wish.id and same_origin(item, wish) for item in present):
        yield _action(stand, "delete failed copy", "DeleteDBClusterSnapshot", wish.id)
    yield _action(stand, "copy snapshot", "CopyDBClusterSnapshot", wish.id)


def _delete_actions(wishes: Wishes, world: World, stand: Stand) -> Iterator[Action]:
    cluster, snapshots = world.target.value, world.target_snapshots.value or []
    if cluster is None or stand.how in (standing.SKIP, standing.REFUSE):
        return
    final = final_snapshot(wishes, cluster, snapshots)
    if cluster.status == DELETING:
        yield _action(stand, "wait until it is deleted", None, cluster.id)
        if wishes.final_snapshot == "at_delete" and final is not None:
            yield _action(stand, "tag final snapshot", "AddTagsToResource", final.id)
        return
    if stand.how == standing.REMOVE:
        wishes = replace(wishes, final_snapshot="none")
    elif cluster.status == "stopped":
        yield _action(stand, "start cluster", "StartDBCluster", cluster.id)
    name = final_snapshot_id(wishes, cluster)
    if wishes.final_snapshot == "before":
        yield from _final_snapshot_actions(stand, name, final)
    if cluster.deletion_protection:
        yield _action(stand, "lift deletion protection", "ModifyDBCluster", cluster.id)
    for instance in sorted(cluster.instances, key=lambda item: item.is_writer):
        if instance.status != DELETING:
            yield _action(stand, "delete instance", "DeleteDBInstance", instance.id)
    at_delete = wishes.final_snapshot == "at_delete"
    what = f"delete cluster with final snapshot {name}" if at_delete else "delete cluster"
    yield _action(stand, what, "DeleteDBCluster", cluster.id)
    if at_delete and wishes.operation_id:
        yield _action(stand, "tag final snapshot", "AddTagsToResource", name)


def _final_snapshot_actions(stand: Stand, name: str, final: Snapshot | None) -> Iterator[Action]:
    if final is not None and final.status != "failed":
        yield _action(stand, "use final snapshot", None, name)
        return
    if final is not None:
        yield _action(stand, "delete failed final snapshot", "DeleteDBClusterSnapshot", name)
    yield _action(stand, "take final snapshot", "CreateDBClusterSnapshot", name)


def final_snapshot_id(wishes: Wishes, cluster: Cluster) -> str:
    """The name that the final snapshot of the target gets, by the rule."""
    return naming.final_snapshot_id(cluster.id, naming.short_key(wishes.operation_id, cluster.resource_id))


def final_snapshot(wishes: Wishes, cluster: Cluster, snapshots: Sequence[Snapshot]) -> Snapshot | None:
    """What there is of that name."""
    name = final_snapshot_id(wishes, cluster)
    return next((item for item in snapshots if item.id == name), None)


def _restore_actions(wishes: Wishes, world: World, decision: Decision, stand: Stand) -> Iterator[Action]:
    """As ``restoring.restore`` does it: cluster, writer, settings, readers, roles, tags, protection, mark."""
    configuration = decision.configuration
    cluster = world.target.value if stand.how in (standing.ADOPT, standing.REUSE) else None
    cluster_id = wishes.target_cluster_id
    if cluster is None:
        yield _action(stand, "restore cluster", "RestoreDBClusterFromSnapshot", cluster_id)
    names = member_names(wishes, decision, cluster)
    present = {item.id for item in cluster.instances} if cluster else set()
    absent = [name for name in names if name not in present]
    if names and names[0] in absent:
        yield _action(stand, "create writer", "CreateDBInstance", names[0])
    if _settings_differ(wishes, decision, cluster, stand):
        yield _action(stand, "set master password and settings", "ModifyDBCluster", cluster_id)
    for name in absent:
        if name != names[0]:
            yield _action(stand, "create reader", "CreateDBInstance", name)
    for role in _missing_roles(decision, cluster):
        yield _action(stand, f"add role {role}", "AddRoleToDBCluster", cluster_id)
    if cluster and restoring.missing_tags(cluster, _wish(wishes, decision)):
        yield _action(stand, "add tags", "AddTagsToResource", cluster_id)
    if bool(configuration.get("deletion_protection")) != bool(cluster and cluster.deletion_protection):
        on = bool(configuration.get("deletion_protection"))
        yield _action(stand, f"switch deletion protection {'on' if on else 'off'}", "ModifyDBCluster", cluster_id)
    if cluster is None or not restoring.is_complete(cluster):
        yield _action(stand, "mark as complete", "AddTagsToResource", cluster_id)


def member_names(wishes: Wishes, decision: Decision, cluster: Cluster | None) -> list[str]:
    """The ids that the members get, writer first; of an unfinished restore, those that exist keep theirs."""
    wanted = decision.configuration.get("instances") or []
    if cluster is not None:
        return restoring.member_names(cluster, _wish(wishes, decision), wishes.operation_id)
    if wishes.operation_id is None:
        # Then named after the cluster's resource id, which only the restore gives.
        return [f"{wishes.target_cluster_id} member {number}" for number in range(1, len(wanted) + 1)]
    key = naming.short_key(wishes.operation_id, "")
    return [naming.member_id(wishes.target_cluster_id, key, number) for number in range(1, len(wanted) + 1)]


def _wish(wishes: Wishes, decision: Decision) -> restoring.RestoreWish:
    """As the run would have it, as far as decisions look at it."""
    return restoring.RestoreWish(wishes.target_cluster_id, {}, decision.configuration)


def _settings_differ(wishes: Wishes, decision: Decision, cluster: Cluster | None, stand: Stand) -> bool:
    """A new master password is set until the restore was complete once; other settings where they differ."""
    if cluster is None or (stand.how == standing.ADOPT and wishes.master_secret_id):
        return True
    settings = {key: value for key, value in decision.configuration.items() if key != "deletion_protection"}
    return bool(parameters.modify_parameters(cluster, settings))


def _missing_roles(decision: Decision, cluster: Cluster | None) -> list[str]:
    wanted = decision.configuration.get("associated_roles") or []
    missing = parameters.missing_roles(cluster, wanted) if cluster else wanted
    return [str(role["role_arn"]) for role in missing]


def _user_actions(wishes: Wishes, world: World, stand: Stand) -> Iterator[Action]:
    """Which statements are needed only the restored data can tell; whom they are about is known."""
    if stand.how == standing.REUSE:
        return
    secret = world.app_secret.value or {}
    for key, may in (("app_username", "read and write"), ("readonly_username", "only read")):
        if secret.get(key):
            what = f"make a login with the secret's password, to {may}"
            yield _action(stand, what, "CREATE ROLE or ALTER ROLE", secret[key], "sql")
    if wishes.other_logins == "disable":
        yield _action(stand, "shut out", "ALTER ROLE", ALL_OTHER_LOGINS, "sql")
    for database in databases(wishes, world):
        yield _action(stand, "grant to the users what they lack, and revoke the rest", "GRANT, REVOKE", database, "sql")
    yield _action(stand, "revoke what lets the read-only user write", "REVOKE", ALL_OTHER_DATABASES, "sql")


def databases(wishes: Wishes, world: World) -> list[str]:
    """Where the users are set up."""
    named = (world.master_secret.value or {}).get("database")
    return list(wishes.databases or ([named] if named else []))


def _notify_actions(wishes: Wishes, stand: Stand) -> Iterator[Action]:
    if stand.how == standing.START:
        yield _action(stand, "tell people", "Publish", wishes.sns_topic_arn, "sns")
