# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The preflight checks: each a small pure function from what was read to the problems in it. All of them run.

A problem is one sentence that names the variable, the resource, and what to do.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Denied, Throttled, Unreachable
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import (
    actions,
    decisions,
    encryption,
    network,
    seen,
    standing,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.database import Unreached
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.names import user_name_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    Boto,
    DatabaseHost,
    Fact,
    Wishes,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import capture, naming
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.copying import same_origin
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import (
    DeleteWish,
    delete_refusals,
    key_problem,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    Cluster,
    Snapshot,
    arn_part,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import judge, newest_usable, why_none
from ansible_collections.dbops.aurora_restore.plugins.module_utils._regions import region_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import (
    doubt_master_password,
    validate_master_password,
)

PREFIX = "aurora_restore_"
SOURCE_REGION = PREFIX + "source_region"
SOURCE_CLUSTER = PREFIX + "source_cluster_id"
TARGET_REGION = PREFIX + "target_region"
TARGET_CLUSTER = PREFIX + "target_cluster_id"
MASTER_SECRET = PREFIX + "master_credentials_secret_id"
APP_SECRET = PREFIX + "app_credentials_secret_id"
KMS_KEY = PREFIX + "kms_key_id"
TOPIC = PREFIX + "sns_topic_arn"
CA_CERT = PREFIX + "db_ca_cert"
STATE_TABLE = PREFIX + "state_table"
FINAL_SNAPSHOT = PREFIX + "final_snapshot"
INSTANCES = PREFIX + "instances"
SUBNET_GROUP = PREFIX + "db_subnet_group_name"
SECURITY_GROUPS = PREFIX + "vpc_security_group_ids"
CLUSTER_PARAMETERS = PREFIX + "db_cluster_parameter_group_name"
CONFIGURATION = PREFIX + "configuration"
# Configuration keys that have a variable of their own
FLAT = ("db_subnet_group_name", "vpc_security_group_ids", "db_cluster_parameter_group_name", "port", "instances")
ENGINES = ("aurora-postgresql",)
EXPECTED_ACCOUNT = PREFIX + "expected_account"
CHECK_DATABASE = PREFIX + "check_database"
DB_HOST = PREFIX + "db_host"
PUBLIC_SECURITY_GROUPS = PREFIX + "public_security_groups"
PUBLIC_SUBNET_GROUPS = PREFIX + "public_subnet_groups"
LESS_ENCRYPTION = PREFIX + "allow_less_encryption"
MINIMUM_ZONES = 2
DELETES = (standing.START, standing.ADOPT)
# AWS did not say
UNTOLD = (Denied, Throttled, Unreachable)


@dataclass(frozen=True)
class Problem:
    """What stands in the way, as a sentence "what was seen: what to do", and the variable to look at.

    :param unknown: whether nobody can say, rather than that it is wrong.
    :param blocks: whether a run is refused for it.
    """

    message: str
    variable: str | None = None
    unknown: bool = False
    blocks: bool = True
    todo: str | None = None

    @property
    def halves(self) -> tuple[str, str | None]:
        """What was seen, and what to do."""
        if self.todo:
            return self.message.removesuffix(self.todo).strip(), self.todo
        seen, colon, todo = self.message.rpartition(": ")
        return (seen, todo) if colon else (self.message, None)

    @property
    def sentence(self) -> str:
        text = self.message if self.message.endswith((".", "!", "?")) else self.message + "."
        return text if not self.variable or self.variable in text else f"{self.variable}: {text}"


Check = Callable[[Case], Iterable[Problem]]


def check_account(case: Case) -> Iterable[Problem]:
    expected, account = case.wishes.expected_account, case.wishes.account
    if expected and expected != account:
        yield Problem(
            f"The credentials are of account {account}, but {EXPECTED_ACCOUNT} is {expected}: use credentials of that"
            " account.",
            EXPECTED_ACCOUNT,
        )


def check_regions(case: Case) -> Iterable[Problem]:
    for region, variable in ((case.wishes.source_region, SOURCE_REGION), (case.wishes.target_region, TARGET_REGION)):
        problem = region_problem(region, variable, case.world.regions)
        if problem:
            yield Problem(problem, variable)


def check_names(case: Case) -> Iterable[Problem]:
    for cluster_id, variable in (
        (case.wishes.source_cluster_id, SOURCE_CLUSTER),
        (case.wishes.target_cluster_id, TARGET_CLUSTER),
    ):
        problem = naming.id_problem(cluster_id)
        if problem:
            yield Problem(f"{variable} {cluster_id!r} is no cluster id: {problem}.", variable)


def check_target_is_not_source(case: Case) -> Iterable[Problem]:
    wishes = case.wishes
    same_name = wishes.source_cluster_id.lower() == wishes.target_cluster_id.lower()
    if same_name and wishes.source_region == wishes.target_region:
        yield Problem(
            f"{TARGET_CLUSTER} {wishes.target_cluster_id} in {wishes.target_region} is the source of the restore; the"
            " source is never replaced: give another target.",
            TARGET_CLUSTER,
        )


def check_source(case: Case) -> Iterable[Problem]:
    """The source may be gone (its snapshots stay), but reading it must not fail."""
    yield from _unread(case.world.source, SOURCE_CLUSTER)


def check_snapshot(case: Case) -> Iterable[Problem]:
    wishes, facts = case.wishes, case.world.snapshots
    variable = _snapshot_variable(wishes)
    yield from _unread(facts, variable)
    if not facts.known:
        return
    candidates = judge(facts.value or [], wishes.snapshot, case.now)
    if newest_usable(candidates) is None:
        region = wishes.source_region
        reason = why_none(candidates, wishes.snapshot, region, wishes.source_cluster_id).rstrip(".")
        statuses = {item.snapshot.status for item in candidates} if wishes.snapshot.snapshot_id else set()
        known = f" (status {', '.join(sorted(statuses))})" if statuses else ""
        if (
            not candidates
            and not wishes.snapshot.snapshot_id
            and case.world.source.known
            and not case.world.source.value
        ):
            known = ", and no such cluster exists there"
        yield Problem(f"{reason}{known}: change {variable}, or wait for a snapshot that can be used.", variable)


def check_snapshot_of_source(case: Case) -> Iterable[Problem]:
    """A pinned snapshot of another cluster is most likely a mistake, and its age and users are not what is expected."""
    snapshot = case.decision.snapshot
    if snapshot and snapshot.cluster_id and snapshot.cluster_id != case.wishes.source_cluster_id.lower():
        yield Problem(
            f"Snapshot {snapshot.id} is one of cluster {snapshot.cluster_id}, not of {case.wishes.source_cluster_id}:"
            f" set {SOURCE_CLUSTER} to that cluster, or {PREFIX}snapshot_id to another snapshot.",
            PREFIX + "snapshot_id",
        )


def check_engine(case: Case) -> Iterable[Problem]:
    snapshot, region = case.decision.snapshot, case.wishes.target_region
    if snapshot is None:
        return
    if snapshot.engine not in ENGINES:
        yield Problem(
            f"Snapshot {snapshot.id} is of engine {snapshot.engine}; only {', '.join(ENGINES)} is supported: give"
            f" another {SOURCE_CLUSTER}.",
            SOURCE_CLUSTER,
        )
    yield from _unread(case.around.versions, _snapshot_variable(case.wishes))
    if case.around.versions.known and not case.around.versions.value:
        version = case.decision.configuration.get("engine_version")
        yield Problem(
            f"Snapshot {snapshot.id} is of {snapshot.engine} {version}, which {region} does not offer: upgrade the"
            " source to a version that it offers, or choose another snapshot.",
            _snapshot_variable(case.wishes),
        )


def check_target(case: Case) -> Iterable[Problem]:
    """Whether the existing cluster may be deleted."""
    fact, wishes = case.world.target, case.wishes
    yield from _unread(fact, TARGET_CLUSTER)
    stand = _stand(case, "cluster_delete")
    if fact.value is None or stand.how == standing.SKIP:
        return
    if stand.how == standing.REFUSE:
        yield Problem(
            f"{stand.why}. Find out who did; {PREFIX}resume=never starts a new operation, which may replace it.",
            TARGET_CLUSTER,
        )
        return
    wish = DeleteWish(
        source=source_identity(case),
        confirm=wishes.confirm_delete,
        lift_deletion_protection=wishes.lift_deletion_protection,
        final_snapshot=wishes.final_snapshot,
        operation_id=wishes.operation_id,
    )
    for refusal in delete_refusals(fact.value, wish):
        yield Problem(refusal.message, refusal.variable or TARGET_CLUSTER)


def check_configuration(case: Case) -> Iterable[Problem]:
    """With no cluster to take it from, the configuration has to be said."""
    if not case.world.target.known:
        return
    for key in capture.missing(case.decision.configuration):
        flat = key.partition("[")[0]
        variable = PREFIX + flat if flat in FLAT else CONFIGURATION
        yield Problem(
            f"{variable} has to say {key}: cluster {case.wishes.target_cluster_id} in {case.wishes.target_region}, from"
            " which it would be taken, does not exist or does not have it.",
            variable,
        )


def check_key(case: Case) -> Iterable[Problem]:
    key_id, snapshot, region = case.decision.kms_key_id, case.decision.snapshot, case.wishes.target_region
    yield from _unread(case.around.key, KMS_KEY)
    if not key_id:
        if snapshot and snapshot.encrypted and arn_part(snapshot.arn, 3) != region:
            yield Problem(
                f"{KMS_KEY} is needed: snapshot {snapshot.id} is encrypted, and its copy in {region} needs a key of"
                " that region.",
                KMS_KEY,
            )
        return
    if not case.around.key.known:
        return
    metadata = case.around.key.value
    if metadata is None:
        where = arn_part(key_id, 3)
        of_other = f" (it is one of {where})" if where and where != region else ""
        yield Problem(
            f"KMS key {key_id} does not exist in {region}{of_other}: set {KMS_KEY} to a key of {region}.", KMS_KEY
        )
        return
    problem = key_problem(metadata, region)
    if problem:
        yield Problem(f"{KMS_KEY} {key_id}: {problem}", KMS_KEY)


def check_master_secret(case: Case) -> Iterable[Problem]:
    secret, snapshot = case.world.master_secret, case.decision.snapshot
    yield from _needed(case.wishes.master_secret_id, MASTER_SECRET)
    yield from _unread(secret, MASTER_SECRET)
    if secret.value is None:
        return
    name = case.wishes.master_secret_id
    engine = str(case.decision.configuration.get("engine") or ENGINES[0])
    for reason in validate_master_password(secret.value["password"], engine):
        yield Problem(
            f"RDS would refuse the password in secret {name}: {reason}; change the secret.",
            MASTER_SECRET,
        )
    if snapshot and snapshot.master_username and secret.value["username"] != snapshot.master_username:
        yield Problem(
            f"The username in secret {name} is not {snapshot.master_username}, the master user of snapshot"
            f" {snapshot.id}, which a restore can't change: correct the secret.",
            MASTER_SECRET,
        )
    if case.wishes.databases is not None and not case.wishes.databases and not secret.value.get("database"):
        yield Problem(
            f"Secret {name} has no database: add it, or name the databases in {PREFIX}databases.", MASTER_SECRET
        )


def check_app_secret(case: Case) -> Iterable[Problem]:
    secret, name = case.world.app_secret, case.wishes.app_secret_id
    yield from _needed(name, APP_SECRET)
    yield from _unread(secret, APP_SECRET)
    if secret.value is None:
        return
    for key in ("app_username", "readonly_username"):
        problem = user_name_problem(secret.value[key])
        if problem:
            yield Problem(f"The {key} in secret {name} {problem}: choose another name.", APP_SECRET)
    for key in ("app_password", "readonly_password"):
        if any(not character.isprintable() for character in secret.value[key]):
            yield Problem(f"The {key} in secret {name} holds control characters: change it.", APP_SECRET)
    users = [secret.value["app_username"], secret.value["readonly_username"]]
    master = (case.world.master_secret.value or {}).get("username")
    if len(set(users)) < len(users) or master in users:
        yield Problem(
            f"The users in secret {name} and the master user must have different names: change the secret.", APP_SECRET
        )


def check_key_grant(case: Case) -> Iterable[Problem]:
    """A policy may allow CreateGrant through RDS only (kms:ViaService): a dry run is refused then, the run is not."""
    error = case.around.grant.error
    if error is not None:
        yield Problem(
            f"Whether RDS may be let use the key was not told by a dry run: {error}",
            KMS_KEY,
            unknown=True,
            blocks=False,
            todo=error.hint,
        )


def check_names_free(case: Case) -> Iterable[Problem]:
    """The names that the run gives must not be held by something of others."""
    wishes, cluster = case.wishes, case.world.target.value
    present = case.world.target_snapshots.value or []
    yield from _unread(case.world.target_snapshots, TARGET_REGION)
    wish = decisions.copy_wish(case.decision, case.around)
    if (
        wish
        and decisions.needs_copy(wishes, case.decision, case.around)
        and not decisions.existing_copy(wishes, case.world, case.decision, case.around)
    ):
        held = next((item for item in present if item.id == wish.id and not same_origin(item, wish)), None)
        if held:
            of = f"a copy of {held.source_arn}" if held.source_arn else f"a snapshot of cluster {held.cluster_id}"
            yield Problem(
                f"Snapshot {held.id} already exists in {wishes.target_region}, but it is {of}: delete it, or choose"
                f" another snapshot by {PREFIX}snapshot_id.",
                PREFIX + "snapshot_id",
            )
    if cluster and wishes.final_snapshot != "none" and _stand(case, "cluster_delete").how in DELETES:
        found = actions.final_snapshot(wishes, cluster, present)
        if found and not _is_own_final_snapshot(wishes, cluster, found):
            yield Problem(
                f"Snapshot {found.id} already exists, but it is not this operation's final snapshot of cluster"
                f" {cluster.id}: delete it, or set {FINAL_SNAPSHOT} to none.",
                FINAL_SNAPSHOT,
            )


def _is_own_final_snapshot(wishes: Wishes, cluster: Cluster, found: Snapshot) -> bool:
    """As ``deleting.own_final_snapshot`` has it."""
    same_cluster = found.cluster_id == cluster.id and found.cluster_resource_id in (None, cluster.resource_id)
    same_operation = not wishes.operation_id or found.tags.get(TAG_OPERATION) == wishes.operation_id
    return same_cluster and (same_operation or wishes.final_snapshot == "at_delete")


def check_permissions(case: Case) -> Iterable[Problem]:
    fact = case.around.permissions
    if fact.error is not None:
        yield Problem(f"Permissions were not checked: {fact.error}", unknown=True, blocks=False, todo=fact.error.hint)
    for answer in fact.value or []:
        if answer.decision == "allowed":
            continue
        told = "denies" if answer.decision == "explicitDeny" else "does not allow"
        where = f"{answer.action} on {answer.resource}"
        if answer.denied:
            yield Problem(
                f"The caller's policy {told} {where}: add it to the policy of {case.world.caller.get('Arn')}."
            )
            continue
        depends = (
            f"which may depend on {', '.join(answer.missing)}" if answer.missing else "but a policy of the resource may"
        )
        yield Problem(
            f"IAM says that the caller's policy {told} {where}, {depends}: see that it is allowed.",
            unknown=True,
            blocks=False,
        )


def check_database(case: Case) -> Iterable[Problem]:
    """The restored database is in the network of the one that is replaced, if nobody changes that."""
    if case.wishes.db_host:
        yield from _database_host(case, case.wishes.db_host)
        return
    error = case.around.database.error
    if error is None:
        return
    if not isinstance(error, Unreached):
        yield Problem(str(error), MASTER_SECRET, unknown=True, blocks=False)
        return
    kept = _network_is_kept(case)
    yield Problem(
        f"The database of {case.wishes.target_cluster_id} {error.message}: run from a host of its network (a"
        f" controller in the VPC), name one that reaches it in {DB_HOST}, or set {CHECK_DATABASE} to false.",
        CHECK_DATABASE,
        unknown=not kept,
        blocks=kept,
    )


def _database_host(case: Case, host: DatabaseHost) -> Iterable[Problem]:
    for problem in host.problems:
        yield Problem(problem, DB_HOST)
    if host.unreached:
        kept = _network_is_kept(case)
        yield Problem(
            f"The database of {case.wishes.target_cluster_id} can't be reached from {host.name}: {host.unreached}",
            DB_HOST,
            unknown=not kept,
            blocks=kept,
            todo=f"let {host.name} in by its security group, name another host, or set {CHECK_DATABASE} to false.",
        )


def _network_is_kept(case: Case) -> bool:
    """Whether the new cluster will be where the one that it replaces is."""
    return not any(case.wishes.overrides.get(key) for key in ("db_subnet_group_name", "vpc_security_group_ids", "port"))


def check_isolation(case: Case) -> Iterable[Problem]:
    """Whether the internet could reach the database: its instances never get public addresses, all the same."""
    yield from _open_groups(case)
    group, tables = case.around.subnet_group.value or {}, case.around.route_tables
    if tables.error:
        yield Problem(
            f"Whether the subnets of {group.get('DBSubnetGroupName')} are private was not checked: {tables.error}",
            SUBNET_GROUP,
            unknown=True,
            blocks=False,
            todo=tables.error.hint,
        )
    for public in network.public_subnets(network.subnet_ids(group), tables.value or []):
        yield Problem(
            f"Subnet {public.subnet} of subnet group {group.get('DBSubnetGroupName')} is public, route table"
            f" {public.table} leads to {public.gateway}: give {SUBNET_GROUP} a group of private subnets, or name the"
            f" group in {PUBLIC_SUBNET_GROUPS}.",
            PUBLIC_SUBNET_GROUPS,
        )


def _open_groups(case: Case) -> Iterable[Problem]:
    port = int(case.decision.configuration.get("port") or network.DEFAULT_PORT)
    for group in case.around.security_groups.value or []:
        group_id = str(group.get("GroupId"))
        if group_id in case.wishes.public_security_groups:
            continue
        for opening in network.openings(group, port):
            yield Problem(
                f"Security group {group_id} opens the database's port {port} to {opening.cidr} (its rule for"
                f" {opening.ports}): take that rule away, set {SECURITY_GROUPS} to other groups, or name the group in"
                f" {PUBLIC_SECURITY_GROUPS}.",
                PUBLIC_SECURITY_GROUPS,
            )
        for name in network.prefix_lists(group, port):
            yield Problem(
                f"Security group {group_id} opens the database's port {port} to prefix list {name}, whose addresses"
                f" were not looked at: see that they are not public, or name the group in {PUBLIC_SECURITY_GROUPS}.",
                PUBLIC_SECURITY_GROUPS,
                unknown=True,
                blocks=False,
            )


def check_encryption(case: Case) -> Iterable[Problem]:
    """Whether the result would be protected less well than what it is made of."""
    made = protections(case)
    if made is None or case.wishes.allow_less_encryption:
        return
    result, source = made
    less = encryption.is_less(result, source)
    if less is False:
        return
    snapshot = case.decision.snapshot
    would = "would" if less else "may"
    yield Problem(
        f"Snapshot {snapshot.id if snapshot else ''} is {source.text}, and the restored cluster would be {result.text},"
        f" which {would} be less: set {KMS_KEY} to a customer key of {case.wishes.target_region}, or"
        f" {LESS_ENCRYPTION} to true.",
        KMS_KEY,
        unknown=less is None,
    )


def protections(case: Case) -> tuple[encryption.Protection, encryption.Protection] | None:
    """How the result and the snapshot are protected; None: there is no snapshot, or the key could not be read."""
    snapshot, key = case.decision.snapshot, case.around.key
    if snapshot is None or (case.decision.kms_key_id and not key.value):
        return None
    manager = (case.around.source_key.value or {}).get("KeyManager")
    if key.value and key.value.get("Arn") == snapshot.kms_key_id:
        manager = key.value.get("KeyManager")
    source = encryption.protection(snapshot.encrypted, snapshot.encryption_type, manager)
    if not key.value:
        # A restore without a key has that of its snapshot: whoever's that is, it is the same.
        return encryption.Protection(source.low, source.low), encryption.Protection(source.low, source.low)
    return encryption.protection(True, encryption.KMS_TYPE, key.value.get("KeyManager")), source


def _encryption_warnings(case: Case) -> Iterable[str]:
    """What is protected less well than it could be, and is no reason to stop."""
    topic, cluster, made = case.world.topic.value, case.world.target.value, protections(case)
    if topic and not topic.get("KmsMasterKeyId"):
        yield (
            f"{TOPIC}: topic {case.wishes.sns_topic_arn} is not encrypted; what it holds until it is delivered is not,"
            " either: give it a KMS key."
        )
    if cluster is None or made is None:
        return
    key, boto = case.around.key.value or {}, cluster.boto
    same = bool(key.get("Arn")) and key.get("Arn") == boto.get("KmsKeyId")
    now = encryption.protection(
        bool(boto.get("StorageEncrypted")),
        boto.get("StorageEncryptionType"),
        key.get("KeyManager") if same else None,
    )
    if not same and encryption.is_less(made[0], now) is not False:
        yield (
            f"{KMS_KEY}: cluster {cluster.id} is {now.text}, and the one that replaces it would be {made[0].text},"
            " which is, or may be, less."
        )


def check_subnet_group(case: Case) -> Iterable[Problem]:
    name, group = case.decision.configuration.get("db_subnet_group_name"), case.around.subnet_group
    yield from _unread(group, SUBNET_GROUP)
    if name and group.known and group.value is None:
        yield _missing("Subnet group", name, case, SUBNET_GROUP)
    if not group.value:
        return
    offered = {subnet.get("SubnetAvailabilityZone", {}).get("Name") for subnet in group.value.get("Subnets") or []}
    wanted = {item.get("availability_zone") for item in case.decision.configuration.get("instances") or []}
    if len(offered - {None}) < MINIMUM_ZONES:
        yield Problem(
            f"Subnet group {name} covers {len(offered - {None})} availability zone, but Aurora needs {MINIMUM_ZONES}:"
            f" add a subnet of another zone, or change {SUBNET_GROUP}.",
            SUBNET_GROUP,
        )
    for zone in sorted(str(zone) for zone in wanted - offered - {None}):
        yield Problem(
            f"Subnet group {name} has no subnet in {zone}, where an instance is wanted: change"
            f" {INSTANCES} or {SUBNET_GROUP}.",
            INSTANCES,
        )


def check_parameter_groups(case: Case) -> Iterable[Problem]:
    name, fact = case.decision.configuration.get("db_cluster_parameter_group_name"), case.around.cluster_parameter_group
    yield from _parameter_group("Cluster parameter group", name, fact, case, CLUSTER_PARAMETERS)
    for group, group_fact in case.around.parameter_groups.items():
        yield from _parameter_group("Instance parameter group", group, group_fact, case, INSTANCES)


def check_security_groups(case: Case) -> Iterable[Problem]:
    fact, subnets = case.around.security_groups, case.around.subnet_group.value or {}
    yield from _unread(fact, SECURITY_GROUPS)
    if not fact.known:
        return
    found = {str(group["GroupId"]): group.get("VpcId") for group in fact.value or []}
    for group_id in case.decision.configuration.get("vpc_security_group_ids") or []:
        if group_id not in found:
            yield _missing("Security group", group_id, case, SECURITY_GROUPS)
        elif subnets.get("VpcId") and found[group_id] != subnets["VpcId"]:
            yield Problem(
                f"Security group {group_id} is in {found[group_id]}, but subnet group"
                f" {subnets.get('DBSubnetGroupName')} is in {subnets['VpcId']}: set {SECURITY_GROUPS} to groups of"
                " that VPC.",
                SECURITY_GROUPS,
            )


def check_instance_classes(case: Case) -> Iterable[Problem]:
    configuration = case.decision.configuration
    version_offered = not case.around.versions.known or case.around.versions.value
    for name, fact in case.around.offers.items():
        yield from _unread(fact, INSTANCES)
        if fact.known and not fact.value and version_offered:
            yield Problem(
                f"Instance class {name} is not offered for {configuration.get('engine')}"
                f" {configuration.get('engine_version')} in {case.wishes.target_region}: choose another"
                f" in {INSTANCES}.",
                INSTANCES,
            )


def check_topic(case: Case) -> Iterable[Problem]:
    arn, fact = case.wishes.sns_topic_arn, case.world.topic
    if not arn:
        return
    if not arn.startswith("arn:") or arn_part(arn, 2) != "sns" or not arn_part(arn, 5):
        yield Problem(f"{TOPIC} {arn} is not the ARN of an SNS topic: correct it, or leave it out.", TOPIC)
    elif arn_part(arn, 3) not in case.world.regions:
        yield Problem(f"{TOPIC} {arn} names a region that does not exist: correct it.", TOPIC)
    yield from _unread(fact, TOPIC)
    if fact.known and fact.value is None:
        yield Problem(f"{TOPIC} {arn} does not exist: create the topic, or name one that exists.", TOPIC)


def check_ca(case: Case) -> Iterable[Problem]:
    path, fact = case.wishes.ca_file, case.world.ca
    if not path:
        if case.wishes.ca_required:
            yield Problem(f"{CA_CERT} is needed: the file of the certificates that sign the database's.", CA_CERT)
        return
    yield from _unread(fact, CA_CERT)
    if fact.value is not None and not has_certificates(fact.value):
        yield Problem(
            f"{CA_CERT} {path} is not a certificate in PEM form: download the bundle of the region from AWS.", CA_CERT
        )


def check_quotas(case: Case) -> Iterable[Problem]:
    """Whether there is room; only as far as AWS tells. A refusal to tell is no reason to stop."""
    if case.world.quotas.error:
        error = case.world.quotas.error
        yield Problem(f"Quotas were not checked: {error}", unknown=True, blocks=False, todo=error.hint)
    quotas = {str(item["AccountQuotaName"]): item for item in case.world.quotas.value or []}
    cluster, region = case.world.target.value, case.wishes.target_region
    members = len(case.decision.configuration.get("instances") or [])
    copies = decisions.needs_copy(case.wishes, case.decision, case.around) and not decisions.existing_copy(
        case.wishes, case.world, case.decision, case.around
    )
    final = _stand(case, "cluster_delete").how == standing.START and case.wishes.final_snapshot != "none"
    needs = {
        "ManualClusterSnapshots": (int(copies) + int(final), "manual cluster snapshots", FINAL_SNAPSHOT),
        "DBClusters": (0 if cluster else 1, "clusters", TARGET_CLUSTER),
        "DBInstances": (max(0, members - len(cluster.instances if cluster else ())), "instances", INSTANCES),
    }
    for name, (needed, what, variable) in needs.items():
        quota = quotas.get(name)
        if quota and needed and int(quota["Used"]) + needed > int(quota["Max"]):
            yield Problem(
                f"The account has {quota['Used']} of {quota['Max']} {what} in {region}, and the restore needs"
                f" {needed} more: delete some, or ask AWS for a higher quota.",
                variable,
            )


def check_state_table(case: Case) -> Iterable[Problem]:
    yield from _unread(case.world.state_table, STATE_TABLE)


CHECKS: dict[str, Check] = {
    "account": check_account,
    "regions": check_regions,
    "names": check_names,
    "target_is_not_source": check_target_is_not_source,
    "source": check_source,
    "snapshot": check_snapshot,
    "snapshot_of_source": check_snapshot_of_source,
    "engine": check_engine,
    "target": check_target,
    "configuration": check_configuration,
    "kms_key": check_key,
    "kms_grant": check_key_grant,
    "encryption": check_encryption,
    "names_free": check_names_free,
    "master_secret": check_master_secret,
    "app_secret": check_app_secret,
    "subnet_group": check_subnet_group,
    "parameter_groups": check_parameter_groups,
    "security_groups": check_security_groups,
    "isolation": check_isolation,
    "instance_classes": check_instance_classes,
    "topic": check_topic,
    "ca_cert": check_ca,
    "quotas": check_quotas,
    "state_table": check_state_table,
    "permissions": check_permissions,
    "database": check_database,
}


def run_checks(case: Case) -> list[dict[str, Any]]:
    """All checks: one entry for each that is fine, or that nobody can tell, one for each problem of the others."""
    results: list[dict[str, Any]] = []
    for name, check in CHECKS.items():
        problems = list(dict.fromkeys(check(case)))
        results.extend(_finding(name, problem) for problem in problems)
        if not problems:
            why = seen.unseen(case, name)
            results.append(_entry(name, "unknown", why) if why else _entry(name, "passed", seen.seen(case, name)))
    return results


def blocked(name: str, message: str, denied: bool = False, variable: str | None = None) -> dict[str, Any]:
    """A finding for which a run is refused."""
    entry = _entry(name, "unknown" if denied else "failed", message)
    return {**entry, "blocks": True, "variable": variable, "message": message}


def _finding(name: str, problem: Problem) -> dict[str, Any]:
    what, todo = problem.halves
    return {
        **_entry(name, "unknown" if problem.unknown else "failed", what),
        "todo": todo,
        "variable": problem.variable,
        "blocks": problem.blocks,
        "message": problem.sentence,
    }


def _entry(name: str, status: str, what: str) -> dict[str, Any]:
    return {
        "name": name,
        "status": status,
        "seen": what,
        "todo": None,
        "variable": None,
        "blocks": False,
        "message": None,
    }


def failures(results: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(result["message"]) for result in results if result["blocks"]))


def warnings(case: Case) -> list[str]:
    """What may go wrong and is no reason to stop."""
    secret = case.world.master_secret.value
    engine = str(case.decision.configuration.get("engine") or ENGINES[0])
    remarks = [
        f"{MASTER_SECRET}: RDS may refuse the password in secret {case.wishes.master_secret_id}: {remark}."
        for remark in (doubt_master_password(secret["password"], engine) if secret else [])
    ]
    remarks += [
        f"Whether {case.wishes.target_cluster_id} has {what}, which would be lost, could not be read: {fact.error}"
        for what, fact in (
            ("custom endpoints", case.world.custom_endpoints),
            ("autoscaling policies", case.world.scaling_policies),
        )
        if fact.error
    ]
    remarks += _encryption_warnings(case)
    if case.world.quotas.error:
        remarks.append(f"Quotas were not checked: {case.world.quotas.error}")
    return remarks


def source_identity(case: Case) -> dict[str, Any]:
    """Account, region, cluster_id and resource_id of the source, as far as they are known."""
    cluster, snapshot = case.world.source.value, case.decision.snapshot
    return {
        "account": case.wishes.account,
        "region": case.wishes.source_region,
        "cluster_id": case.wishes.source_cluster_id.lower(),
        "resource_id": (cluster.resource_id if cluster else None) or _resource_id(snapshot),
    }


def has_certificates(text: str) -> bool:
    """Whether a text holds at least one certificate in PEM form, and nothing that can't be parsed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return context.cert_store_stats()["x509"] > 0


def _resource_id(snapshot: Snapshot | None) -> str | None:
    return snapshot.cluster_resource_id if snapshot else None


def _snapshot_variable(wishes: Wishes) -> str:
    """The variable that narrows the choice of the snapshot most."""
    wish = wishes.snapshot
    if wish.snapshot_id:
        return PREFIX + "snapshot_id"
    if wish.max_age_hours is not None:
        return PREFIX + "snapshot_max_age_hours"
    if wish.prefix:
        return PREFIX + "snapshot_prefix"
    return PREFIX + "snapshot_type" if wish.snapshot_type != "any" else SOURCE_CLUSTER


def _unread(fact: Fact[Any], variable: str) -> Iterable[Problem]:
    """The problem that something could not be read: unknown where AWS did not say, else wrong."""
    if fact.error is not None:
        yield Problem(str(fact.error), variable, unknown=isinstance(fact.error, UNTOLD), todo=fact.error.hint)


def _needed(value: str | None, variable: str) -> Iterable[Problem]:
    if not value:
        yield Problem(f"{variable} is needed: the name or ARN of the secret.", variable)


def _stand(case: Case, step: str) -> standing.Stand:
    return standing.of_step(decisions.stands(case.wishes, case.world, case.decision, case.around), step)


def _missing(kind: str, name: str, case: Case, variable: str) -> Problem:
    return Problem(
        f"{kind} {name} does not exist in {case.wishes.target_region}: create it, or set {variable} to one that does.",
        variable,
    )


def _parameter_group(kind: str, name: str | None, fact: Fact[Boto], case: Case, variable: str) -> Iterable[Problem]:
    yield from _unread(fact, variable)
    if not name or not fact.known:
        return
    if fact.value is None:
        yield _missing(kind, name, case, variable)
        return
    families = {str(item.get("DBParameterGroupFamily")) for item in case.around.versions.value or []} - {"None"}
    family = str(fact.value.get("DBParameterGroupFamily"))
    if families and family not in families:
        yield Problem(
            f"{kind} {name} is of family {family}, but the snapshot's engine version needs"
            f" {' or '.join(sorted(families))}: set {variable} to a group of that family.",
            variable,
        )
