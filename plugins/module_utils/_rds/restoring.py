# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restoring a cluster from a snapshot, with everything explicit, until it can be used. A second run goes on or repairs.

Order: cluster, writer, what only a modify can set (first of all the master password: until then the source's is
valid), readers, roles, deletion protection, the endpoint's answer, and last the tag that says it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    BadInput,
    Conflict,
    Denied,
    NotFound,
    Refused,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import (
    api,
    modifying,
    naming,
    parameters,
    planning,
    waiting,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.capture import missing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import family_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    TAG_RESTORED,
    TAG_SOURCE_ARN,
    Cluster,
    foreign_tags,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import DELETING, INSTANCE_TERMINAL

HINTS = {
    "DBClusterQuotaExceededFault": "Delete a cluster that is no longer needed, or ask AWS for a higher quota.",
    "InstanceQuotaExceeded": "Delete an instance that is no longer needed, or ask AWS for a higher quota.",
    "StorageQuotaExceeded": "Ask AWS for a higher storage quota.",
    "InsufficientDBInstanceCapacity": "AWS has no capacity for this class in this zone now: try later, or change "
    "db_instance_class or availability_zone of the instance.",
    "InsufficientDBClusterCapacityFault": "AWS has no capacity now: try later.",
    "InsufficientStorageClusterCapacity": "AWS has no storage capacity in these zones: try later, or another group.",
    "KMSKeyNotAccessibleFault": "Check that the key is enabled, and that the caller may use it (kms:DescribeKey, "
    "kms:CreateGrant).",
    "DBSubnetGroupNotFoundFault": "Set aurora_restore_db_subnet_group_name to a subnet group of the target region.",
    "DBSubnetGroupDoesNotCoverEnoughAZs": "The subnet group must cover at least two zones.",
    "DBClusterParameterGroupNotFound": "Set aurora_restore_db_cluster_parameter_group_name to a group of the region.",
    "DBParameterGroupNotFound": "Set db_parameter_group_name of the instance to a group of the region.",
    "InvalidDBClusterSnapshotStateFault": "The snapshot is not available (any more): choose another one.",
    "DBClusterSnapshotNotFoundFault": "The snapshot is gone: copy it again.",
    "InvalidVPCNetworkStateFault": "The security groups and the subnet group must belong to the same VPC.",
    "InvalidSubnet": "The subnets of the group must belong to one VPC.",
    "InvalidRestoreFault": "This kind of snapshot can't be restored into this kind of cluster.",
    "StorageTypeNotSupported": "Set storage_type to aurora.",
    "CertificateNotFound": "Set ca_certificate_identifier of the instance to a CA of the region.",
    "DBClusterRoleQuotaExceeded": "A cluster has at most five roles.",
}
CLUSTER_PARAMETERS = "aurora_restore_db_cluster_parameter_group_name"
INSTANCES = "aurora_restore_instances"


@dataclass(frozen=True)
class RestoreWish:
    """What is wanted.

    :param snapshot: a dict as snapshot_copy returns it.
    :param configuration: as capture.merge returns it.
    :param replaces: the resource id of the cluster whose place is taken.
    :param password: the master password, or None to leave the source's.
    :param always_set_password: also on a cluster that is complete already.
    """

    cluster_id: str
    snapshot: Mapping[str, Any]
    configuration: Mapping[str, Any]
    replaces: str | None = None
    password: str | None = field(default=None, repr=False)
    always_set_password: bool = False
    check_endpoint: bool = True

    @property
    def wanted_members(self) -> Sequence[Mapping[str, Any]]:
        return self.configuration.get("instances") or []

    @property
    def source_arn(self) -> str:
        return str(self.snapshot.get("source_snapshot_arn") or self.snapshot["db_cluster_snapshot_arn"])


@dataclass(frozen=True)
class Outcome:
    """What was done: restored, adopted, unchanged or planned; the cluster after, as it is or will be.

    before: the cluster that had the name, the replaced one included. unknown: what check mode could not look at.
    """

    action: str
    changed: bool
    cluster: Cluster | None
    before: Cluster | None = None
    unknown: Sequence[str] = ()


# Looks at what is outside RDS, given the subnet group: says what it could not see, raises on what can't be used.
Look = Callable[[api.Boto], Sequence[str]]


def restore(session: Session, wish: RestoreWish, look: Look = lambda subnet_group: ()) -> Outcome:
    """Make sure that the cluster is there, restored from the snapshot, configured and usable.

    :param look: called in check mode when the cluster would be restored.
    """
    absent = missing(wish.configuration)
    if absent:
        raise BadInput(
            f"The configuration of {wish.cluster_id} does not say: {', '.join(absent)}",
            resource=wish.cluster_id,
            hint="There is no cluster to take it from: give it (aurora_restore_configuration).",
        )
    before = session.cluster(wish.cluster_id)
    if before is not None and wish.replaces and before.resource_id == wish.replaces:
        _wait_for_the_old_one(session, before)
        return replace(_begin(session, wish, None, look), before=before)
    return _begin(session, wish, before, look)


def _begin(session: Session, wish: RestoreWish, before: Cluster | None, look: Look) -> Outcome:
    """Plan or do it, where the name is free or already the wanted cluster's."""
    if before is not None:
        check_provenance(before, wish, session.operation_id)
        waiting.raise_if_terminal(session.client, before)
    return _plan(session, wish, before, look) if session.check else _carry_out(session, wish, before)


def _wait_for_the_old_one(session: Session, old: Cluster) -> None:
    """The cluster that is replaced: gone in check mode, waited for while it is being deleted."""
    if session.check:
        return
    if old.status != DELETING:
        raise Refused(
            f"Cluster {old.id} ({old.resource_id}), which is to be replaced, is still there and {old.status}",
            resource=old.id,
            hint="Delete it first (cluster_delete).",
        )
    waiting.cluster_gone(session, old)


def check_provenance(cluster: Cluster, wish: RestoreWish, operation_id: str | None) -> None:
    """:raises Conflict: the cluster that has the name is not the one wanted here."""
    if cluster.status == DELETING:
        raise Conflict(
            f"Cluster {cluster.id} is being deleted", resource=cluster.id, hint="Wait until it is gone, then run again."
        )
    if operation_id:
        mine = cluster.tags.get(TAG_OPERATION) == operation_id
    else:
        mine = cluster.tags.get(TAG_SOURCE_ARN) == wish.source_arn
    if not mine:
        origin = cluster.tags.get(TAG_SOURCE_ARN)
        raise Conflict(
            f"Cluster {cluster.id} already exists ({cluster.resource_id}, {cluster.status}) and "
            + (f"was restored from {origin} by another operation" if origin else "was not made by this operation"),
            resource=cluster.id,
            hint="Nothing was changed. If it is to be replaced, delete it first (cluster_delete).",
        )


def _plan(session: Session, wish: RestoreWish, before: Cluster | None, look: Look) -> Outcome:
    """What would be done; fails on what would fail."""
    if before is None:
        _check_snapshot(session, wish)
        subnet_group, unknown = check_groups(session, wish)
        unknown = [*unknown, *look(subnet_group)]
        return Outcome("planned", True, _foreseen(session, wish, None), unknown=unknown)
    if not session.wait:
        return Outcome("adopted", False, before, before)
    waiting.raise_if_stopped(before)
    sets_password = wish.always_set_password and wish.password is not None
    if is_complete(before) and not drift(before, wish) and not sets_password:
        return Outcome("unchanged", False, before, before)
    _subnet_group, unknown = check_groups(session, wish)
    return Outcome("planned", True, _foreseen(session, wish, before), before, unknown)


def _foreseen(session: Session, wish: RestoreWish, before: Cluster | None) -> Cluster:
    """The cluster that _carry_out ends with."""
    key = session.operation_id
    cluster = before or planning.restored(
        parameters.restore_cluster_parameters(wish.cluster_id, wish.snapshot, wish.configuration, key), wish.snapshot
    )
    present = {item.id for item in cluster.instances}
    members = [
        parameters.create_instance_parameters(cluster.id, cluster.engine, name, member, key)
        for name, member in zip(member_names(cluster, wish, key), wish.wanted_members, strict=True)
        if name not in present
    ]
    if before is None and not session.wait:
        return cluster
    cluster = planning.joined(planning.modified(cluster, wish.configuration), members)
    cluster = planning.associated(
        cluster, parameters.missing_roles(cluster, wish.configuration.get("associated_roles"))
    )
    done = {} if is_complete(cluster) else {TAG_RESTORED: key or "true"}
    return planning.tagged(cluster, {**missing_tags(cluster, wish), **done})


def check_groups(session: Session, wish: RestoreWish) -> tuple[api.Boto, Sequence[str]]:
    """The subnet group, and what could not be looked at.

    :raises RestoreError: a group that the restore refers to does not exist or does not fit.
    """
    configuration = wish.configuration
    names = sorted({str(item.get("db_parameter_group_name") or "") for item in wish.wanted_members} - {""})
    try:
        subnet_group = api.describe_subnet_group(session.client, configuration["db_subnet_group_name"])
        cluster_group = api.describe_cluster_parameter_group(
            session.client, configuration["db_cluster_parameter_group_name"]
        )
        groups = {name: api.describe_parameter_group(session.client, name) for name in names}
    except AwsError as error:
        raise explained(error) from error
    try:
        _check_families(session, wish, cluster_group, groups)
    except Denied as error:
        return subnet_group, [f"Whether the parameter groups fit the engine version is not known. {error}"]
    return subnet_group, ()


def _check_families(
    session: Session, wish: RestoreWish, cluster_group: api.Boto, groups: Mapping[str, api.Boto]
) -> None:
    """:raises BadInput: the region does not offer the snapshot's version, or a parameter group is not for it."""
    engine = str(wish.snapshot.get("engine") or wish.configuration.get("engine"))
    version = str(wish.snapshot.get("engine_version") or wish.configuration.get("engine_version"))
    offered = api.describe_engine_versions(session.client, engine=engine, engine_version=version)
    if not offered:
        raise BadInput(
            f"{session.region} does not offer {engine} {version}, the snapshot's version",
            resource=str(wish.snapshot["db_cluster_snapshot_arn"]),
            hint="Choose another snapshot, or upgrade its source to a version that is offered.",
        )
    name = str(wish.configuration["db_cluster_parameter_group_name"])
    problems = [
        family_problem("Cluster parameter group", name, cluster_group, offered, CLUSTER_PARAMETERS),
        *(family_problem("Instance parameter group", item, groups[item], offered, INSTANCES) for item in groups),
    ]
    if any(problems):
        raise BadInput(" ".join(filter(None, problems)), resource=name)


def _check_snapshot(session: Session, wish: RestoreWish) -> None:
    """:raises NotFound: the snapshot is not there (one that is only planned need not be)."""
    if wish.snapshot.get("planned"):
        return
    snapshot = session.snapshot(str(wish.snapshot["db_cluster_snapshot_arn"]))
    if snapshot is None or snapshot.status != "available":
        raise NotFound(
            f"Snapshot {wish.snapshot['db_cluster_snapshot_arn']} "
            + (f"is {snapshot.status}" if snapshot else "does not exist"),
            resource=str(wish.snapshot["db_cluster_snapshot_arn"]),
            hint="Copy it again (snapshot_copy).",
        )


def explained(error: AwsError) -> AwsError:
    """The same error with what the operator can do about it."""
    error.hint = HINTS.get(error.code or "", error.hint)
    return error


# ---- doing


def is_complete(cluster: Cluster) -> bool:
    """Whether an attempt got to the end with this cluster."""
    return bool(cluster.tags.get(TAG_RESTORED))


def _carry_out(session: Session, wish: RestoreWish, before: Cluster | None) -> Outcome:
    complete = before is not None and is_complete(before)
    restored = before is None and _start_restore(session, wish)
    if not session.wait:
        found = session.cluster(wish.cluster_id)
        return Outcome("restored" if restored else "adopted", bool(restored), found, before)
    cluster = waiting.cluster_available(session, wish.cluster_id)
    session.journal.result({"cluster_resource_id": cluster.resource_id})
    changed = _complete(session, wish, cluster, set_password=not complete or wish.always_set_password)
    final = modifying.existing_cluster(session, wish.cluster_id)
    if restored:
        return Outcome("restored", True, final)
    if complete and not changed:
        return Outcome("unchanged", False, final, before)
    return Outcome("adopted", True, final, before)


def _start_restore(session: Session, wish: RestoreWish) -> bool:
    """Start the restore; False when an earlier call of ours, whose answer was lost, had done so."""
    call = parameters.restore_cluster_parameters(
        wish.cluster_id, wish.snapshot, wish.configuration, session.operation_id
    )
    known = {key: call[key] for key in call if key != "Tags"}
    try:
        with session.journal.call("RestoreDBClusterFromSnapshot", wish.cluster_id, known):
            api.restore_cluster(session.client, **call)
    except AwsError as error:
        if error.code == "DBClusterAlreadyExistsFault":
            check_provenance(modifying.existing_cluster(session, wish.cluster_id), wish, session.operation_id)
            return False
        raise explained(error) from error
    return True


def _complete(session: Session, wish: RestoreWish, cluster: Cluster, set_password: bool) -> bool:
    """From a cluster without members to one that can be used; True when anything was changed."""
    names = member_names(cluster, wish, session.operation_id)
    changed = _create_member(session, wish, cluster, names, 0)
    cluster = waiting.cluster_available(session, cluster.id, waiting.members_available(names[:1]))
    settings = {key: value for key, value in wish.configuration.items() if key != "deletion_protection"}
    modified = modifying.modify(session, cluster, settings, wish.password if set_password else None)
    changed = modified is not None or changed
    for index in range(1, len(names)):
        changed = _create_member(session, wish, cluster, names, index) or changed
    changed = _add_roles(session, wish, cluster) or changed
    cluster = waiting.cluster_available(session, cluster.id, waiting.members_available(names))
    changed = _add_tags(session, wish, cluster) or changed
    protection = {"deletion_protection": wish.configuration.get("deletion_protection")}
    changed = modifying.modify(session, cluster, protection) is not None or changed
    cluster = modifying.existing_cluster(session, cluster.id)
    if wish.check_endpoint:
        waiting.endpoint_answers(session, cluster)
    if not is_complete(cluster):
        mark = parameters.boto_tags({TAG_RESTORED: session.operation_id or "true"})
        with session.journal.call("AddTagsToResource", cluster.id, {"tags": [TAG_RESTORED]}):
            api.add_tags(session.client, arn=cluster.arn, tags=mark)
        changed = True
    return changed


def member_names(cluster: Cluster, wish: RestoreWish, operation_id: str | None) -> list[str]:
    """The ids of the wanted members, writer first. Existing members count, in their order, whatever their names."""
    # Only a cluster that is there tells what its members are called where no operation does.
    key = naming.short_key(operation_id, cluster.resource_id) if operation_id or cluster.resource_id else "planned"
    ruled = [naming.member_id(cluster.id, key, number + 1) for number in range(len(wish.wanted_members))]
    present = [item.id for item in cluster.instances]
    others = [name for name in present if name not in ruled]
    return [name if name in present or not others else others.pop(0) for name in ruled]


def _create_member(session: Session, wish: RestoreWish, cluster: Cluster, names: Sequence[str], index: int) -> bool:
    """Create one member if it is not there; True when it was created."""
    name = names[index]
    if name in {item.id for item in cluster.instances}:
        return False
    call = parameters.create_instance_parameters(
        cluster.id, cluster.engine, name, wish.wanted_members[index], session.operation_id
    )
    known = {key: call[key] for key in call if key != "Tags"}
    try:
        with session.journal.call("CreateDBInstance", name, known):
            api.create_instance(session.client, **call)
    except AwsError as error:
        if error.code != "DBInstanceAlreadyExists":
            raise explained(error) from error
        _check_member(session, cluster, name)
    return True


def _check_member(session: Session, cluster: Cluster, name: str) -> None:
    """:raises Conflict: the instance of that name does not belong to the cluster."""
    found = api.find_instance(session.client, name) or {}
    if str(found.get("DBClusterIdentifier", "")).lower() != cluster.id or (
        found.get("DBInstanceStatus") in INSTANCE_TERMINAL
    ):
        raise Conflict(
            f"Instance {name} already exists, but it is not a usable member of cluster {cluster.id}",
            resource=name,
            hint="Delete it, then run the same command again.",
        )


def _add_roles(session: Session, wish: RestoreWish, cluster: Cluster) -> bool:
    roles = parameters.missing_roles(cluster, wish.configuration.get("associated_roles"))
    for role in roles:
        try:
            with session.journal.call("AddRoleToDBCluster", cluster.id, dict(role)):
                api.add_role_to_cluster(session.client, cluster.id, role["role_arn"], role.get("feature_name"))
        except AwsError as error:
            if error.code != "DBClusterRoleAlreadyExists":
                raise explained(error) from error
    return bool(roles)


def missing_tags(cluster: Cluster, wish: RestoreWish) -> dict[str, str]:
    """Configured tags that the cluster does not have with that value."""
    wanted = foreign_tags(wish.configuration.get("tags") or {})
    return {key: str(value) for key, value in wanted.items() if cluster.tags.get(key) != str(value)}


def _add_tags(session: Session, wish: RestoreWish, cluster: Cluster) -> bool:
    tags = missing_tags(cluster, wish)
    if tags:
        with session.journal.call("AddTagsToResource", cluster.id, {"tags": sorted(tags)}):
            api.add_tags(session.client, arn=cluster.arn, tags=parameters.boto_tags(tags))
    return bool(tags)


def drift(cluster: Cluster, wish: RestoreWish) -> list[str]:
    """What differs from the configuration and would be repaired, as names."""
    differing = sorted(parameters.modify_parameters(cluster, wish.configuration))
    differing += [f"tag {key}" for key in sorted(missing_tags(cluster, wish))]
    differing += [
        f"role {item['role_arn']}"
        for item in parameters.missing_roles(cluster, wish.configuration.get("associated_roles"))
    ]
    lacking = len(wish.wanted_members) - len(cluster.instances)
    return differing + ([f"{lacking} instances"] if lacking > 0 else [])
