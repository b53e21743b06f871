# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the checks that found no problem saw; or why they could see nothing, since unknown is never passed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import decisions, encryption, network
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact

COPIES_AT_ONCE = 5
# What is read in a region, and what only a chosen snapshot, or a known target, allows to say
OF_SOURCE = ("source", "snapshot", "snapshot_of_source")
OF_TARGET = (
    "target", "configuration", "kms_key", "kms_grant", "names_free", "master_secret", "app_secret", "subnet_group",
    "parameter_groups", "security_groups", "isolation", "instance_classes", "quotas", "permissions", "database",
    "encryption",
)  # fmt: skip
OF_SNAPSHOT = (
    "snapshot_of_source", "engine", "kms_key", "kms_grant", "names_free", "instance_classes", "permissions",
    "encryption",
)  # fmt: skip
OF_LIVE_TARGET = (
    "configuration", "subnet_group", "parameter_groups", "security_groups", "isolation", "instance_classes", "quotas",
    "names_free", "permissions", "database",
)  # fmt: skip


def unseen(case: Case, name: str) -> str | None:
    """Why a check without problems could not see what it is about; None: it could."""
    wishes, world, around = case.wishes, case.world, case.around
    if name in OF_SOURCE and wishes.source_region not in world.regions:
        return f"not asked: there is no region {wishes.source_region}"
    if name in OF_TARGET and wishes.target_region not in world.regions:
        return f"not asked: there is no region {wishes.target_region}"
    if name in OF_SNAPSHOT and case.decision.snapshot is None:
        return "no snapshot is chosen"
    if name in OF_LIVE_TARGET and world.target.error:
        return f"the target could not be read: {world.target.error}"
    if name == "kms_grant" and case.decision.kms_key_id and not around.grant.known:
        return "the key could not be read, or the caller is no user or role of IAM"
    if name == "permissions" and not around.permissions.known:
        return "not asked"
    if name == "state_table" and wishes.state_table and not world.state_table.known:
        return "not asked"
    if name == "quotas" and not world.quotas.known:
        return "not asked"
    if name == "encryption" and case.decision.kms_key_id and not around.key.value:
        return "the key could not be read"
    if name == "isolation":
        return _why_no_isolation(case)
    if name == "database" and not around.database.known:
        return _why_no_database(case)
    return None


def _why_no_isolation(case: Case) -> str | None:
    configuration, around = case.decision.configuration, case.around
    if configuration.get("vpc_security_group_ids") and not around.security_groups.known:
        return "the security groups could not be read"
    group = around.subnet_group.value
    if not group:
        return "the subnet group could not be read"
    if group.get("DBSubnetGroupName") in case.wishes.public_subnet_groups:
        return None
    tables = around.route_tables.value or []
    untold = [item for item in network.subnet_ids(group) if network.table_of(item, tables) is None]
    return f"no route table was found of {', '.join(untold)}" if untold else None


def _why_no_database(case: Case) -> str | None:
    cluster, host = case.world.target.value, case.wishes.db_host
    if host:
        return None if host.tried else f"not tried from {host.name}, which has what it needs"
    if not case.wishes.check_database:
        return "not asked for"
    if cluster is None:
        return "there is no cluster now whose database could be tried"
    return f"not tried: cluster {cluster.id} is {cluster.status}, or has no instance"


def seen(case: Case, name: str) -> str:
    """What a check that passed saw."""
    return SEEN[name](case) if name in SEEN else "fine"


def _account(case: Case) -> str:
    expected = "as expected" if case.wishes.expected_account else "no other one is expected"
    return f"account {case.wishes.account}, {expected}; {case.world.caller.get('Arn') or 'caller unknown'}"


def _source(case: Case) -> str:
    cluster = case.world.source.value
    return (
        f"{cluster.id} is {cluster.status}" if cluster else f"{case.wishes.source_cluster_id} does not exist any more"
    )


def _snapshot(case: Case) -> str:
    snapshot = case.decision.snapshot
    return f"{snapshot.id} is {snapshot.status}" if snapshot else "none"


def _target(case: Case) -> str:
    cluster = case.world.target.value
    if cluster is None:
        return f"{case.wishes.target_cluster_id} does not exist"
    return f"{cluster.id} is {cluster.status}, and may be replaced"


def _key(case: Case) -> str:
    metadata = case.around.key.value
    if not metadata:
        return "no key is needed"
    return f"{metadata.get('Arn')} is {metadata.get('KeyState', 'Enabled')}, symmetric"


def _names(case: Case) -> str:
    names = [item for item in (_copy_id(case),) if item]
    return f"free, or of this restore: {', '.join(names)}" if names else "no new snapshot names are needed for a copy"


def _copy_id(case: Case) -> str | None:
    wish = decisions.copy_wish(case.decision, case.around)
    return wish.id if wish and decisions.needs_copy(case.wishes, case.decision, case.around) else None


def _subnets(case: Case) -> str:
    group = case.around.subnet_group.value or {}
    zones = {subnet.get("SubnetAvailabilityZone", {}).get("Name") for subnet in group.get("Subnets") or []} - {None}
    return f"{group.get('DBSubnetGroupName')} in {group.get('VpcId')}: {', '.join(sorted(map(str, zones)))}"


def _parameter_groups(case: Case) -> str:
    name = case.decision.configuration.get("db_cluster_parameter_group_name")
    found = {**({name: case.around.cluster_parameter_group} if name else {}), **case.around.parameter_groups}
    return _listed(f"{name} ({(fact.value or {}).get('DBParameterGroupFamily')})" for name, fact in found.items())


def _security_groups(case: Case) -> str:
    return _listed(f"{item.get('GroupId')} in {item.get('VpcId')}" for item in case.around.security_groups.value or [])


def _classes(case: Case) -> str:
    return _listed(f"{name} is offered" for name in case.around.offers)


def _engine(case: Case) -> str:
    wanted = case.decision.configuration
    return f"{wanted.get('engine')} {wanted.get('engine_version')} is offered in {case.wishes.target_region}"


def _quotas(case: Case) -> str:
    """Copies at once are no failure: a copy waits for its turn."""
    copying = sum(item.status == "copying" for item in case.world.target_snapshots.value or [])
    counted = [
        f"{item['AccountQuotaName']} {item['Used']} of {item['Max']}"
        for item in case.world.quotas.value or []
        if item["AccountQuotaName"] in ("ManualClusterSnapshots", "DBClusters", "DBInstances")
    ]
    waits = ": another copy waits for one of them" if copying >= COPIES_AT_ONCE else ""
    return _listed([*counted, f"copies in progress {copying} of {COPIES_AT_ONCE}{waits}"])


def _permissions(case: Case) -> str:
    answers = case.around.permissions.value or []
    actions, resources = {item.action for item in answers}, {item.resource for item in answers}
    return f"IAM allows {len(actions)} actions on {len(resources)} resources"


def _isolation(case: Case) -> str:
    """What is allowed by name is said, too."""
    wishes, group = case.wishes, case.around.subnet_group.value or {}
    open_groups = [
        str(item.get("GroupId"))
        for item in case.around.security_groups.value or []
        if item.get("GroupId") in wishes.public_security_groups
    ]
    allowed = [*open_groups, *({str(group.get("DBSubnetGroupName"))} & set(wishes.public_subnet_groups))]
    return f"private, but for what is allowed: {', '.join(allowed)}" if allowed else "private"


def _encryption(case: Case) -> str:
    """Of the cluster, and of what else a run writes to; secrets and log groups always are, under keys of their own."""
    wishes, key, table = case.wishes, case.around.key.value or {}, case.world.state_table.value
    snapshot, topic = case.decision.snapshot, case.world.topic.value
    manager = {"AWS": "managed by AWS", "CUSTOMER": "of the customer"}.get(str(key.get("KeyManager")), "KMS")
    cluster = f"{key.get('Arn')} ({manager})" if key else "as the snapshot"
    if not key and snapshot:
        cluster += f", {encryption.protection(snapshot.encrypted, snapshot.encryption_type).text}"
    parts = [f"copy and cluster: {cluster}"]
    parts += [f"state table: {encryption.table_key(table)}"] if table else []
    parts += [f"topic: {topic.get('KmsMasterKeyId') or 'unencrypted'}"] if topic else []
    return "; ".join(parts) + ("; less than the source is allowed" if wishes.allow_less_encryption else "")


def _database(case: Case) -> str:
    host = case.wishes.db_host
    if host:
        return f"reachable from {host.name}, which has what it needs"
    live: Any = case.around.database.value
    return f"reachable; {len(live.roles)} logins, databases {_listed(live.databases)}" if live else "fine"


def _secret(fact: Callable[[Case], Fact[Mapping[str, str]]]) -> Callable[[Case], str]:
    """Only the names of the keys."""
    return lambda case: f"has {_listed(sorted(fact(case).value or {}))}"


def _listed(items: Iterable[str]) -> str:
    return ", ".join(items) or "none"


SEEN: dict[str, Callable[[Case], str]] = {
    "account": _account,
    "regions": lambda case: f"{case.wishes.source_region} and {case.wishes.target_region} exist",
    "names": lambda case: f"{case.wishes.source_cluster_id} and {case.wishes.target_cluster_id}",
    "target_is_not_source": lambda case: "they are two clusters",
    "source": _source,
    "snapshot": _snapshot,
    "snapshot_of_source": _snapshot,
    "engine": _engine,
    "target": _target,
    "configuration": lambda case: "nothing is missing",
    "kms_key": _key,
    "kms_grant": lambda case: case.around.grant.value or "no key is needed",
    "names_free": _names,
    "master_secret": _secret(lambda case: case.world.master_secret),
    "app_secret": _secret(lambda case: case.world.app_secret),
    "subnet_group": _subnets,
    "parameter_groups": _parameter_groups,
    "security_groups": _security_groups,
    "isolation": _isolation,
    "encryption": _encryption,
    "instance_classes": _classes,
    "topic": lambda case: f"{case.wishes.sns_topic_arn} exists" if case.wishes.sns_topic_arn else "none is told",
    "ca_cert": lambda case: str(case.wishes.ca_file or "none is needed"),
    "quotas": _quotas,
    "state_table": lambda case: str(case.wishes.state_table or "none is used"),
    "permissions": _permissions,
    "database": _database,
}
